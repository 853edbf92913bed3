"""What every section of a sample has."""

import msgspec


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all sections: each has the time of its own reading.

    ``boottime_ns`` (CLOCK_BOOTTIME, the clock of ``start_ticks``) is 0 except in sections of processes and threads.
    """

    monotonic_ns: int
    boottime_ns: int = 0


def span(older: Section, newer: Section) -> float:
    """Seconds between two readings of one section; never zero."""
    return max(1e-6, (newer.monotonic_ns - older.monotonic_ns) / 1e9)
