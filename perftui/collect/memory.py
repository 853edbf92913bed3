"""Memory of the host, from ``/proc/meminfo`` and ``/proc/vmstat``."""

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.stat import first_int, parse_fields
from perftui.model.sample import MemorySection, Sample

_MORE = (
    ("anon_bytes", b"AnonPages"),
    ("mapped_bytes", b"Mapped"),
    ("shared_bytes", b"Shmem"),
    ("slab_reclaimable_bytes", b"SReclaimable"),
    ("slab_unreclaimable_bytes", b"SUnreclaim"),
    ("kernel_stack_bytes", b"KernelStack"),
    ("page_table_bytes", b"PageTables"),
    ("unevictable_bytes", b"Unevictable"),
    ("committed_bytes", b"Committed_AS"),
    ("commit_limit_bytes", b"CommitLimit"),
    ("swap_cached_bytes", b"SwapCached"),
    ("zswap_bytes", b"Zswap"),
    ("zswapped_bytes", b"Zswapped"),
    ("anon_huge_bytes", b"AnonHugePages"),
    ("huge_page_bytes", b"Hugepagesize"),
)
"""Fields that some kernels lack, and their names in meminfo, in kB there."""


class MemoryCollector(Collector):
    name = "memory"
    section = "memory"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> MemorySection:
        now = monotonic_ns()
        fields = parse_fields(host.read("/proc/meminfo"))
        counters = parse_vmstat(host.read("/proc/vmstat"))

        def size(name: bytes) -> int:
            kilobytes = first_int(fields.get(name))
            if kilobytes < 0:
                raise NoData(
                    f"/proc/meminfo has no {name.decode()}", "this kernel is too old or the container hides it"
                )
            return kilobytes * 1024

        more = {field: first_int(fields[name]) * 1024 for field, name in _MORE if name in fields}
        huge = fields.get(b"HugePages_Total"), fields.get(b"HugePages_Free")
        return MemorySection(
            monotonic_ns=now,
            total_bytes=size(b"MemTotal"),
            available_bytes=size(b"MemAvailable"),
            free_bytes=size(b"MemFree"),
            buffers_bytes=size(b"Buffers"),
            cached_bytes=size(b"Cached"),
            dirty_bytes=size(b"Dirty"),
            writeback_bytes=size(b"Writeback"),
            swap_total_bytes=size(b"SwapTotal"),
            swap_free_bytes=size(b"SwapFree"),
            swap_in_pages_total=counters.get(b"pswpin", 0),  # absent only in a kernel that cannot swap
            swap_out_pages_total=counters.get(b"pswpout", 0),
            major_faults_total=counters[b"pgmajfault"],
            oom_kills_total=counters.get(b"oom_kill", 0),  # since Linux 4.13
            page_bytes=host.page_size,
            huge_pages=int(huge[0]) if huge[0] else None,
            huge_pages_free=int(huge[1]) if huge[1] else None,
            **more,
        )


_WANTED = (b"pswpin", b"pswpout", b"pgmajfault", b"oom_kill")


def parse_vmstat(raw: bytes) -> dict[bytes, int]:
    """The counters that are used; the file has 150 lines and more."""
    counters = {}
    for name in _WANTED:
        at = raw.find(b"\n" + name + b" ")
        if at >= 0:
            start = at + len(name) + 2
            counters[name] = int(raw[start : raw.find(b"\n", start)])
    return counters
