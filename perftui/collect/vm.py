"""Reclaim, refaults, compaction and huge pages, from ``/proc/vmstat``."""

from perftui.collect.scope import Collector, Scope
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.model.host_sections import VmSection
from perftui.model.sample import Sample

_COUNTERS = tuple(
    (f"{name}_total", name.encode())
    for name in (
        "pgfault",
        "pgscan_kswapd",
        "pgscan_direct",
        "pgsteal_kswapd",
        "pgsteal_direct",
        "workingset_refault_anon",
        "workingset_refault_file",
        "compact_stall",
        "compact_fail",
        "compact_success",
        "thp_fault_alloc",
        "thp_fault_fallback",
        "thp_collapse_alloc",
        "thp_split_page",
        "zswpin",
        "zswpout",
        "zswpwb",
        "numa_hint_faults",
        "numa_pages_migrated",
        "nr_dirtied",
        "nr_written",
    )
)
"""Field of the section, the kernel's name."""


class VmCollector(Collector):
    name = "vm"
    section = "vm"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> VmSection:
        now = monotonic_ns()
        found = parse_vmstat(host.read("/proc/vmstat"))
        counters = {field: int(found[name]) for field, name in _COUNTERS if name in found}
        if b"workingset_refault" in found:  # before Linux 5.9
            counters["workingset_refault_file_total"] = int(found[b"workingset_refault"])
        stalls = [int(count) for name, count in found.items() if name.startswith(b"allocstall")]  # one per zone
        return VmSection(
            monotonic_ns=now,
            page_bytes=host.page_size,
            allocstall_total=sum(stalls) if stalls else None,
            dirty_limit_bytes=_bytes(found.get(b"nr_dirty_threshold"), host.page_size),
            dirty_background_bytes=_bytes(found.get(b"nr_dirty_background_threshold"), host.page_size),
            **counters,
        )


def parse_vmstat(raw: bytes) -> dict[bytes, bytes]:
    """Every ``name number`` line."""
    words = raw.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _bytes(pages: bytes | None, page_size: int) -> int | None:
    return None if pages is None else int(pages) * page_size
