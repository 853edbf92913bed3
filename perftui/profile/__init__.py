"""Stacks of a running program: sampling, reading, and who of them was on a CPU."""
