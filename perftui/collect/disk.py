"""Whole block devices, from ``/proc/diskstats``."""

from perftui.collect.scope import Scope
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.sample import DiskSection, Sample
from perftui.model.table import Table

_SECTOR_BYTES = 512
"""The unit of diskstats, whatever the device's own sectors are."""

_FIELDS = (
    ("reads_total", 0, 1),
    ("read_bytes_total", 2, _SECTOR_BYTES),
    ("read_ms_total", 3, 1),
    ("writes_total", 4, 1),
    ("write_bytes_total", 6, _SECTOR_BYTES),
    ("write_ms_total", 7, 1),
    ("in_flight", 8, 1),
    ("io_ms_total", 9, 1),
    ("weighted_ms_total", 10, 1),
)
"""Column, position after the name, factor."""


class DiskCollector:
    name = "disk"
    section = "disks"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> DiskSection:
        now = monotonic_ns()
        devices = parse_diskstats(host.read("/proc/diskstats"))
        whole = {name.replace("!", "/").encode() for name in host.names("/sys/block")}  # cciss!c0d0 is cciss/c0d0
        kept = [(name, values) for name, values in devices if name in whole and (values[0] or values[4])]
        return DiskSection(
            monotonic_ns=now,
            devices=Table.of(
                {column: [values[at] * factor for _, values in kept] for column, at, factor in _FIELDS},
                {"name": [visible(name, 64) for name, _ in kept]},
            ),
        )

    def close(self) -> None:
        """Nothing is kept open."""


def parse_diskstats(raw: bytes) -> list[tuple[bytes, list[int]]]:
    """Each device's name and its first eleven counters."""
    devices = []
    for line in raw.splitlines():
        _major, _minor, name, *counters = line.split()
        devices.append((name, [int(counter) for counter in counters[:11]]))
    return devices
