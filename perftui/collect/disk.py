"""Block devices and their partitions, from ``/proc/diskstats``."""

from perftui.collect.scope import Collector, Scope
from perftui.host import sysfs
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
    ("discards_total", 11, 1),
    ("discard_bytes_total", 13, _SECTOR_BYTES),
    ("discard_ms_total", 14, 1),
    ("flushes_total", 15, 1),
    ("flush_ms_total", 16, 1),
)
"""Column, position after the name, factor."""


_IN_MEMORY_OR_FILES = ("loop", "ram", "zram")
"""No disks. What is made of other devices has those in ``slaves/``."""


class DiskCollector(Collector):
    name = "disk"
    section = "disks"

    def __init__(self) -> None:
        self._stacked: dict[bytes, int] = {}

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> DiskSection:
        now = monotonic_ns()
        devices = parse_diskstats(host.read("/proc/diskstats"))
        whole = {name.replace("!", "/").encode() for name in host.names("/sys/block")}  # cciss!c0d0 is cciss/c0d0
        used = [(name, values) for name, values in devices if values[0] or values[4]]
        rows = [row for row in used if row[0] in whole]
        known = self._stacked
        self._stacked = {name: known[name] if name in known else _is_stacked(host, name) for name, _ in rows}
        return DiskSection(
            monotonic_ns=now,
            devices=_table(rows, {"stacked": [self._stacked[name] for name, _ in rows]}),
            partitions=_table([row for row in used if row[0] not in whole]),
        )


_Row = tuple[bytes, list[int]]


def _is_stacked(host: Host, name: bytes) -> int:
    """1 for a device whose I/O other devices do, or none. Asked once: while it is taken apart it does no I/O."""
    text = name.decode("utf-8", "surrogateescape").replace("/", "!")
    if text.rstrip("0123456789") in _IN_MEMORY_OR_FILES:
        return 1
    return int(bool(sysfs.entries(host, f"/sys/block/{text}/slaves")))


def _table(rows: list[_Row], more: dict[str, list[int]] | None = None) -> Table:
    return Table.of(
        {column: [_scaled(values, at, factor) for _, values in rows] for column, at, factor in _FIELDS} | (more or {}),
        {"name": [visible(name, 64) for name, _ in rows]},
    )


def _scaled(values: list[int], at: int, factor: int) -> int:
    return values[at] * factor if at < len(values) else -1


def parse_diskstats(raw: bytes) -> list[_Row]:
    """Each device's name and its counters: 11, since Linux 4.18 with discards 15, since 5.5 with flushes 17."""
    devices = []
    for line in raw.splitlines():
        _major, _minor, name, *counters = line.split()
        devices.append((name, [int(counter) for counter in counters]))
    return devices
