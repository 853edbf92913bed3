"""Panes: thin widgets that keep a cursor and ask the renderables for their lines."""
