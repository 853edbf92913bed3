"""How often a thread in some place of the code runs, and how often it waits there.

A name does not tell: ``time.sleep``, a query in a driver's C code and a compression without the interpreter's lock are
all the innermost line of some function. But py-spy can leave out threads that are not running, as the kernel's state
of each has it at that moment. A window of that kind now and then, beside the chain that sees everyone, tells for every
innermost frame which part of its looks is work.
"""

import math
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from perftui.model.profile import Frame, StackProfile, StackRow
from perftui.profile.assemble import UNITS

LEAST_LOOKS = 5
"""A window that saw fewer looks at work tells nothing."""

_FIRST_PAUSE_NS = 4_000_000_000
_LONGEST_PAUSE_NS = 60_000_000_000
_FIRST_NS = 2_500_000_000
"""So long after its beginning the first window may come, with as much on a busy machine."""

_HALF_PER_WINDOW = 0.5 ** (1 / 8)
"""Eight windows later a look counts half: programs go on to other work."""

_WINDOWS_WAITED_FOR = 8
_LEAST_KEPT = 0.05
_MOST_OWED = 10.0
"""Looks: of the 16 that a second has for a thread that runs a sixth of the time, 4 more or less are chance."""

_UNSEEN_NS = 200_000_000
"""So much of the other window's end need not have been seen: of two that began together the chain's may end first."""

_SIGNIFICANT = 3.0
"""Standard errors (of a count of rare events, its root)."""

_ALL_RUN_RATIO = 0.25
"""When the threads used less than this part of a CPU's time in their looks, py-spy could not tell who ran: in another
PID namespace it takes everyone for running. (With as many others on the CPU there is no telling either.)
"""


class ActivityMeter:
    """Compares windows of what runs with what the chain saw in the same time, of one process after the other."""

    def __init__(self) -> None:
        self._seen: dict[Frame, float] = {}
        self._ran: dict[Frame, float] = {}
        self._known: dict[Frame, tuple[float, bool]] = {}
        """The part of a frame's own looks that are work, and whether it is one of those in which work is done."""
        self._usual = 1.0
        self._owed: dict[int, float] = {}
        self._past: deque[StackProfile] = deque(maxlen=_WINDOWS_WAITED_FOR)
        self._waiting: StackProfile | None = None
        self._due_ns = 0
        self._pause_ns = _FIRST_PAUSE_NS

    @property
    def knows(self) -> bool:
        """Whether a window of what runs was compared."""
        return bool(self._seen)

    def weighed(self, window: StackProfile) -> StackProfile:
        """The run time of each thread given to those of its rows in which it was seen to run.

        A frame that nobody has looked at is taken for what its name says: what has got nothing so far waits.
        """
        if not self.knows or window.mode == "gil":
            return window
        threads: dict[int, list[int]] = defaultdict(list)
        for at, row in enumerate(window.rows):
            threads[row.tid].append(at)
        rows, owed = list(window.rows), self._owed
        self._owed = {}
        for tid, places in threads.items():
            before = [rows[at] for at in places]
            if len(before) > 1 and any(0 < row.on_cpu < row.samples for row in before):
                parts, self._owed[tid] = self._shared_out(window, before, owed.get(tid, 0.0))
                for at, row, part in zip(places, before, parts, strict=True):
                    rows[at] = replace(row, on_cpu=part)
        return replace(window, rows=tuple(rows))

    def _shared_out(self, window: StackProfile, rows: Sequence[StackRow], owed: float) -> tuple[list[float], float]:
        """The parts of the rows, and what is owed to the thread: it was seen at work less often than it worked.

        Looks come by chance: without that, what they missed this time would go to where the thread waits.
        """
        left = owed + sum(row.on_cpu for row in rows)
        room = [float(row.samples) for row in rows]
        at_work = [self._at_work(window, row) for row in rows]
        parts = shared_out(left, [weight for weight, _ in at_work], [most for _, most in at_work])
        owed = min(_MOST_OWED, left - sum(parts))
        for weights in ([row.on_cpu for row in rows], room):
            free = [most - part for most, part in zip(room, parts, strict=True)]
            more = shared_out(left - owed - sum(parts), weights, free)
            parts = [min(most, part + a) for most, part, a in zip(room, parts, more, strict=True)]
        return [round(part * UNITS) / UNITS for part in parts], max(0.0, owed)

    def _at_work(self, window: StackProfile, row: StackRow) -> tuple[float, float]:
        """How many of a row's looks are probably work, and how many at most."""
        stack, waits = window.stacks[row.stack], not row.on_cpu
        unknown = 0.0, not waits
        own, works = self._known.get(window.frames[stack[-1]], unknown) if stack else unknown
        if works and not waits:
            return row.samples * self._usual, float(row.samples)
        return row.samples * own, row.samples * min(1.0, 2 * own)

    def due(self, now_ns: int) -> bool:
        """Whether a window of what runs would tell more: at once, and then ever more seldom."""
        return self._waiting is None and now_ns >= self._due_ns

    def first_due(self, now_ns: int) -> bool:
        """Whether the first window of what runs may still come: what was seen until then can wait for it."""
        return self._pause_ns == 2 * _FIRST_PAUSE_NS and now_ns < self._due_ns - _FIRST_PAUSE_NS + _FIRST_NS

    def begin_anew(self) -> None:
        """Another process is looked at: it may be of another program."""
        self._due_ns, self._pause_ns, self._waiting = 0, _FIRST_PAUSE_NS, None
        self._past.clear()

    def begun(self, now_ns: int) -> None:
        """A window of what runs is being taken."""
        self._due_ns = now_ns + self._pause_ns
        self._pause_ns = min(_LONGEST_PAUSE_NS, 2 * self._pause_ns)

    def saw(self, window: StackProfile) -> None:
        """A window of the chain that sees everyone."""
        self._past.append(window)
        self._compare()

    def ran(self, window: StackProfile) -> None:
        """A window of what runs."""
        self._waiting = window
        self._compare()

    def _compare(self) -> None:
        """Once the chain has seen all of the time of the other window, which may end first."""
        other = self._waiting
        if other is None or not self._past or self._past[-1].ended_ns < other.ended_ns - _UNSEEN_NS:
            return
        self._waiting = None
        if other.samples < LEAST_LOOKS or other.on_cpu < _ALL_RUN_RATIO * other.samples:
            return
        self._forget_some()
        for leaf, looks in _leaves(other):
            self._ran[leaf] = self._ran.get(leaf, 0.0) + looks
        for window in self._past:
            part = _overlap(window, other)
            for leaf, looks in _leaves(window) if part > 0 else ():
                self._seen[leaf] = self._seen.get(leaf, 0.0) + part * looks
        working, self._usual = _working(self._seen, self._ran)
        self._known = {
            frame: (min(1.0, self._ran.get(frame, 0.0) / looks), frame in working)
            for frame, looks in self._seen.items()
        }

    def _forget_some(self) -> None:
        for looks in (self._seen, self._ran):
            for frame, count in list(looks.items()):
                looks[frame] = count * _HALF_PER_WINDOW
                if count < _LEAST_KEPT:
                    del looks[frame]


