"""What each CPU does for the network, from ``/proc/net/softnet_stat``."""

from perftui.collect.scope import Collector, Scope
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.model.host_sections import SoftnetSection
from perftui.model.sample import Sample
from perftui.model.table import Table

_FIELDS = (
    ("processed_total", 0),
    ("dropped_total", 1),
    ("squeezed_total", 2),
    ("steered_total", 9),
    ("flow_limit_total", 10),
    ("backlog", 11),
)
"""Column, position in the line (net/core/net-procfs.c, ``softnet_seq_show``)."""

_CPU = 12
"""Where the CPU's number is, since Linux 5.10; an older kernel leaves offline CPUs out without a word."""


class SoftnetCollector(Collector):
    name = "softnet"
    section = "softnet"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> SoftnetSection:
        now = monotonic_ns()
        rows = parse_softnet(host.read("/proc/net/softnet_stat"))
        columns = {column: [row[at] if at < len(row) else -1 for row in rows] for column, at in _FIELDS}
        cpus = [row[_CPU] if len(row) > _CPU else at for at, row in enumerate(rows)]
        return SoftnetSection(monotonic_ns=now, cpus=Table.of({"cpu": cpus, **columns}))


def parse_softnet(raw: bytes) -> list[list[int]]:
    """A row per CPU; the figures are hexadecimal."""
    return [[int(word, 16) for word in line.split()] for line in raw.splitlines()]
