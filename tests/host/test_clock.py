"""The clocks are the kernel's."""

import time

from perftui.host import clock


def test_each_reads_its_own_clock() -> None:
    for read, kernel in (
        (clock.monotonic_ns, time.CLOCK_MONOTONIC),
        (clock.boottime_ns, time.CLOCK_BOOTTIME),
        (clock.wall_ns, time.CLOCK_REALTIME),
    ):
        before = time.clock_gettime_ns(kernel)
        assert before <= read() <= time.clock_gettime_ns(kernel)
