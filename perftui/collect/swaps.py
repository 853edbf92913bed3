"""Swap areas and compressed memory, from ``/proc/swaps`` and ``/sys/block/zram*``."""

from perftui.collect.scope import Collector, Scope
from perftui.host import sysfs
from perftui.host.clock import monotonic_ns
from perftui.host.mounts import plain
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.host_sections import SwapSection
from perftui.model.sample import Sample
from perftui.model.table import Table

_ZRAM = ("stored_bytes", "compressed_bytes", "used_bytes", "limit_bytes")
"""The first columns of ``mm_stat``: orig_data_size, compr_data_size, mem_used_total, mem_limit."""


class SwapCollector(Collector):
    name = "swaps"
    section = "swaps"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> SwapSection:
        now = monotonic_ns()
        return SwapSection(monotonic_ns=now, areas=_areas(host), zram=_zram(host))


def _areas(host: Host) -> Table:
    rows = [
        line.split() for line in host.read("/proc/swaps").decode("utf-8", "surrogateescape").split("\n")[1:] if line
    ]
    return Table.of(
        {
            "size_bytes": [int(row[2]) * 1024 for row in rows],
            "used_bytes": [int(row[3]) * 1024 for row in rows],
            "priority": [int(row[4]) for row in rows],
        },
        {"name": [visible(plain(row[0]), 256) for row in rows], "type": [visible(row[1], 16) for row in rows]},
    )


def _zram(host: Host) -> Table:
    """Devices that have been given a size."""
    names = (name for name in sysfs.entries(host, "/sys/block") if name.startswith("zram"))
    sizes = {name: int(host.text(f"/sys/block/{name}/disksize")) for name in names}
    used = [name for name, size in sizes.items() if size]
    stats = [[int(word) for word in host.text(f"/sys/block/{name}/mm_stat").split()] for name in used]
    columns = {column: [stat[at] for stat in stats] for at, column in enumerate(_ZRAM)}
    return Table.of(
        {"disk_bytes": [sizes[name] for name in used], **columns}, {"name": [visible(name, 64) for name in used]}
    )
