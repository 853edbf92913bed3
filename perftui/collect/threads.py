"""The target tree's threads, from ``task/TID/{stat,schedstat,status,wchan}``."""

from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.kept import KeptFile
from perftui.host.procfs import Host
from perftui.host.stat import int_field, split_stat
from perftui.host.text import visible
from perftui.model.sample import Sample, ThreadSection
from perftui.model.table import Table

MAX_THREADS = 4096
MANY_THREADS = 200
_NAME_LIMIT = 64
_SLEEPING = frozenset(b"SI")
_COLUMNS = (
    "pid",
    "tid",
    "start_ticks",
    "state",
    "user_ticks",
    "system_ticks",
    "run_ns_total",
    "delay_ns_total",
    "slices_total",
    "voluntary_total",
    "involuntary_total",
    "processor",
    "nice",
)


class ThreadCollector:
    """Keeps ``stat`` and ``schedstat`` of each thread open.

    A thread whose schedstat did not change has not run: its switches and its wait channel are those of the last
    look. With more than 200 threads the rest of such a row is kept too, and neither of the two is read: measured
    with 1,000 threads that all ran since the last look 16 ms of CPU, 6 ms when all of them slept.
    """

    name = "threads"
    section = "threads"

    def __init__(self) -> None:
        self._threads: dict[tuple[int, str], _Thread] = {}

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> ThreadSection:
        now, since_boot = monotonic_ns(), boottime_ns()
        listed, skipped = thread_ids(host, scope.pids)
        if not listed:
            raise NoData("the target has no threads any more")
        many = len(listed) > MANY_THREADS
        kept: dict[tuple[int, str], _Thread] = {}
        for pid, tid in listed:
            key = (pid, tid)
            thread = self._threads.pop(key, None) or _Thread(host, pid, tid)
            if thread.refresh(many):
                kept[key] = thread
            else:
                thread.close()
        for ended in self._threads.values():
            ended.close()
        self._threads = kept
        threads = list(kept.values())
        columns = zip(*(thread.row for thread in threads), strict=True)
        return ThreadSection(
            monotonic_ns=now,
            boottime_ns=since_boot,
            threads=Table.of(
                dict(zip(_COLUMNS, columns, strict=True)),
                {"name": [thread.name for thread in threads], "wchan": [thread.wchan for thread in threads]},
            ),
            ticks_per_second=host.ticks_per_second,
            skipped=skipped,
        )

    def close(self) -> None:
        for thread in self._threads.values():
            thread.close()
        self._threads = {}


def thread_ids(host: Host, pids: tuple[int, ...]) -> tuple[list[tuple[int, str]], int]:
    """(pid, tid as the directory is named) of at most 4,096 threads, and how many there are beyond."""
    found: list[tuple[int, str]] = []
    for pid in pids:
        try:
            found.extend((pid, tid) for tid in host.names(f"/proc/{pid}/task"))
        except NoData:
            continue  # this process has ended
    return found[:MAX_THREADS], max(0, len(found) - MAX_THREADS)


class _Thread:
    """One thread's kept files and its last row."""

    __slots__ = ("_comm", "_host", "_ids", "_path", "_sched", "_stat", "_switches", "name", "row", "wchan")

    def __init__(self, host: Host, pid: int, tid: str) -> None:
        self._host = host
        self._ids = (pid, int(tid))
        self._path = f"/proc/{pid}/task/{tid}/"
        self._stat = KeptFile(host, self._path + "stat")
        self._sched = KeptFile(host, self._path + "schedstat")
        self._comm = b""
        self._switches = (-1, -1)
        self.name = self.wchan = ""
        self.row: tuple[int, ...] = ()

    def refresh(self, many: bool) -> bool:
        """Read it again; False when it has ended."""
        try:
            ran = self._sched.changed()
            if many and not ran and self.row and self.row[3] in _SLEEPING:
                return True
            changed = self._stat.changed()
            if many:
                self.wchan, self._switches = "", (-1, -1)
            elif ran or not self.wchan:  # a thread that has just gone to sleep has no channel for a moment
                self.wchan, self._switches = self._wait_channel(), self._count_switches()
            if ran or changed:
                self._parse()
        except NoData:
            return False
        return True

    def close(self) -> None:
        self._stat.close()
        self._sched.close()

    def _parse(self) -> None:
        comm, fields = split_stat(self._stat.content)
        if comm != self._comm:
            self._comm = comm
            self.name = visible(comm, _NAME_LIMIT)
        run, delay, slices = (int(word) for word in self._sched.content.split())
        self.row = (
            *self._ids,
            int(fields[19]),
            fields[0][0],
            int(fields[11]),
            int(fields[12]),
            run,
            delay,
            slices,
            *self._switches,
            int(fields[36]),
            int(fields[16]),
        )

    def _wait_channel(self) -> str:
        try:
            return wait_channel(self._host.read(self._path + "wchan"))
        except NoData:
            return ""

    def _count_switches(self) -> tuple[int, int]:
        status = self._host.read(self._path + "status")
        return int_field(status, b"voluntary_ctxt_switches"), int_field(status, b"nonvoluntary_ctxt_switches")


def wait_channel(raw: bytes) -> str:
    """The kernel function a thread waits in; empty for ``0``, which is a running thread or one that may not be seen."""
    return "" if raw == b"0" else visible(raw, _NAME_LIMIT)
