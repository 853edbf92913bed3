"""The vocabulary: frozen structs and arithmetic. No I/O, no clock."""
