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
MAX_LOOKS_PER_SECOND = 2000
AWAY_LONG_NS = 100_000_000
MAX_ROWS = 2048
_LOOK_COLUMNS = ("pid", "tid", "state", "syscall", "futex_op", "timed", "address", "region")
_SPAN_COLUMNS = ("pid", "tid", "looks_total", "waiting_total", "away_long_total", "waits_total")
_RUNNING, _NOT_READABLE = -1, -2
_MAX_KNOWN = 256
_MACHINE = platform.machine()


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

    A look costs one read of a kept file while a thread stays in the same wait: 3 µs with warm caches, 20 µs between
    pauses. Nine threads take 0.4 % of a core. Above 200 threads looks become rarer: 2,000 a second, 1.3 % of a core.
    """

    name = "waits"
    section = "waits"

    def __init__(self) -> None:
        self._threads: dict[tuple[int, str], _Thread] = {}
        self._regions: dict[int, Regions] = {}
        self._tallies = _Tallies()
        self._polls = 0
        self._since = (0, 0)
        self._pause = 1 / POLLS_PER_SECOND

    def poll(self) -> float:
        """One look at each thread that was there at the last ``collect``; the seconds until the next one."""
        self._polls += 1
        now = monotonic_ns()
        ended = []
        for key, thread in self._threads.items():
            try:
                thread.take_look(now)
            except NoData:
                ended.append(key)
        for key in ended:
            self._forget(key)
        return self._pause

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> WaitSection:
        if scope.target is None:
            raise NoData("no process is watched", "give a PID")
        if not self._threads:
            may_trace(host, scope.target.process.pid)
        now = monotonic_ns()
        self._find_threads(host, scope.pids)
        threads = self._threads.values()
        looks = self._tallies.looks()
        ints = list(zip(*(look[:-1] for look, _ in looks), strict=True)) or [()] * len(_LOOK_COLUMNS)
        spans = list(zip(*(thread.span for thread in threads), strict=True)) or [()] * len(_SPAN_COLUMNS)
        return WaitSection(
            monotonic_ns=now,
            looks=Table.of(
                {
                    **dict(zip(_LOOK_COLUMNS, ints, strict=True)),
                    "count": [cell[0] for _, cell in looks],
                },
                {"wchan": [look.wchan for look, _ in looks]},
            ),
            spans=Table.of(dict(zip(_SPAN_COLUMNS, spans, strict=True))),
            polls_total=self._polls,
            polls_per_second=self._achieved_rate(now),
            machine=_MACHINE,
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
            self._threads[pid, tid] = _Thread(host, pid, tid, self._regions[pid], self._tallies)
        self._pause = len(listed) / MAX_LOOKS_PER_SECOND if len(listed) > MANY_THREADS else 1 / POLLS_PER_SECOND

    def _forget(self, key: tuple[int, str]) -> None:
        self._threads.pop(key).close()
        self._tallies.forget(int(key[1]))

    def _achieved_rate(self, now: int) -> float:
        then, polls = self._since
        self._since = (now, self._polls)
        return (self._polls - polls) * 1e9 / (now - then) if then else 1 / self._pause


class _Tallies:
    """How often each distinct look was had; the cells are shared with the threads that fill them."""

    def __init__(self) -> None:
        self._cells: dict[int, dict[Look, list[int]]] = {}
        self._rows = 0

    def looks(self) -> list[tuple[Look, list[int]]]:
        """All looks with their counters."""
        return [pair for cells in self._cells.values() for pair in cells.items()]

    def cell(self, look: Look) -> list[int]:
        """The counter of a look. Once the table is full, one without its address."""
        cells = self._cells.setdefault(look.tid, {})
        if look.address and look not in cells and self._rows >= MAX_ROWS:
            look = look._replace(address=0)
        cell = cells.get(look)
        if cell is None:
            cell = cells[look] = [0]
            self._rows += 1
        return cell

    def forget(self, tid: int) -> None:
        """Counts of an ended thread go with it, so that its number can be used again."""
        self._rows -= len(self._cells.pop(tid, ()))


class _Thread:
    """One thread's kept files, what it does now, and the spans it spent in and out of event waits."""

    def __init__(self, host: Host, pid: int, tid: str, regions: Regions, tallies: _Tallies) -> None:
        path = f"/proc/{pid}/task/{tid}/"
        self._ids = (pid, int(tid))
        self._syscall = KeptFile(host, path + "syscall")
        self._wchan = KeptFile(host, path + "wchan")
        self._stat = KeptFile(host, path + "stat")
        self._regions = regions
        self._tallies = tallies
        self._known: dict[bytes, tuple[list[int], bool]] = {}
        self._waiting = False
        self._away_ns = 0
        self._away_pending = 0
        self._looks_total = 0
        self._waiting_total = 0
        self._away_long_total = 0
        self._waits_total = 0

    @property
    def span(self) -> tuple[int, ...]:
        """Its row of ``WaitSection.spans``."""
        return (*self._ids, self._looks_total, self._waiting_total, self._away_long_total, self._waits_total)

    def take_look(self, now: int) -> None:
        """Count what it is doing. NoData when it has ended."""
        try:
            raw = self._syscall.read()
        except NoData as error:
            if not isinstance(error.__cause__, PermissionError):
                raise
            raw = b""  # never known, so the state is still looked at
        known = self._known.get(raw)
        cell, waiting = known if known is not None else self._observe(raw)
        cell[0] += 1
        self._looks_total += 1
        if waiting:
            self._waiting_total += 1
            self._away_ns = self._away_pending = 0
        else:
            if self._waiting:
                self._waits_total += 1
            self._count_away(now)
        self._waiting = waiting

    def close(self) -> None:
        for kept in (self._syscall, self._wchan, self._stat):
            kept.close()

    def _observe(self, raw: bytes) -> tuple[list[int], bool]:
        """The counter for what the thread does, and whether that is an event wait; for a line not known by itself.

        A line that says everything is remembered: the same call with the same arguments means the same.
        """
        if raw.startswith(b"running"):
            look = Look(*self._ids, ord("R"), _RUNNING)
            settled, waiting = True, False
        else:
            call = decode(raw, _MACHINE)
            state = ord("S") if call.sleeps else split_stat(self._stat.read())[1][0][0]
            region = self._regions.region(call.address) if call.address else 0
            channel = self._wait_channel()
            look = Look(*self._ids, state, *call[:4], region, channel)
            # A thread that has just gone to sleep has no channel for a moment.
            settled, waiting = call.sleeps and channel != "", call.waits_for_events
        found = self._tallies.cell(look), waiting
        if settled:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[raw] = found
        return found

    def _wait_channel(self) -> str:
        try:
            return wait_channel(self._wchan.read())
        except NoData:
            return ""

    def _count_away(self, now: int) -> None:
        """A run outside event waits counts as long from its first look on, once it has lasted 100 ms."""
        self._away_ns = self._away_ns or now
        self._away_pending += 1
        if now - self._away_ns >= AWAY_LONG_NS:
            self._away_long_total += self._away_pending
            self._away_pending = 0


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
