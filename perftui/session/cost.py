"""What perftui itself uses."""

import resource
from contextlib import suppress

from perftui.errors import NoData
from perftui.host import clock
from perftui.host.procfs import Host


class OwnMeter:
    """CPU between laps and resident memory now, of this process (its samplers apart)."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._cpu_seconds = _cpu_seconds()
        self._at_ns = clock.monotonic_ns()

    def lap_cpu_pct(self) -> float:
        """Percent of one core since the last lap."""
        cpu, now = _cpu_seconds(), clock.monotonic_ns()
        pct = 100 * (cpu - self._cpu_seconds) / max(1e-3, (now - self._at_ns) / 1e9)
        self._cpu_seconds, self._at_ns = cpu, now
        return pct

    def rss_bytes(self) -> int:
        """Resident memory; 0 where /proc/self cannot be read."""
        with suppress(NoData, IndexError, ValueError):
            return int(self._host.text("/proc/self/statm").split()[1]) * self._host.page_size
        return 0


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
