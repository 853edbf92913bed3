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


def process_clock(pid: int) -> int:
    """The clock of a process's CPU time, all its threads together, for ``time.clock_gettime_ns``.

    The number is the kernel's own (``CPUCLOCK_SCHED`` of ``linux/posix-timers_types.h``), which glibc's
    ``clock_getcpuclockid`` gives as well. Reading it takes no permission and costs a fifth of reading a stat file; it
    fails with EINVAL once the process is gone.
    """
    return ~pid << 3 | 2
