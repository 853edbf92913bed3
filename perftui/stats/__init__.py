"""Arithmetic with no word of this field."""
