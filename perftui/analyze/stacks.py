"""Reads stacks for a meaning: who is to blame, which thread is an event loop, who waits for work."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable

import msgspec

from perftui.model.profile import Frame, StackProfile, StackRow

_STANDARD = re.compile(r"^<frozen |/lib/python\d[\d.]*/(?!site-packages/|dist-packages/)|^<string>$")
_INSTALLED = re.compile(r"/(?:site|dist)-packages/|^/(?:usr/)?lib(?:32|64)?/.*\.so[.0-9]*$|^\[kernel\]$")

_LOOP_FRAMES = {
    "run_forever": ("asyncio/base_events.py", "asyncio/windows_events.py"),
    "_run_once": ("asyncio/base_events.py",),
    "run": ("asyncio/runners.py", "uvloop/__init__.py", "gevent/hub.py", "eventlet/hubs/hub.py", "trio/_core/_run.py"),
    "unrolled_run": ("trio/_core/_run.py",),
    "start": ("tornado/ioloop.py",),
    "mainLoop": ("twisted/internet/base.py",),
}
"""Frames in which an event loop turns: function and the end of its file."""

_TURN_FRAMES = {
    "_run_once": ("asyncio/base_events.py",),
    "select": ("selectors.py",),
    "poll": ("selectors.py", "tornado/platform/epoll.py"),
    "doPoll": ("twisted/internet/epollreactor.py",),
    "runUntilCurrent": ("twisted/internet/base.py",),
    "mainLoop": ("twisted/internet/base.py",),
    "unrolled_run": ("trio/_core/_run.py",),
}
"""Innermost frames of a loop that is between two callbacks."""

_IDLE_FRAMES = {
    "_worker": ("concurrent/futures/thread.py",),
    "worker": ("multiprocessing/pool.py",),
    "get": ("queue.py", "multiprocessing/queues.py", "multiprocessing/pool.py"),
    "wait": ("threading.py", "concurrent/futures/_base.py", "multiprocessing/connection.py"),
    "_wait_for_tstate_lock": ("threading.py",),
    "join": ("threading.py", "queue.py", "multiprocessing/process.py"),
    "_join_started_thread": ("threading.py",),
    "_handle_results": ("multiprocessing/pool.py",),
    "_handle_tasks": ("multiprocessing/pool.py",),
}
"""Innermost frames of a thread that waits for work, for an event, or for another thread to end."""


def _is(frame: Frame, table: dict[str, tuple[str, ...]]) -> bool:
    files = table.get(frame.function)
    return files is not None and frame.file.endswith(files)


def _may_be_own(frame: Frame) -> bool:
    """False for what nobody can be pointed to: no file, no name, or Python's own library."""
    return bool(frame.file) and frame.function != "[unknown]" and not _STANDARD.search(frame.file)


class Place(msgspec.Struct, frozen=True):
    """A line of code and the share (0–1) of the weighed looks that were in it."""

    frame: Frame
    share: float


Threads = frozenset[tuple[int, int]]


