"""Screens: the main one, and the dialogs that lie over it."""
