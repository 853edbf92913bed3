"""Speed, duplex and state of network interfaces, from ``/sys/class/net``.

Read slowly and apart from the interfaces' counters: asking a driver for its speed takes the kernel's one network lock.
"""

from perftui.collect.scope import Collector, Scope
from perftui.host import sysfs
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.host_sections import LinkSection
from perftui.model.sample import Sample
from perftui.model.table import Table

_FOLDER = "/sys/class/net"
_DUPLEX = {"full": 1, "half": 0}


class LinkCollector(Collector):
    name = "links"
    section = "links"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> LinkSection:
        now = monotonic_ns()
        names = [name for name in sorted(host.names(_FOLDER)) if host.exists(f"{_FOLDER}/{name}/mtu")]
        columns = {
            "speed_mbit": [_speed(host, name) for name in names],
            "full_duplex": [_DUPLEX.get(sysfs.text(host, f"{_FOLDER}/{name}/duplex"), -1) for name in names],
            "mtu_bytes": [sysfs.cell(host, f"{_FOLDER}/{name}/mtu") for name in names],
            "carrier_changes_total": [sysfs.cell(host, f"{_FOLDER}/{name}/carrier_changes") for name in names],
        }
        states = [visible(sysfs.text(host, f"{_FOLDER}/{name}/operstate") or "unknown", 16) for name in names]
        return LinkSection(
            monotonic_ns=now,
            links=Table.of(columns, {"name": [visible(name, 64) for name in names], "state": states}),
        )


def _speed(host: Host, name: str) -> int:
    """Megabits a second; -1 where it is down or the driver does not know (virtual ones say so, or 0, or all bits)."""
    speed = sysfs.cell(host, f"{_FOLDER}/{name}/speed")
    return speed if 0 < speed < 0xFFFFFFFF else -1
