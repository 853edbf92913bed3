"""How often a thread in some place of the code runs, and how often it waits there.

A name does not tell: ``time.sleep``, a query in a driver's C code and a compression without the interpreter's lock are
all the innermost line of some function. But py-spy can leave out threads that are not running, as the kernel's state
of each has it at that moment. A window of that kind now and then, beside the chain that sees everyone, tells for every
innermost frame which part of its looks is work.
"""

import math
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

from msgspec.structs import replace

from perftui.model.profile import Frame, Mode, StackProfile, StackRow
from perftui.model.target import ProcessId
from perftui.profile.assemble import UNITS

MODES: frozenset[Mode] = frozenset({"nonblocking", "exact"})
"""What is learned is of Python frames: of windows with native ones it says nothing."""

LEAST_LOOKS = 5
"""A window that saw fewer looks at work tells nothing."""

_FIRST_PAUSE_NS = 4_000_000_000
_LONGEST_PAUSE_NS = 60_000_000_000
_HOLD_NS = 2_500_000_000
"""So long what the chain saw may wait for the first window of what runs."""

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

_LEAST_RAN_RATIO = 0.25
"""When the threads used less than this part of a CPU's time in looks that are said to be work, these are not: too many
others want the CPU, too, or py-spy could not tell."""

_SAME_RATIO = 0.99
"""Rows of a thread that wait by their names have a lesser part of their looks than those that run."""


class _Looks:
    """At one innermost frame: ``ran`` in windows of what runs, ``all`` as many as these would have had in all.

    ``counted`` is the number of looks of the chain that ``all`` was worked out from. ``waits`` is what the frame's name
    says.
    """

    __slots__ = ("all", "counted", "ran", "waits")

    def __init__(self) -> None:
        self.ran = self.all = self.counted = 0.0
        self.waits = False

    def forget_some(self) -> None:
        self.ran, self.all, self.counted = (looks * _HALF_PER_WINDOW for looks in (self.ran, self.all, self.counted))

    @property
    def ratio(self) -> float:
        return min(1.0, self.ran / self.all) if self.all else 0.0

    def rests(self, usual: float) -> bool:
        """Whether it is work significantly less often than is usual."""
        expected = usual * self.all
        error = math.sqrt(self.ran + 1 + expected * expected / max(1.0, self.counted))
        return self.ran + _SIGNIFICANT * error < expected


class ActivityMeter:
    """Compares windows of what runs with what the chain saw in the same time, of one process after the other.

    For one thread.
    """

    def __init__(self) -> None:
        self._looks: dict[Frame | None, _Looks] = {}
        self._working: frozenset[Frame | None] = frozenset()
        self._usual = 1.0
        self._owed: dict[tuple[int, int], float] = {}
        self._past: deque[StackProfile] = deque(maxlen=_WINDOWS_WAITED_FOR)
        self._waiting: StackProfile | None = None
        self._process: ProcessId | None = None
        self._hold_until_ns = 0
        self._due_ns = 0
        self._pause_ns = _FIRST_PAUSE_NS

    # ---- what is known

    @property
    def knows(self) -> bool:
        """Whether a window of what runs was compared."""
        return bool(self._looks)

    def weighed(self, window: StackProfile) -> StackProfile:
        """The run time of each thread given to those of its rows in which it was seen to run.

        A frame that nobody has looked at is taken for what its name says: the rows of a thread that have got a lesser
        part of their looks wait.
        """
        if not self.knows or window.mode not in MODES:
            return window
        threads: dict[tuple[int, int], list[int]] = defaultdict(list)
        for at, row in enumerate(window.rows):
            threads[row.pid, row.tid].append(at)
        rows, pids = list(window.rows), {pid for pid, _ in threads}
        before, self._owed = self._owed, {who: owed for who, owed in self._owed.items() if who[0] not in pids}
        for who, places in threads.items():
            found = [rows[at] for at in places]
            owed = before.get(who, 0.0)
            if owed or any(0 < row.on_cpu < row.samples for row in found):
                parts, self._owed[who] = self._shared_out(window, found, owed)
                for at, row, part in zip(places, found, parts, strict=True):
                    rows[at] = replace(row, on_cpu=part)
        return replace(window, rows=tuple(rows))

    def _shared_out(self, window: StackProfile, rows: Sequence[StackRow], owed: float) -> tuple[list[float], float]:
        """The parts of the rows, and what is owed to the thread: it was seen at work less often than it worked.

        Looks come by chance: without that, what they missed this time would go to where the thread waits.
        """
        left = owed + sum(row.on_cpu for row in rows)
        room = [float(row.samples) for row in rows]
        at_work = [self._at_work(window, row, waits) for row, waits in zip(rows, _waiting(rows), strict=True)]
        parts = shared_out(left, [weight for weight, _ in at_work], [most for _, most in at_work])
        owed = min(_MOST_OWED, left - sum(parts))
        for weights in ([row.on_cpu for row in rows], room):
            free = [most - part for most, part in zip(room, parts, strict=True)]
            more = shared_out(left - owed - sum(parts), weights, free)
            parts = [min(most, part + a) for most, part, a in zip(room, parts, more, strict=True)]
        return [round(part * UNITS) / UNITS for part in parts], max(0.0, owed)

    def _at_work(self, window: StackProfile, row: StackRow, waits: bool) -> tuple[float, float]:
        """How many of a row's looks are probably work, and how many at most. ``waits`` is what its name says."""
        stack = window.stacks[row.stack]
        leaf = window.frames[stack[-1]] if stack else None
        known = self._looks.get(leaf)
        if known is None or (leaf in self._working and not waits):
            return (0.0, 0.0) if waits else (row.samples * self._usual, float(row.samples))
        # Between the look at a thread's state and that at its stack it may have gone to sleep.
        ratio = min(known.ratio, self._usual) if waits else known.ratio
        return row.samples * ratio, row.samples * min(1.0, 2 * ratio)

    # ---- when to look

    def due(self, now_ns: int) -> bool:
        """Whether a window of what runs would tell more: at once, and then ever more seldom."""
        return self._waiting is None and now_ns >= self._due_ns

    def holds(self, now_ns: int) -> bool:
        """Whether what the chain saw may wait: the first window of what runs is under way."""
        return not self.knows and now_ns < self._hold_until_ns

    def look_at(self, process: ProcessId) -> None:
        """Of this process windows come from now on. It may be of another program than the last one."""
        if process != self._process:
            self._process = process
            self._due_ns, self._pause_ns, self._waiting = 0, _FIRST_PAUSE_NS, None
            self._past.clear()

    def begun(self, now_ns: int) -> None:
        """A window of what runs is being taken."""
        if self._pause_ns == _FIRST_PAUSE_NS:
            self._hold_until_ns = now_ns + _HOLD_NS
        self._due_ns = now_ns + self._pause_ns
        self._pause_ns = min(_LONGEST_PAUSE_NS, 2 * self._pause_ns)

    def failed(self) -> None:
        """There is no window of what runs."""
        self._hold_until_ns = 0

    # ---- learning

    def saw(self, window: StackProfile) -> None:
        """A window of the chain that sees everyone."""
        if window.mode in MODES:
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
        self.failed()
        seen = [(window, part) for window in self._past if (part := _overlap(window, other)) > 0]
        looked = sum(part * window.attempts for window, part in seen)
        if other.samples < LEAST_LOOKS or other.on_cpu < _LEAST_RAN_RATIO * other.samples or not looked:
            return
        for frame, looks in list(self._looks.items()):
            looks.forget_some()
            if looks.all + looks.ran < _LEAST_KEPT:
                del self._looks[frame]
        for leaf, samples in _leaves(other):
            self._at(leaf).ran += samples
        for window, part in seen:
            waiting = _waiting(window.rows)
            for (leaf, samples), waits in zip(_leaves(window), waiting, strict=True):
                at = self._at(leaf)
                at.all += part * samples * other.attempts / looked
                at.counted += part * samples
                at.waits = waits
        self._working, self._usual = _working(self._looks)

    def _at(self, frame: Frame | None) -> _Looks:
        return self._looks.setdefault(frame, _Looks())


