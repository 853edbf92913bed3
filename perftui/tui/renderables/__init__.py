"""Pure drawing: data and a width in, strips out. No widget, no clock."""
