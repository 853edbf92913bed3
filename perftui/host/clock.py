"""The three clocks perftui reads. All give integer nanoseconds."""

import time


def monotonic_ns() -> int:
    """CLOCK_MONOTONIC: for rates and spans; stands still while the machine is suspended."""
    return time.monotonic_ns()


def boottime_ns() -> int:
    """CLOCK_BOOTTIME: for deadlines; goes on while the machine is suspended."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def wall_ns() -> int:
    """Unix time: for people, and to find a machine that was suspended."""
    return time.time_ns()