def _working(looks: Mapping[Frame | None, _Looks]) -> tuple[frozenset[Frame | None], float]:
    """The frames in which work is done, and the part of their looks that are work.

    A frame with few looks has that part whatever chance made of them; one with significantly less is none of these.
    Who they are and what is usual depend on each other: found in turns. Those that wait by their names have no say.
    """
    working = frozenset(frame for frame, found in looks.items() if not found.waits)
    while True:
        total = sum(looks[frame].all for frame in working)
        usual = min(1.0, sum(looks[frame].ran for frame in working) / total) if total else 1.0
        idle = frozenset(frame for frame in working if looks[frame].rests(usual))
        if not idle or idle == working:
            return working, usual
        working -= idle


def _waiting(rows: Sequence[StackRow]) -> list[bool]:
    """Of each row whether it waits by its name: it has got a lesser part of its looks than others of its thread."""
    most: dict[tuple[int, int], float] = defaultdict(float)
    for row in rows:
        who = row.pid, row.tid
        most[who] = max(most[who], row.on_cpu / max(1, row.samples))
    return [row.on_cpu < _SAME_RATIO * most[row.pid, row.tid] * row.samples for row in rows]


def _leaves(profile: StackProfile) -> Iterator[tuple[Frame | None, int]]:
    """The innermost frame of each row (None of an empty stack), and how often it was seen."""
    for row in profile.rows:
        stack = profile.stacks[row.stack]
        yield profile.frames[stack[-1]] if stack else None, row.samples


def _overlap(window: StackProfile, other: StackProfile) -> float:
    """The part of a window that lies in the other's time."""
    both_ns = min(window.ended_ns, other.ended_ns) - max(window.started_ns, other.started_ns)
    return max(0.0, both_ns / max(1, window.ended_ns - window.started_ns))


def shared_out(amount: float, weights: Sequence[float], room: Sequence[float]) -> list[float]:
    """``amount`` by weight, to none more than it has room for: what nobody has room for is left over."""
    parts = [0.0] * len(weights)
    # The first to be full come first, and leave more to the others.
    order = sorted((at for at, weight in enumerate(weights) if weight > 0), key=lambda at: room[at] / weights[at])
    # Summed from the last one up: taking one weight after the other from the sum would leave its rounding to the last.
    rests = reversed(list(accumulate(weights[at] for at in reversed(order))))
    for at, rest in zip(order, rests, strict=True):
        parts[at] = min(room[at], amount * (weights[at] / rest))
        amount -= parts[at]
    return parts
