"""Says what limits a target, and why. Pure: samples in, findings out; no I/O, no clock."""
