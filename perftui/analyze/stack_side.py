"""One side of a comparison: windows of stacks, added up in a dozen blocks of time."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from perftui.model.profile import StackProfile

View = Literal["wall", "cpu"]
Function = tuple[str, str]
"""Name and file."""

BLOCKS = 12
"""Neighbouring windows are alike, so it is not they that count as independent but blocks of them: as long as can be, so
that load that comes and goes does not carry over, and yet enough of them to tell how much they differ."""

_MOST_KEPT = 20_000
"""So many windows or stacks are remembered from one comparison to the next."""

_SIDES_KEPT = 2
_LOOKS = (1e-6, 1e12)
_SHORTEST_LOOK_SECONDS = 1e-6


class Digest(NamedTuple):
    """What one window comes to. ``stacks`` has the seconds in each, ``look_seconds`` is what one look stands for.

    ``frames`` tells what the sampler sees: stacks with and without the frames of C code have no function in common.
    """

    started_ns: int
    ended_ns: int
    seconds: float
    look_seconds: float
    frames: str
    stacks: dict[int, float]


class Numbers:
    """Functions and stacks by number, the same for both sides of a comparison.

    ``functions_in`` has the functions of a stack, each once.
    """

    def __init__(self) -> None:
        self.functions: list[Function] = []
        self.stacks: list[tuple[int, ...]] = []
        self.functions_in: list[tuple[int, ...]] = []
        self._function_numbers: dict[Function, int] = {}
        self._stack_numbers: dict[tuple[int, ...], int] = {}

    def sides(self, before: Iterable[StackProfile], after: Iterable[StackProfile], view: View) -> "tuple[Side, Side]":
        """Add up the windows of each side, in any order. They are looked at one by one and not kept."""
        return self.side(before, view), self.side(after, view)

    def side(self, windows: Iterable[StackProfile], view: View) -> "Side":
        """One side alone."""
        return Side([self.digest(window, view) for window in windows])

    def digest(self, window: StackProfile, view: View) -> Digest:
        """Read one window."""
        functions = [self._function((frame.function, frame.file)) for frame in window.frames]
        count_seconds = _count_seconds(window)
        counts: dict[int, float] = {}
        for row in window.rows:
            value = row.on_cpu if view == "cpu" else float(row.samples)
            if _LOOKS[0] < value < _LOOKS[1]:  # what a forged file says must become neither infinite nor nothing
                counts[row.stack] = counts.get(row.stack, 0.0) + value
        stacks: dict[int, float] = {}
        for index, count in counts.items():  # stacks that differ in nothing but their lines are one
            number = self._stack(tuple(map(functions.__getitem__, window.stacks[index])))
            stacks[number] = stacks.get(number, 0.0) + count * count_seconds
        seconds = window.seconds if window.seconds > 0 else max(window.attempts, sum(counts.values())) * count_seconds
        look_seconds = count_seconds
        if count_seconds < _SHORTEST_LOOK_SECONDS and counts:
            # Not looks are counted but their times: one took no longer than the shortest of all.
            look_seconds = min(counts.values()) * count_seconds
        frames = "Python" if window.mode in ("nonblocking", "exact") else window.mode
        return Digest(window.started_ns, window.ended_ns, seconds, look_seconds, frames, stacks)

    def _function(self, function: Function) -> int:
        number = self._function_numbers.setdefault(function, len(self.functions))
        if number == len(self.functions):
            self.functions.append(function)
        return number

    def _stack(self, stack: tuple[int, ...]) -> int:
        number = self._stack_numbers.setdefault(stack, len(self.stacks))
        if number == len(self.stacks):
            self.stacks.append(stack)
            self.functions_in.append(tuple(set(stack)))
        return number


class Known(Numbers):
    """Remembers what the windows of one live session came to, so that the next comparison costs what is new in it.

    A session makes its windows anew each time that they are asked for: it is their times that tell them apart.
    """

    def __init__(self) -> None:
        super().__init__()
        self._digests: dict[tuple[object, ...], Digest] = {}
        self._sides: dict[tuple[int, ...], Side] = {}

    def sides(self, before: Iterable[StackProfile], after: Iterable[StackProfile], view: View) -> "tuple[Side, Side]":
        if max(len(self._digests), len(self.stacks)) > _MOST_KEPT:
            self.forget()
        return super().sides(before, after, view)

    def side(self, windows: Iterable[StackProfile], view: View) -> "Side":
        digests = [self.digest(window, view) for window in windows]
        key = tuple(map(id, digests))
        side = self._sides.pop(key, None) or Side(digests)
        self._sides[key] = side
        if len(self._sides) > _SIDES_KEPT:
            del self._sides[next(iter(self._sides))]
        return side

    def digest(self, window: StackProfile, view: View) -> Digest:
        key = (view, window.pid, window.sampler, window.mode, window.started_ns, window.ended_ns)
        found = self._digests.get(key)
        if found is None:
            found = self._digests[key] = super().digest(window, view)
        return found

    def forget(self) -> None:
        """Begin anew: never between the two sides of a comparison, which share the numbers."""
        for numbered in (self.functions, self.stacks, self.functions_in):
            numbered.clear()
        for numbers in (self._function_numbers, self._stack_numbers, self._digests, self._sides):
            numbers.clear()


def _count_seconds(window: StackProfile) -> float:
    """What one count stands for. A file of others may know neither a time nor a rate: then counts are the unit."""
    if window.attempts > 0 and window.seconds > 0:
        return window.seconds / window.attempts
    return 1 / window.rate_hz if 1e-3 < window.rate_hz <= 1e9 else 1.0


class Side:
    """``stacks`` has the seconds that each stack took in each block, ``total`` their sum over all stacks.

    ``seconds`` is the time of each block in which anything was sampled: windows of several processes at the same time
    count once. ``look_seconds`` is what one look stands for, on average. ``frames`` as in a digest, of all windows.
    """

    def __init__(self, windows: Sequence[Digest]) -> None:
        ordered = sorted(windows, key=lambda window: window.started_ns)
        blocks = _blocks(ordered)
        count = max(blocks, default=-1) + 1
        self.windows = len(ordered)
        self.frames = frozenset(window.frames for window in ordered)
        self.seconds = [0.0] * count
        self.total = [0.0] * count
        self.stacks: dict[int, list[float]] = {}
        stacks = self.stacks
        looks = 0.0
        until_ns = 0
        for window, block in zip(ordered, blocks, strict=True):
            fresh_ns = window.ended_ns - max(window.started_ns, until_ns)
            until_ns = max(until_ns, window.ended_ns)
            self.seconds[block] += max(0, fresh_ns) / 1e9 if window.ended_ns > window.started_ns else window.seconds
            for stack, seconds in window.stacks.items():
                cells = stacks.get(stack)
                if cells is None:
                    stacks[stack] = cells = [0.0] * count
                cells[block] += seconds
            taken = sum(window.stacks.values())
            self.total[block] += taken
            looks += taken / window.look_seconds
        self.looks = looks
        self.sum_seconds = sum(self.total)
        self.look_seconds = self.sum_seconds / looks if looks else 0.0

    @property
    def span_seconds(self) -> float:
        return sum(self.seconds)

    @property
    def cores(self) -> float:
        """Seconds per second."""
        return self.sum_seconds / self.span_seconds if self.span_seconds > 0 else 0.0


def _blocks(windows: Sequence[Digest]) -> list[int]:
    """The block of each window, by the middle of its time. Blocks without a window have no number."""
    if not windows:
        return []
    first_ns, last_ns = windows[0].started_ns, max(window.ended_ns for window in windows)
    longest_ns = max(window.ended_ns - window.started_ns for window in windows)
    width_ns = max((last_ns - first_ns) / BLOCKS, longest_ns, 1)
    wanted = [int(((window.started_ns + window.ended_ns) / 2 - first_ns) / width_ns) for window in windows]
    numbers = {block: number for number, block in enumerate(sorted(set(wanted)))}
    return [numbers[block] for block in wanted]
