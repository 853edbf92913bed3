"""Speed, duplex and state of network interfaces, from ``/sys/class/net``.

Read slowly and apart from the interfaces' counters: asking a driver for its speed takes the kernel's one network lock.
"""

from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.host_sections import LinkSection
from perftui.model.sample import Sample
from perftui.model.table import Table

_FOLDER = "/sys/class/net"
_DUPLEX = {"full": 1, "half": 0}


class LinkCollector:
    name = "links"
    section = "links"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> LinkSection:
        now = monotonic_ns()
        names = [name for name in sorted(host.names(_FOLDER)) if host.exists(f"{_FOLDER}/{name}/mtu")]
        columns = {
            "speed_mbit": [_speed(host, name) for name in names],
            "full_duplex": [_DUPLEX.get(_read(host, name, "duplex"), -1) for name in names],
            "mtu_bytes": [_number(host, name, "mtu") for name in names],
            "carrier_changes_total": [_number(host, name, "carrier_changes") for name in names],
        }
        states = [visible(_read(host, name, "operstate") or "unknown", 16) for name in names]
        return LinkSection(
            monotonic_ns=now,
            links=Table.of(columns, {"name": [visible(name, 64) for name in names], "state": states}),
        )

    def close(self) -> None:
        """Nothing is kept open."""


def _speed(host: Host, name: str) -> int:
    """Megabits a second; -1 where the driver does not know (virtual interfaces say so, or 0, or all bits set)."""
    speed = _number(host, name, "speed")
    return speed if 0 < speed < 0xFFFFFFFF else -1


def _number(host: Host, name: str, file: str) -> int:
    text = _read(host, name, file)
    return int(text) if text else -1


def _read(host: Host, name: str, file: str) -> str:
    """Empty where it is missing, and where the interface is down (EINVAL)."""
    try:
        return host.text(f"{_FOLDER}/{name}/{file}")
    except (NoData, OSError):
        return ""
