"""Which processes are shown, and in which order: for thousands of them once a second."""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec

from perftui.model.update import Update
from perftui.tui.palette import Glyphs

Sort = Literal["cpu", "memory", "pid", "name"]
SORTS: tuple[Sort, ...] = ("cpu", "memory", "pid", "name")

SMOOTHING = 0.5
"""How much of a process's smoothed CPU is its latest figure."""

RESTING_CORES = 0.004
"""Below this a process is no longer ranked: half a clock tick a second."""

SHOWN_CORES = 0.0005
"""Below this the figure reads 0.0."""

MOVES_RATIO, MOVES_CORES = 0.10, 0.03
"""A process leaves its rank when its smoothed CPU is off by more than either: rows that swap places for nothing
are hard to read, and each costs a whole line on the wire instead of a few figures."""


class ProcessTable(msgspec.Struct, frozen=True):
    """The columns of one sample, and each process's CPU in cores (empty before the second sample)."""

    pids: Sequence[int]
    parents: Sequence[int]
    states: Sequence[int]
    uids: Sequence[int]
    nices: Sequence[int]
    threads: Sequence[int]
    rss: Sequence[int]
    names: Sequence[str]
    commands: Sequence[str]
    cores: Sequence[float]

    @classmethod
    def of(cls, update: Update) -> "ProcessTable | None":
        """None while the process list is not visible."""
        section = update.sample.processes
        if section is None:
            return None
        columns = section.processes
        return cls(
            pids=columns.ints("pid").tolist(),
            parents=columns.ints("ppid"),
            states=columns.ints("state"),
            uids=columns.ints("uid"),
            nices=columns.ints("nice"),
            threads=columns.ints("threads"),
            rss=columns.ints("rss_bytes"),
            names=columns.text("name"),
            commands=columns.text("command"),
            cores=(update.interval.process_cores if update.interval else None) or (),
        )


class Ranks:
    """The rank of each busy process by CPU, in cores; steadier than its CPU."""

    def __init__(self) -> None:
        self.by_pid: dict[int, float] = {}
        self._smooth: dict[int, float] = {}

    def take(self, table: ProcessTable) -> None:
        """Go one tick further. Processes that have ended or rest are forgotten."""
        now = {pid: cores for pid, cores in zip(table.pids, table.cores, strict=False) if cores}
        smooth, ranks = {}, {}
        for pid in now.keys() | self._smooth.keys():
            latest, before = now.get(pid, 0.0), self._smooth.get(pid)
            level = latest if before is None else before + SMOOTHING * (latest - before)
            if level >= RESTING_CORES:
                smooth[pid] = level
                ranks[pid] = _steady(self.by_pid.get(pid), level)
        self._smooth, self.by_pid = smooth, ranks


def _steady(rank: float | None, level: float) -> float:
    """The old rank while it is still about right."""
    if rank is None or abs(level - rank) > min(MOVES_CORES, MOVES_RATIO * rank):
        return level
    return rank


def ordered(table: ProcessTable, sort: Sort, ranks: Ranks, wanted: re.Pattern[str] | None) -> list[int]:
    """The rows to show, first one first."""
    rows: Iterable[int] = range(len(table.pids))
    if wanted is not None:
        seek, names, commands = wanted.search, table.names, table.commands
        rows = [row for row in rows if seek(commands[row]) or seek(names[row])]
    if sort == "memory":
        return sorted(rows, key=table.rss.__getitem__, reverse=True)
    if sort == "pid":
        return sorted(rows, key=table.pids.__getitem__)
    if sort == "name":
        names = table.names
        return sorted(rows, key=lambda row: (names[row].lower(), table.pids[row]))
    return _by_cpu(table, rows, ranks.by_pid)


def _by_cpu(table: ProcessTable, rows: Iterable[int], ranks: dict[int, float]) -> list[int]:
    """The few that run by their rank, then all the others by PID, so that they stay where they are.

    One that did nothing in the last interval is not among the first, whatever it did before.
    """
    pids = table.pids
    running = {row for row, cores in enumerate(table.cores) if cores >= SHOWN_CORES}
    busy: list[int] = []
    idle: list[int] = []
    for row in rows:
        (busy if row in running else idle).append(row)
    busy.sort(key=lambda row: (-ranks.get(pids[row], 0.0), pids[row]))
    idle.sort(key=pids.__getitem__)
    return busy + idle


def tree_of(table: ProcessTable, rows: Sequence[int], glyphs: Glyphs) -> list[tuple[int, str]]:
    """Rows under their parents, with the branches to draw before the name.

    Children keep the order of ``rows``. The ancestors of a shown process are shown too, so that a filter leaves no
    orphan; a process whose parent is not visible is a root.
    """
    row_of = {pid: row for row, pid in enumerate(table.pids)}
    children: dict[int, list[int]] = {}
    roots: list[int] = []
    placed: set[int] = set()
    for row in rows:
        while row not in placed:
            placed.add(row)
            parent = row_of.get(table.parents[row], -1)
            if parent < 0 or parent == row:
                roots.append(row)
                break
            children.setdefault(parent, []).append(row)
            row = parent
    return _walk(roots, children, glyphs)


def _walk(roots: list[int], children: dict[int, list[int]], glyphs: Glyphs) -> list[tuple[int, str]]:
    """Depth first without recursion: a process tree may be thousands deep."""
    shown: list[tuple[int, str]] = []
    waiting = [(row, "", "") for row in reversed(roots)]
    while waiting:
        row, trunk, branch = waiting.pop()
        shown.append((row, trunk + branch))
        inner = trunk + (glyphs.trunk if branch == glyphs.branch else "   " if branch else "")
        below = children.get(row, ())
        for at in range(len(below) - 1, -1, -1):
            last = at == len(below) - 1
            waiting.append((below[at], inner, glyphs.last_branch if last else glyphs.branch))
    return shown
