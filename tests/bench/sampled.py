"""Windows of stacks as a busy server would give them, made up.

Each thread has some hundred stacks, drawn by Zipf's law: they are leaves of one tree of calls that all threads share,
so that stacks have prefixes in common. Half of the threads wait most of the time, as those of a pool do.
"""

import random
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate

from perftui.model.profile import SLOT_NS, Frame, StackProfile, StackRow, ThreadName
from perftui.model.table import Table

SECOND = 1_000_000_000
PID = 4000

Path = tuple[int, ...]
"""Numbers of frames, root first."""


class CallTree:
    """Paths from the root, ``depths`` deep: each goes on from some place of an earlier one."""

    def __init__(self, chance: random.Random, functions: int, depths: range) -> None:
        self._chance = chance
        self._depths = depths
        self.frames = tuple(
            Frame(function=f"{chance.choice(_VERBS)}_{at}", file=f"/srv/app/module_{at % 97}.py", line=at * 7 % 900 + 1)
            for at in range(functions)
        )
        self._paths: list[Path] = [(0,)]

    def path(self) -> Path:
        """A new one: a third to nine tenths of it are an earlier one's."""
        chance = self._chance
        depth = chance.choice(self._depths)
        older = self._paths[chance.randrange(len(self._paths))]
        shared = older[: max(1, int(depth * chance.uniform(0.33, 0.9)))]
        # A function calls a few others only: near ones.
        path = list(shared)
        while len(path) < depth:
            path.append((path[-1] * 31 + chance.randrange(6) * 17 + 1) % len(self.frames))
        self._paths.append(tuple(path))
        return self._paths[-1]


_VERBS = ("handle", "parse", "read", "encode", "load", "render", "query", "check", "send", "resolve")


class Crowd:
    """A process with ``threads`` threads, looked at ``rate_hz`` times a second: a window a second, with slots."""

    def __init__(self, threads: int = 50, rate_hz: int = 100, stacks: int = 300, seed: int = 1) -> None:
        self._chance = chance = random.Random(seed)
        self._rate_hz = rate_hz
        tree = CallTree(chance, 3000, range(20, 41))
        self._frames = tree.frames
        self._stacks = [[tree.path() for _ in range(stacks)] for _ in range(threads)]
        self._weights = list(accumulate(1 / (rank + 1) ** 1.1 for rank in range(stacks)))
        self._waiting = [thread % 2 * 0.9 for thread in range(threads)]
        self._last = [0] * threads

    def windows(self) -> Iterator[StackProfile]:
        """Without an end."""
        at = SECOND
        while True:
            yield self._window(at)
            at += SECOND

    def _look(self, thread: int) -> int:
        """Every other look finds the thread where it was, or in its first stack, where it waits."""
        chance = self._chance
        if chance.random() < self._waiting[thread]:
            return 0
        if chance.random() < 0.5:
            return self._last[thread]
        self._last[thread] = bisect(self._weights, chance.random() * self._weights[-1])
        return self._last[thread]

    def _window(self, started_ns: int) -> StackProfile:
        looks_in_slot = self._rate_hz * SLOT_NS // SECOND
        seen: Counter[tuple[int, int, int]] = Counter(
            (thread, self._look(thread), slot)
            for thread in range(len(self._stacks))
            for slot in range(SECOND // SLOT_NS)
            for _ in range(looks_in_slot)
        )
        totals: Counter[tuple[int, int]] = Counter()
        for (thread, rank, _), count in seen.items():
            totals[thread, rank] += count
        order = list(totals)
        self._chance.shuffle(order)  # a sampler tells them as its hash table has them
        row_of = {key: row for row, key in enumerate(order)}
        paths = list(dict.fromkeys(self._stacks[thread][rank] for thread, rank in order))
        stack_of = {path: number for number, path in enumerate(paths)}
        used = list(dict.fromkeys(frame for path in paths for frame in path))
        frame_of = {frame: number for number, frame in enumerate(used)}
        ran = [self._chance.uniform(0.2, 0.9) for _ in self._stacks]
        slots = [(row_of[thread, rank], slot, count) for (thread, rank, slot), count in seen.items()]
        return StackProfile(
            sampler="py-spy",
            rate_hz=float(self._rate_hz),
            started_ns=started_ns,
            ended_ns=started_ns + SECOND,
            covered_ns=SECOND,
            attempts=self._rate_hz,
            frames=tuple(self._frames[frame] for frame in used),
            stacks=tuple(tuple(map(frame_of.__getitem__, path)) for path in paths),
            rows=tuple(
                StackRow(
                    pid=PID,
                    tid=PID + thread,
                    stack=stack_of[self._stacks[thread][rank]],
                    samples=totals[thread, rank],
                    on_cpu=totals[thread, rank] * ran[thread] if rank or not self._waiting[thread] else 0.0,
                )
                for thread, rank in order
            ),
            threads=tuple(
                ThreadName(pid=PID, tid=PID + thread, name=f"worker-{thread}") for thread in range(len(self._stacks))
            ),
            slots=Table.of(dict(zip(("row", "slot", "samples"), zip(*slots, strict=True), strict=True))),
        )
