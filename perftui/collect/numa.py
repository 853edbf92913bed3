"""Memory nodes, from ``/sys/devices/system/node``."""

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.model.host_sections import NumaSection
from perftui.model.sample import Sample
from perftui.model.table import Table

_FOLDER = "/sys/devices/system/node"
_SIZES = (
    ("total_bytes", b"MemTotal:"),
    ("free_bytes", b"MemFree:"),
    ("file_bytes", b"FilePages:"),
    ("anon_bytes", b"AnonPages:"),
)
_COUNTERS = (
    ("hit_total", b"numa_hit"),
    ("miss_total", b"numa_miss"),
    ("foreign_total", b"numa_foreign"),
    ("local_total", b"local_node"),
    ("other_total", b"other_node"),
)


class NumaCollector(Collector):
    name = "numa"
    section = "numa"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> NumaSection:
        now = monotonic_ns()
        if not host.exists(_FOLDER):
            raise NoData("this kernel does not tell memory nodes apart", "it needs CONFIG_NUMA=y")
        nodes = sorted(int(name[4:]) for name in host.names(_FOLDER) if name.startswith("node") and name[4:].isdigit())
        sizes = [parse_meminfo(host.read(f"{_FOLDER}/node{node}/meminfo")) for node in nodes]
        counters = [parse_numastat(host.read(f"{_FOLDER}/node{node}/numastat")) for node in nodes]
        columns = {column: [size.get(name, -1) for size in sizes] for column, name in _SIZES}
        columns |= {column: [count.get(name, -1) for count in counters] for column, name in _COUNTERS}
        texts = {
            "cpus": [host.text(f"{_FOLDER}/node{node}/cpulist") for node in nodes],
            "distances": [host.text(f"{_FOLDER}/node{node}/distance") for node in nodes],
        }
        return NumaSection(monotonic_ns=now, nodes=Table.of({"node": nodes, **columns}, texts))


def parse_meminfo(raw: bytes) -> dict[bytes, int]:
    """``Node 0 MemTotal: 15032900 kB``: name with its colon → bytes. Counts of huge pages, without unit, stay out."""
    rows = (line.split() for line in raw.splitlines())
    return {row[2]: int(row[3]) * 1024 for row in rows if len(row) == 5}


def parse_numastat(raw: bytes) -> dict[bytes, int]:
    """``name pages`` lines."""
    words = raw.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))
