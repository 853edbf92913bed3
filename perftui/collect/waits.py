"""What the target's threads wait for, looked at many times a second."""

import platform
from typing import NamedTuple

from perftui.collect.scope import Scope
from perftui.collect.threads import MANY_THREADS, thread_ids, wait_channel
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.kept import KeptFile
from perftui.host.procfs import Host
from perftui.host.regions import Regions
from perftui.host.rights import may_trace
from perftui.host.stat import split_stat
from perftui.model.sample import Sample, WaitSection
from perftui.model.syscalls import EVENT_WAITS, SLEEPS, is_timed, name
from perftui.model.table import Table

POLLS_PER_SECOND = 20.0
AWAY_LONG_NS = 100_000_000
MAX_ROWS = 2048
_LOOK_COLUMNS = ("pid", "tid", "state", "syscall", "futex_op", "timed", "address", "region")
_SPAN_COLUMNS = ("pid", "tid", "looks_total", "waiting_total", "away_long_total", "waits_total")
_RUNNING, _NOT_READABLE = -1, -2


class Look(NamedTuple):
    """One distinct observation; fields as in ``WaitSection.looks``."""

    pid: int
    tid: int
    state: int
    syscall: int
    futex_op: int = 0
    timed: int = 0
    address: int = 0
    region: int = 0
    wchan: str = ""


class Decoded(NamedTuple):
    """What a ``syscall`` line says by itself. ``sleeps``: state and wait channel follow from the call."""

    syscall: int
    futex_op: int
    timed: int
    address: int
    waits_for_events: bool
    sleeps: bool


class WaitCollector:
    """``poll`` takes one look at every thread, ``collect`` hands out the counts and finds new threads.

    A look costs one read of a kept file while a thread stays in the same wait: about 4 µs, and 15 µs when it moved.
    Above 200 threads looks become rarer, so that a second has at most 4,000.
    """

    name = "waits"
    section = "waits"

    def __init__(self) -> None:
        self._machine = platform.machine()
        self._threads: dict[tuple[int, str], _Thread] = {}
        self._regions: dict[int, Regions] = {}
        self._counts: dict[Look, int] = {}
        self._polls = 0
        self._since = (0, 0)
        self.polls_per_second = POLLS_PER_SECOND

    def poll(self) -> None:
        """One look at each thread that was there at the last ``collect``."""
        self._polls += 1
        now = monotonic_ns()
        counts = self._counts
        for key, thread in list(self._threads.items()):
            try:
                look = thread.look(now)
            except NoData:
                self._forget(key)
                continue
            if look not in counts and look.address and len(counts) >= MAX_ROWS:
                look = look._replace(address=0)
            counts[look] = counts.get(look, 0) + 1

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> WaitSection:
        if scope.target is None:
            raise NoData("no process is watched", "give a PID")
        if not self._threads:
            may_trace(host, scope.target.process.pid)
        now = monotonic_ns()
        self._find_threads(host, scope.pids)
        threads = self._threads.values()
        looks = list(self._counts)
        ints = list(zip(*(look[:-1] for look in looks), strict=True)) or [()] * len(_LOOK_COLUMNS)
        spans = list(zip(*(thread.span for thread in threads), strict=True)) or [()] * len(_SPAN_COLUMNS)
        return WaitSection(
            monotonic_ns=now,
            looks=Table.of(
                {**dict(zip(_LOOK_COLUMNS, ints, strict=True)), "count": list(self._counts.values())},
                {"wchan": [look.wchan for look in looks]},
            ),
            spans=Table.of(dict(zip(_SPAN_COLUMNS, spans, strict=True))),
            polls_total=self._polls,
            polls_per_second=self._achieved_rate(now),
            machine=self._machine,
        )

    def close(self) -> None:
        for key in list(self._threads):
            self._forget(key)

    def _find_threads(self, host: Host, pids: tuple[int, ...]) -> None:
        listed = set(thread_ids(host, pids)[0])
        for key in self._threads.keys() - listed:
            self._forget(key)
        self._regions = {pid: self._regions.get(pid) or Regions(host, pid) for pid in pids}
        for pid, tid in listed - self._threads.keys():
            self._threads[pid, tid] = _Thread(host, pid, tid, self._regions[pid], self._machine)
        self.polls_per_second = POLLS_PER_SECOND * min(1.0, MANY_THREADS / max(1, len(listed)))

    def _forget(self, key: tuple[int, str]) -> None:
        """Counts of an ended thread go with it, so that its number can be used again."""
        self._threads.pop(key).close()
        tid = int(key[1])
        for look in [look for look in self._counts if look.tid == tid]:
            del self._counts[look]

    def _achieved_rate(self, now: int) -> float:
        then, polls = self._since
        self._since = (now, self._polls)
        return (self._polls - polls) * 1e9 / (now - then) if then else self.polls_per_second


