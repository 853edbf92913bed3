"""perftui: see what limits a process, try a change, prove it, keep it or put it back."""

__version__ = "0.1.0"
