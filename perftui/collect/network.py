"""Network interfaces, from ``/proc/net/dev``."""

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.netns import other_net
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.sample import NetworkSection, Sample
from perftui.model.table import Table

_FIELDS = (
    ("rx_bytes_total", 0),
    ("rx_packets_total", 1),
    ("rx_errors_total", 2),
    ("rx_dropped_total", 3),
    ("tx_bytes_total", 8),
    ("tx_packets_total", 9),
    ("tx_errors_total", 10),
    ("tx_dropped_total", 11),
)


class NetworkCollector(Collector):
    name = "network"
    section = "networks"

    def __init__(self) -> None:
        self._physical: dict[bytes, int] = {}

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> NetworkSection:
        now = monotonic_ns()
        interfaces = parse_net_dev(host.read("/proc/net/dev"))
        known = self._physical
        self._physical = {name: known[name] if name in known else _is_physical(host, name) for name, _ in interfaces}
        return NetworkSection(
            monotonic_ns=now,
            interfaces=_table(interfaces, {"physical": [self._physical[name] for name, _ in interfaces]}),
            target_interfaces=_of_target(host, scope),
        )


def _of_target(host: Host, scope: Scope) -> Table | None:
    """None in our own namespace, and where it cannot be seen (the collector of protocols says why)."""
    if scope.target is None:
        return None
    try:
        folder = other_net(host, scope.target.process.pid)
        return _table(parse_net_dev(host.read(f"{folder}/dev")), {}) if folder else None
    except NoData:
        return None


def _is_physical(host: Host, name: bytes) -> int:
    """1 for a network card, also a virtual machine's; 0 for what the kernel makes up: bridges, bonds, VLANs, veth."""
    return int(host.exists(f"/sys/class/net/{name.decode('utf-8', 'surrogateescape')}/device"))


def _table(interfaces: list[tuple[bytes, list[int]]], more: dict[str, list[int]]) -> Table:
    return Table.of(
        {column: [values[at] for _, values in interfaces] for column, at in _FIELDS} | more,
        {"name": [visible(name, 64) for name, _ in interfaces]},
    )


def parse_net_dev(raw: bytes) -> list[tuple[bytes, list[int]]]:
    """Each interface's name and its sixteen counters. A name may hold a colon (``eth0:1``)."""
    interfaces = []
    for line in raw.splitlines()[2:]:
        name, _, counters = line.rpartition(b":")
        interfaces.append((name.strip(), [int(counter) for counter in counters.split()]))
    return interfaces