def _working(seen: Mapping[Frame, float], ran: Mapping[Frame, float]) -> tuple[set[Frame], float]:
    """The frames in which work is done, and the part of their looks that are work.

    A frame with few looks has that part whatever chance made of them; one with significantly less is none of these.
    Who they are and what is usual depend on each other: found in turns.
    """
    working = set(seen)
    while True:
        total = sum(seen[frame] for frame in working)
        usual = min(1.0, sum(ran.get(frame, 0.0) for frame in working) / total) if total else 1.0
        idle = {frame for frame in working if _rests(ran.get(frame, 0.0), usual * seen[frame])}
        if not idle or idle == working:
            return working, usual
        working -= idle


def _rests(ran: float, usual: float) -> bool:
    return ran + _SIGNIFICANT * math.sqrt(ran + 1) < usual


def _leaves(profile: StackProfile) -> Iterator[tuple[Frame, int]]:
    """The innermost frame of each row, and how often it was seen."""
    frames: Sequence[Frame] = profile.frames
    for row in profile.rows:
        if stack := profile.stacks[row.stack]:
            yield frames[stack[-1]], row.samples


def _overlap(window: StackProfile, other: StackProfile) -> float:
    """The part of a window that lies in the other's time."""
    both_ns = min(window.ended_ns, other.ended_ns) - max(window.started_ns, other.started_ns)
    return max(0.0, both_ns / max(1, window.ended_ns - window.started_ns))


def shared_out(amount: float, weights: Sequence[float], room: Sequence[float]) -> list[float]:
    """``amount`` by weight, to none more than it has room for: what nobody has room for is left over."""
    parts = [0.0] * len(weights)
    total = sum(weights)
    # The first to be full come first, and leave more to the others.
    for at in sorted((at for at, weight in enumerate(weights) if weight > 0), key=lambda at: room[at] / weights[at]):
        parts[at] = min(room[at], amount * weights[at] / total) if total > 0 else 0.0
        amount, total = amount - parts[at], total - weights[at]
    return parts
