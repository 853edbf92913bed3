"""What the target's memory consists of, from ``/proc/PID/smaps_rollup``."""

from perftui.collect.scope import Collector, Scope, living
from perftui.errors import NoData
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.procfs import Host
from perftui.host.stat import first_int, parse_fields
from perftui.model.process_sections import SmapsSection
from perftui.model.sample import Sample
from perftui.model.table import Table
from perftui.model.target import ProcessId

MAX_PROCESSES = 32
BUDGET_NS = 1_000_000_000
"""No further process is looked at once so much time has passed: the kernel walks all of a process's page tables."""

FIELDS: dict[str, tuple[bytes, ...]] = {
    "rss_bytes": (b"Rss",),
    "pss_bytes": (b"Pss",),
    "private_bytes": (b"Private_Clean", b"Private_Dirty"),
    "shared_bytes": (b"Shared_Clean", b"Shared_Dirty"),
    "anonymous_bytes": (b"Anonymous",),
    "swap_bytes": (b"Swap",),
    "pss_anonymous_bytes": (b"Pss_Anon",),
    "pss_file_bytes": (b"Pss_File",),
    "pss_shmem_bytes": (b"Pss_Shmem",),
    "huge_bytes": (b"AnonHugePages", b"ShmemPmdMapped", b"FilePmdMapped"),
    "hugetlb_bytes": (b"Shared_Hugetlb", b"Private_Hugetlb"),
    "locked_bytes": (b"Locked",),
    "lazy_free_bytes": (b"LazyFree",),
}
"""Which lines of the file add up to a column; a line that an older kernel lacks makes it -1."""


class SmapsCollector(Collector):
    """Each reading holds the process's mmap lock: mmap, munmap and (without per-VMA locks) page faults wait for it.

    Newer kernels let go of it in between when somebody waits. Measured: 0.1 ms for 10 MiB, 16 ms for 1 GiB of small
    pages.
    """

    name = "smaps"
    section = "smaps"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> SmapsSection:
        now, since_boot = monotonic_ns(), boottime_ns()
        processes, skipped = living(host, scope, MAX_PROCESSES)
        main = processes[0].pid
        rows: list[tuple[ProcessId, dict[str, int]]] = []
        for at, process in enumerate(processes):
            if monotonic_ns() - now > BUDGET_NS:
                skipped += len(processes) - at
                break
            try:
                rows.append((process, parse_rollup(host.read(f"/proc/{process.pid}/smaps_rollup"))))
            except NoData as error:
                if process.pid == main:
                    raise
                if isinstance(error.__cause__, PermissionError):
                    rows.append((process, dict.fromkeys(FIELDS, -1)))
        return SmapsSection(
            monotonic_ns=now,
            boottime_ns=since_boot,
            processes=Table.of(
                {
                    "pid": [process.pid for process, _ in rows],
                    "start_ticks": [process.start_ticks for process, _ in rows],
                    **{name: [row[name] for _, row in rows] for name in FIELDS},
                }
            ),
            skipped=skipped,
        )


def parse_rollup(raw: bytes) -> dict[str, int]:
    """The columns of ``SmapsSection`` in bytes, -1 for what the file does not say."""
    fields = parse_fields(raw)
    found = {}
    for column, names in FIELDS.items():
        parts = [first_int(fields.get(name)) for name in names]
        found[column] = sum(parts) * 1024 if min(parts) >= 0 else -1
    return found
