"""The views of the flame pane: each draws and moves a cursor of its own."""