class StackReader:
    """One profile, with each stack's meaning worked out once."""

    def __init__(self, profile: StackProfile) -> None:
        self.profile = profile
        self._loop_frames = frozenset(at for at, frame in enumerate(profile.frames) if _is(frame, _LOOP_FRAMES))
        self._own = [_may_be_own(frame) for frame in profile.frames]
        self._installed = [bool(_INSTALLED.search(frame.file)) for frame in profile.frames]
        self._kept: dict[tuple[int, int], list[StackRow]] = defaultdict(list)
        for row in profile.rows:
            self._kept[row.pid, row.tid].append(row)
        self.pids = frozenset(pid for pid, _ in self._kept)
        self.names = {(thread.pid, thread.tid): thread.name for thread in profile.threads}

    def leaf(self, row: StackRow) -> Frame | None:
        stack = self.profile.stacks[row.stack]
        return self.profile.frames[stack[-1]] if stack else None

    def loops(self) -> Threads:
        """Threads in which an event loop turns: seen under a loop's frame in most of their looks."""
        return frozenset(key for key, rows in self._kept.items() if _share(rows, self._in_loop) >= 0.8)

    def turn_ratio(self, thread: tuple[int, int]) -> float | None:
        """Share of a loop thread's on-CPU looks between two callbacks; None when it never ran.

        A loop that turns often spends some of its time there, one that a callback blocks hardly any.
        """
        rows = self._kept.get(thread, [])
        running = sum(row.on_cpu for row in rows)
        turning = sum(row.on_cpu for row in rows if self._leaf_is(row, _TURN_FRAMES))
        return turning / running if running > 0 else None

    def waits_for_work(self, thread: tuple[int, int]) -> bool | None:
        """Whether a thread's sleeping looks are mostly in a queue, a pool, an event or a join; None if never seen."""
        rows = [row for row in self._kept.get(thread, []) if row.samples > row.on_cpu]
        if not rows:
            return None
        sleeping = sum(row.samples - row.on_cpu for row in rows)
        idle = sum(row.samples - row.on_cpu for row in rows if self._leaf_is(row, _IDLE_FRAMES))
        return idle > 0.5 * sleeping

    def inside(self, waiters: Threads) -> Threads:
        """Other threads, seen mostly in or below the function in which most of ``waiters`` sleep."""
        places = self.sleeping_places(waiters)
        if not places or places[0].share <= 0.5:
            return frozenset()
        wanted = places[0].frame

        def below(row: StackRow) -> bool:
            frames = (self.profile.frames[at] for at in self.profile.stacks[row.stack])
            return any((frame.function, frame.file) == (wanted.function, wanted.file) for frame in frames)

        return frozenset(key for key, rows in self._kept.items() if key not in waiters and _share(rows, below) > 0.5)

    def running_places(self, threads: Threads | None = None) -> list[Place]:
        """The user's functions by on-CPU time, heaviest first; of all threads unless some are given."""
        return self._places(threads, lambda row: row.on_cpu, by_line=False)

    def sleeping_places(self, threads: Threads | None = None, *, by_line: bool = False) -> list[Place]:
        """The user's functions by time spent off the CPU; looks in an event wait or an idle pool are left out.

        A function's line is the one that weighs most; with ``by_line`` each line stands for itself.
        """

        def weight(row: StackRow) -> float:
            if self._leaf_is(row, _TURN_FRAMES) or self._leaf_is(row, _IDLE_FRAMES):
                return 0.0
            return row.samples - row.on_cpu

        return self._places(threads, weight, by_line)

    def _places(self, threads: Threads | None, weight: Callable[[StackRow], float], by_line: bool) -> list[Place]:
        lines: dict[Frame, float] = defaultdict(float)
        for row in self._rows(threads):
            amount = weight(row)
            frame = self._user_frame(row) if amount > 0 else None
            if frame is not None:
                lines[frame] += amount
        functions: dict[tuple[str, str, int], float] = defaultdict(float)
        best: dict[tuple[str, str, int], Frame] = {}
        for frame, amount in lines.items():
            key = (frame.function, frame.file, frame.line if by_line else 0)
            functions[key] += amount
            if key not in best or amount > lines[best[key]]:
                best[key] = frame
        total = sum(lines.values())
        ranked = sorted(functions.items(), key=lambda item: -item[1])
        return [Place(best[key], amount / total) for key, amount in ranked]

    def _rows(self, threads: Threads | None) -> Iterable[StackRow]:
        if threads is None:
            return self.profile.rows
        return (row for key in threads for row in self._kept.get(key, []))

    def _leaf_is(self, row: StackRow, table: dict[str, tuple[str, ...]]) -> bool:
        leaf = self.leaf(row)
        return leaf is not None and _is(leaf, table)

    def _in_loop(self, row: StackRow) -> bool:
        return not self._loop_frames.isdisjoint(self.profile.stacks[row.stack])

    def _user_frame(self, row: StackRow) -> Frame | None:
        """The innermost frame of the user's code, else of an installed library, else of anything."""
        stack = self.profile.stacks[row.stack]
        library = None
        for index in reversed(stack):
            if self._own[index] and not self._installed[index]:
                return self.profile.frames[index]
            if library is None and self._installed[index]:
                library = index
        if library is not None:
            return self.profile.frames[library]
        return self.profile.frames[stack[-1]] if stack else None


def _share(rows: list[StackRow], wanted: Callable[[StackRow], bool]) -> float:
    total = sum(row.samples for row in rows)
    return sum(row.samples for row in rows if wanted(row)) / total if total else 0.0
