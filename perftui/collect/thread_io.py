"""Input and output of each of the target's threads, from ``/proc/PID/task/TID/io``."""

from perftui.collect.scope import Collector, Scope, living
from perftui.errors import NoData
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.procfs import Host
from perftui.model.process_sections import ThreadIoSection
from perftui.model.sample import Sample
from perftui.model.table import Table

MAX_PROCESSES = 64
MAX_THREADS = 512
FIELDS = (
    "read_chars_total",
    "write_chars_total",
    "read_syscalls_total",
    "write_syscalls_total",
    "read_bytes_total",
    "write_bytes_total",
)
"""In the order of the file: rchar, wchar, syscr, syscw, read_bytes, write_bytes; cancelled_write_bytes follows."""

_SIZE = 512
_HIDDEN = (-1,) * len(FIELDS)


class ThreadIoCollector(Collector):
    """Costs about 5 µs a thread; at most 512 of them are read."""

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
                rows.append((pid, tid, *parse_io(host.read_start(f"/proc/{pid}/task/{tid}/io", _SIZE))))
            except NoData as error:
                if isinstance(error.__cause__, PermissionError):
                    rows.append((pid, tid, *_HIDDEN))  # else it has ended
        if not rows:
            raise NoData(f"process {processes[0].pid} has ended")
        return ThreadIoSection(
            monotonic_ns=now,
            boottime_ns=since_boot,
            threads=Table.of(dict(zip(("pid", "tid", *FIELDS), zip(*rows, strict=True), strict=True))),
            skipped=max(0, len(listed) - MAX_THREADS),
        )


def parse_io(raw: bytes) -> tuple[int, ...]:
    """The six numbers of ``FIELDS``. ValueError for what is no io file."""
    numbers = tuple(int(word) for word in raw.split()[1 : 2 * len(FIELDS) : 2])
    if len(numbers) != len(FIELDS):
        raise ValueError(f"not a whole io file: {raw[:80]!r}")
    return numbers
