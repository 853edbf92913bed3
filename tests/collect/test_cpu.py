"""CPU counters against psutil."""

import psutil
import pytest

from perftui.collect.cpu import CpuCollector, parse_stat
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET


def test_it_agrees_with_psutil() -> None:
    host = Host()
    before = psutil.cpu_times(percpu=True)
    section = CpuCollector().collect(host, NO_TARGET, None)
    after = psutil.cpu_times(percpu=True)
    assert list(section.ticks.ints("cpu")) == [-1, *range(len(before))]
    for name in ("user", "system", "idle"):
        for cpu, ticks in enumerate(list(section.ticks.ints(name))[1:]):
            low, high = getattr(before[cpu], name), getattr(after[cpu], name)
            assert low - 0.011 <= ticks / host.ticks_per_second <= high + 0.011
    assert section.load1 == pytest.approx(psutil.getloadavg()[0], abs=1.0)
    assert section.running >= 1
    assert section.forks_total > 0
    assert section.context_switches_total > 0
    stats = psutil.cpu_stats()
    assert section.interrupts_total == pytest.approx(stats.interrupts, rel=0.01)
    assert section.softirqs_total == pytest.approx(stats.soft_interrupts, rel=0.01)


def test_missing_columns_and_cpus() -> None:
    """CPU 1 is offline; an old kernel has no steal."""
    rows, counters = parse_stat(b"cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7\ncpu2 0 0 0 0 0 0 0\nintr 5 0 0\nctxt 9\n")
    assert [row[0] for row in rows] == [-1, 0, 2]
    assert rows[0] == (-1, 1, 2, 3, 4, 5, 6, 7, 0)
    assert counters == {b"intr": 5, b"ctxt": 9}