class _Thread:
    """One thread's kept files, its last look, and the spans it spent in and out of event waits."""

    __slots__ = (
        "_away_ns",
        "_away_pending",
        "_ids",
        "_last",
        "_machine",
        "_regions",
        "_settled",
        "_stat",
        "_syscall",
        "_waiting",
        "_wchan",
        "span",
    )

    def __init__(self, host: Host, pid: int, tid: str, regions: Regions, machine: str) -> None:
        path = f"/proc/{pid}/task/{tid}/"
        self._ids = (pid, int(tid))
        self._syscall = KeptFile(host, path + "syscall")
        self._wchan = KeptFile(host, path + "wchan")
        self._stat = KeptFile(host, path + "stat")
        self._regions = regions
        self._machine = machine
        self._last = Look(pid, int(tid), 0, _NOT_READABLE)
        self._settled = False
        self._waiting = False
        self._away_ns = 0
        self._away_pending = 0
        self.span = (pid, int(tid), 0, 0, 0, 0)

    def look(self, now: int) -> Look:
        """What it is doing. NoData when it has ended."""
        if self._syscall_changed() or not self._settled:
            self._observe()
        self._count_span(now)
        return self._last

    def close(self) -> None:
        for kept in (self._syscall, self._wchan, self._stat):
            kept.close()

    def _syscall_changed(self) -> bool:
        try:
            return self._syscall.changed()
        except NoData as error:
            if not isinstance(error.__cause__, PermissionError):
                raise
            return False  # never settled, so state and wait channel are still looked at

    def _observe(self) -> None:
        raw = self._syscall.content
        was_waiting = self._waiting
        if raw.startswith(b"running"):
            self._last = Look(*self._ids, ord("R"), _RUNNING)
            self._settled, self._waiting = True, False
        else:
            call = decode(raw, self._machine)
            state = ord("S") if call.sleeps else split_stat(self._stat.read())[1][0][0]
            self._last = Look(
                *self._ids,
                state,
                call.syscall,
                call.futex_op,
                call.timed,
                call.address,
                self._regions.region(call.address) if call.address else 0,
                self._wait_channel(),
            )
            self._settled, self._waiting = call.sleeps, call.waits_for_events
        if was_waiting and not self._waiting:
            pid, tid, looks, waiting, away, waits = self.span
            self.span = (pid, tid, looks, waiting, away, waits + 1)

    def _wait_channel(self) -> str:
        try:
            return wait_channel(self._wchan.read())
        except NoData:
            return ""

    def _count_span(self, now: int) -> None:
        """A run outside event waits counts as long from its first look on, once it has lasted 100 ms."""
        pid, tid, looks, waiting, away, waits = self.span
        if self._waiting:
            self._away_ns = self._away_pending = 0
            waiting += 1
        else:
            self._away_ns = self._away_ns or now
            self._away_pending += 1
            if now - self._away_ns >= AWAY_LONG_NS:
                away += self._away_pending
                self._away_pending = 0
        self.span = (pid, tid, looks + 1, waiting, away, waits)


def decode(raw: bytes, machine: str) -> Decoded:
    """``202 0x7f… 0x189 … sp pc``, or ``-1 sp pc`` for one blocked outside a call; empty where it is not readable."""
    words = raw.split()
    number = int(words[0]) if words else _NOT_READABLE
    if number < 0:
        return Decoded(number, 0, 0, 0, False, False)
    call = name(machine, number)
    arguments = tuple(int(word, 16) for word in words[1:7])
    futex = call == "futex"
    return Decoded(
        syscall=number,
        futex_op=arguments[1] & 0xFFFFFFFF if futex else 0,
        timed=int(is_timed(call, arguments)),
        address=arguments[0] if futex else 0,
        waits_for_events=call in EVENT_WAITS,
        sleeps=call in SLEEPS,
    )
