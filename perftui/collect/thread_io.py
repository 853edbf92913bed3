"""Input and output of each of the target's threads, from ``/proc/PID/task/TID/io``."""

from perftui.collect.scope import Scope, living
from perftui.errors import NoData
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.procfs import Host
from perftui.host.stat import first_int, parse_fields
from perftui.model.process_sections import ThreadIoSection
from perftui.model.sample import Sample
from perftui.model.table import Table

MAX_PROCESSES = 64
MAX_THREADS = 512
FIELDS = {
    "read_chars_total": b"rchar",
    "write_chars_total": b"wchar",
    "read_syscalls_total": b"syscr",
    "write_syscalls_total": b"syscw",
    "read_bytes_total": b"read_bytes",
    "write_bytes_total": b"write_bytes",
}


class ThreadIoCollector:
    """Costs about 8 µs a thread; at most 512 of them are read."""

    name = "thread-io"
    section = "thread_io"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> ThreadIoSection:
        now, since_boot = monotonic_ns(), boottime_ns()
        processes, _ = living(host, scope, MAX_PROCESSES)
        host.read(f"/proc/{processes[0].pid}/io")  # one right for all: NoData says which
        listed: list[tuple[int, int]] = []
        for process in processes:
            try:
                listed += [(process.pid, int(name)) for name in host.names(f"/proc/{process.pid}/task")]
            except NoData:
                continue  # it has ended
        rows = []
        for pid, tid in listed[:MAX_THREADS]:
            try:
                fields = parse_fields(host.read(f"/proc/{pid}/task/{tid}/io"))
            except NoData as error:
                if not isinstance(error.__cause__, PermissionError):
                    continue  # it has ended
                fields = {}
            rows.append((pid, tid, *(first_int(fields.get(name)) for name in FIELDS.values())))
        if not rows:
            raise NoData(f"process {processes[0].pid} has ended")
        return ThreadIoSection(
            monotonic_ns=now,
            boottime_ns=since_boot,
            threads=Table.of(dict(zip(("pid", "tid", *FIELDS), zip(*rows, strict=True), strict=True))),
            skipped=max(0, len(listed) - MAX_THREADS),
        )

    def close(self) -> None:
        """Nothing is kept open."""
