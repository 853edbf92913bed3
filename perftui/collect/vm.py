"""Reclaim, refaults, compaction and compressed swap, from ``/proc/vmstat`` and ``/sys/block/zram*``."""

from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.host_sections import VmSection
from perftui.model.sample import Sample
from perftui.model.table import Table

_COUNTERS = (
    b"pgfault",
    b"pgscan_kswapd",
    b"pgscan_direct",
    b"pgsteal_kswapd",
    b"pgsteal_direct",
    b"workingset_refault_anon",
    b"workingset_refault_file",
    b"compact_stall",
    b"compact_fail",
    b"compact_success",
    b"thp_fault_alloc",
    b"thp_fault_fallback",
    b"thp_collapse_alloc",
    b"thp_split_page",
    b"zswpin",
    b"zswpout",
    b"zswpwb",
    b"numa_hint_faults",
    b"numa_pages_migrated",
    b"nr_dirtied",
    b"nr_written",
)
"""In the section with ``_total`` behind."""

_ZRAM = ("stored_bytes", "compressed_bytes", "used_bytes", "limit_bytes")
"""The first columns of ``mm_stat``: orig_data_size, compr_data_size, mem_used_total, mem_limit."""


class VmCollector:
    name = "vm"
    section = "vm"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> VmSection:
        now = monotonic_ns()
        found = parse_vmstat(host.read("/proc/vmstat"))
        counters = {f"{name.decode()}_total": found[name] for name in _COUNTERS if name in found}
        if b"workingset_refault" in found:  # before Linux 5.9
            counters["workingset_refault_file_total"] = found[b"workingset_refault"]
        stalls = [count for name, count in found.items() if name.startswith(b"allocstall")]  # one per zone
        return VmSection(
            monotonic_ns=now,
            page_bytes=host.page_size,
            allocstall_total=sum(stalls) if stalls else None,
            dirty_limit_bytes=_bytes(found.get(b"nr_dirty_threshold"), host.page_size),
            dirty_background_bytes=_bytes(found.get(b"nr_dirty_background_threshold"), host.page_size),
            zram=_zram(host),
            **counters,
        )

    def close(self) -> None:
        """Nothing is kept open."""


def parse_vmstat(raw: bytes) -> dict[bytes, int]:
    """Every ``name number`` line."""
    words = raw.split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


def _bytes(pages: int | None, page_size: int) -> int | None:
    return None if pages is None else pages * page_size


def _zram(host: Host) -> Table:
    """Devices that have been given a size."""
    sizes = {name: int(host.text(f"/sys/block/{name}/disksize")) for name in _zram_names(host)}
    used = sorted(name for name, size in sizes.items() if size)
    stats = [[int(word) for word in host.text(f"/sys/block/{name}/mm_stat").split()] for name in used]
    columns = {column: [stat[at] for stat in stats] for at, column in enumerate(_ZRAM)}
    return Table.of(
        {"disk_bytes": [sizes[name] for name in used], **columns}, {"name": [visible(name, 64) for name in used]}
    )


def _zram_names(host: Host) -> list[str]:
    try:
        return [name for name in host.names("/sys/block") if name.startswith("zram")]
    except NoData:
        return []
