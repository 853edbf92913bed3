"""What perftui itself uses."""

import resource
from collections import deque
from contextlib import suppress

from perftui.errors import NoData
from perftui.host import clock
from perftui.host.kept import KeptFile
from perftui.host.procfs import Host

SMOOTHED_LAPS = 10
"""The figure is a mean over so many ticks: one tick alone says more about its timing than about the cost."""


class OwnMeter:
    """CPU over the last laps and resident memory now, of this process (its samplers apart)."""

    def __init__(self, host: Host) -> None:
        self._page_size = host.page_size
        self._memory = KeptFile(host, "/proc/self/statm")
        self._laps = deque([(clock.monotonic_ns(), _cpu_seconds())], maxlen=SMOOTHED_LAPS + 1)

    def lap_cpu_pct(self) -> float:
        """Percent of one core, over the last laps up to now."""
        self._laps.append((clock.monotonic_ns(), _cpu_seconds()))
        (was_ns, was_cpu), (now_ns, now_cpu) = self._laps[0], self._laps[-1]
        return 100 * (now_cpu - was_cpu) / max(1e-3, (now_ns - was_ns) / 1e9)

    def rss_bytes(self) -> int:
        """Resident memory; 0 where /proc/self cannot be read."""
        with suppress(NoData, IndexError, ValueError):
            return int(self._memory.read().split()[1]) * self._page_size
        return 0


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
