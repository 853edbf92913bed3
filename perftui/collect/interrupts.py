"""Interrupts by line and by CPU, from ``/proc/interrupts`` and ``/proc/softirqs``."""

from typing import NamedTuple

from perftui.collect.scope import Collector, Scope
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.host_sections import InterruptSection
from perftui.model.sample import Sample
from perftui.model.table import Table

MAX_LINES = 24
"""A big machine has hundreds of rows and nearly all stand still."""


_COUNTED_TWICE = b"TLB"
"""Shootdowns of x86: they come as function calls, whose row counts them too."""

_MACHINE_WIDE = (b"ERR", b"MIS", b"Err")
"""Rows with one figure, which is no CPU's; with a single CPU they look like the others."""


class Line(NamedTuple):
    """One row of ``/proc/interrupts``. The few rows that count the whole machine have a single figure."""

    name: bytes
    device: bytes
    counts: list[int]

    @property
    def total(self) -> int:
        return sum(self.counts)


class InterruptCollector(Collector):
    """Keeps what it has read last: the busiest lines are those that grew most since."""

    name = "interrupts"
    section = "interrupts"

    def __init__(self) -> None:
        self._before: dict[bytes, int] = {}

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> InterruptSection:
        now = monotonic_ns()
        cpus, lines = parse_interrupts(host.read("/proc/interrupts"))
        softirqs = parse_softirqs(host.read("/proc/softirqs"))
        return InterruptSection(
            monotonic_ns=now,
            lines=_lines_table(self._busiest(lines), cpus),
            cpus=_cpus_table(cpus, lines, softirqs),
        )

    def _busiest(self, lines: list[Line]) -> list[Line]:
        """Half of the places for those that grew most since the last reading, the rest for the highest counts."""
        totals = {line.name: line.total for line in lines}
        grown = {name: total - self._before.get(name, 0) for name, total in totals.items()}
        kept = sorted(grown, key=lambda name: grown[name], reverse=True)[: MAX_LINES // 2]
        kept += [name for name in sorted(totals, key=lambda name: totals[name], reverse=True) if name not in kept]
        chosen = {name for name in kept[:MAX_LINES] if totals[name]}
        self._before = totals
        return [line for line in lines if line.name in chosen]


def _lines_table(lines: list[Line], cpus: list[int]) -> Table:
    busiest = [max(range(len(line.counts)), key=line.counts.__getitem__) for line in lines]
    return Table.of(
        {
            "count_total": [line.total for line in lines],
            "busiest_cpu": [
                -1 if line.name in _MACHINE_WIDE else cpus[at] for at, line in zip(busiest, lines, strict=True)
            ],
            "busiest_total": [line.counts[at] for at, line in zip(busiest, lines, strict=True)],
        },
        {
            "name": [visible(line.name, 16) for line in lines],
            "device": [visible(line.device, 64) for line in lines],
        },
    )


def _cpus_table(cpus: list[int], lines: list[Line], softirqs: dict[int, dict[str, int]]) -> Table:
    per_cpu = [line.counts for line in lines if line.name != _COUNTED_TWICE and line.name not in _MACHINE_WIDE]
    kinds = list(next(iter(softirqs.values()), {}))
    return Table.of(
        {
            "cpu": cpus,
            "interrupts_total": [sum(column) for column in zip(*per_cpu, strict=True)] or [0] * len(cpus),
            **{f"{kind}_total": [softirqs.get(cpu, {}).get(kind, -1) for cpu in cpus] for kind in kinds},
        }
    )


def parse_interrupts(raw: bytes) -> tuple[list[int], list[Line]]:
    """The CPUs of the head line, and the rows. What follows the counts is controller, pin and device."""
    head, *rows = raw.splitlines()
    cpus = [int(word[3:]) for word in head.split()]
    lines = []
    for row in rows:
        name, _, rest = row.partition(b":")
        words = rest.split()
        name = name.strip()
        width = 1 if name in _MACHINE_WIDE else len(cpus)
        lines.append(Line(name, b" ".join(words[width:]), [int(word) for word in words[:width]]))
    return cpus, lines


def parse_softirqs(raw: bytes) -> dict[int, dict[str, int]]:
    """CPU → kind → count. The file has a column for every possible CPU."""
    head, *rows = raw.splitlines()
    found: dict[int, dict[str, int]] = {int(word[3:]): {} for word in head.split()}
    for row in rows:
        kind, *counts = row.split()
        name = kind.rstrip(b":").decode("ascii").lower()
        for cpu, count in zip(found, counts, strict=True):
            found[cpu][name] = int(count)
    return found
