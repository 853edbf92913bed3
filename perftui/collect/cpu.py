"""CPU time of the host, from ``/proc/stat`` and ``/proc/loadavg``."""

from perftui.collect.scope import Collector, Scope
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.model.sample import CpuSection, Sample
from perftui.model.table import Table

_TICKS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


class CpuCollector(Collector):
    name = "cpu"
    section = "cpu"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> CpuSection:
        now = monotonic_ns()
        rows, counters = parse_stat(host.read("/proc/stat"))
        load1, load5, load15 = (float(word) for word in host.text("/proc/loadavg").split()[:3])
        return CpuSection(
            monotonic_ns=now,
            ticks=Table.of({name: [row[at] for row in rows] for at, name in enumerate(("cpu", *_TICKS))}),
            ticks_per_second=host.ticks_per_second,
            context_switches_total=counters[b"ctxt"],
            forks_total=counters[b"processes"],
            running=counters[b"procs_running"],
            blocked=counters[b"procs_blocked"],
            load1=load1,
            load5=load5,
            load15=load15,
            interrupts_total=counters.get(b"intr"),
            softirqs_total=counters.get(b"softirq"),
        )


def parse_stat(raw: bytes) -> tuple[list[tuple[int, ...]], dict[bytes, int]]:
    """``/proc/stat`` as a row per CPU (its number first, -1 for all of them together) and the single counters."""
    rows = []
    counters = {}
    for line in raw.splitlines():
        name, *values = line.split(None, 9)
        if name.startswith(b"cpu"):
            ticks = [int(value) for value in values[: len(_TICKS)]]
            ticks += [0] * (len(_TICKS) - len(ticks))  # kernels before 2.6.11 had no steal
            rows.append((int(name[3:] or -1), *ticks))
        elif values:  # of interrupts the sum comes first
            counters[name] = int(values[0])
    return rows, counters
