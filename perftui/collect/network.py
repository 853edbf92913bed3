"""Network interfaces, from ``/proc/net/dev``."""

from perftui.collect.scope import Scope
from perftui.host.clock import monotonic_ns
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


class NetworkCollector:
    name = "network"
    section = "networks"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> NetworkSection:
        now = monotonic_ns()
        interfaces = parse_net_dev(host.read("/proc/net/dev"))
        return NetworkSection(
            monotonic_ns=now,
            interfaces=Table.of(
                {column: [values[at] for _, values in interfaces] for column, at in _FIELDS},
                {"name": [visible(name, 64) for name, _ in interfaces]},
            ),
        )

    def close(self) -> None:
        """Nothing is kept open."""


def parse_net_dev(raw: bytes) -> list[tuple[bytes, list[int]]]:
    """Each interface's name and its sixteen counters. A name may hold a colon (``eth0:1``)."""
    interfaces = []
    for line in raw.splitlines()[2:]:
        name, _, counters = line.rpartition(b":")
        interfaces.append((name.strip(), [int(counter) for counter in counters.split()]))
    return interfaces
