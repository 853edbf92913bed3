"""The calls of many stacks as a tree that is never built: stacks in order are one.

All stacks that begin alike stand side by side once they are sorted, so a node is a stretch of them and how deep it is;
its total is the difference of two running sums. What is below a node is found by bisection when somebody looks, and
only what is large enough to be seen. So a stack costs the same however deep it is: 100,000 stacks with three million
nodes take as much room as their list.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, MutableSequence, Sequence
from itertools import accumulate, compress
from operator import is_not
from sys import byteorder
from typing import Literal, NamedTuple, TypeVar

from perftui.model.profile import Frame, StackProfile, StackRow

View = Literal["wall", "cpu"]

UNITS = 1 << 20
"""Looks are kept as whole numbers of this part of one: what is added and taken off again leaves nothing."""

_MANY = 1000
"""Which line of a function was seen most is told by all stacks of a node, above this by as many of them."""

Key = tuple[str, str, int]
"""Function, file, line: what makes two frames one node. Line 0 where lines are merged."""

_KEY_BYTES = 4
_HIGHEST = b"\xff" * _KEY_BYTES
"""A path is the numbers of its keys as bytes, which are compared ten times as fast as numbers. No key has this one."""

T = TypeVar("T")


class Stretch(NamedTuple):
    """A node: stacks from ``first`` up to ``last`` in their order, which are alike for ``depth`` frames."""

    first: int
    last: int
    depth: int


class Tally(NamedTuple):
    """What one function holds: by itself, and with what it calls. A recursive one counts once.

    ``line`` is the one that was seen most as the innermost; of a function that never was, one of its lines.
    """

    function: str
    file: str
    line: int
    self_looks: float
    looks: float


class _Sorted(NamedTuple):
    """The stacks of a profile: their numbers in order, and their functions. Never changed: nodes refer to it."""

    frames: Sequence[Frame]
    stacks: Sequence[tuple[int, ...]]
    keys: Sequence[Key]
    key_of: Sequence[int]
    order: Sequence[int]
    paths: Sequence[bytes]


_NOTHING = _Sorted((), (), (), (), array("I"), ())


class Selection:
    """The looks of one view, of all threads or of one, over the stacks of a profile."""

    def __init__(self, stacks: _Sorted, looks: "_Looks") -> None:
        self._stacks = stacks
        self._looks = looks
        self._sums = array("d", accumulate(map(looks.of_stack.__getitem__, stacks.order), initial=0.0))

    @property
    def root(self) -> Stretch:
        return Stretch(0, len(self._stacks.order), 0)

    def key(self, node: Stretch) -> Key:
        """Of the function that the node stands for; not for the root."""
        path = self._stacks.paths[node.first]
        return self._stacks.keys[
            int.from_bytes(path[_KEY_BYTES * (node.depth - 1) : _KEY_BYTES * node.depth], byteorder)
        ]

    def looks(self, node: Stretch) -> float:
        return self._sums[node.last] - self._sums[node.first]

    def self_looks(self, node: Stretch) -> float:
        """Of the stacks that end here: they stand first."""
        return self._sums[self._below(node)] - self._sums[node.first]

    def larger(self, node: Stretch, least: float) -> Iterator[Stretch]:
        """The nodes right below with at least so many looks (more than 0), in the order of the stacks.

        Takes a few bisections for each ``least`` that the node holds, however many are below it.
        """
        paths, sums, end = self._stacks.paths, self._sums, _KEY_BYTES * (node.depth + 1)
        at = self._below(node)
        while at < node.last:
            # The first stack with which those from here on hold enough: whatever ends before it is too small.
            seen = bisect_left(sums, sums[at] + least, at + 1, node.last + 1) - 1
            if seen >= node.last:
                return
            head, rest = paths[seen][:end], sums[node.last] - sums[at] - least
            if rest < least and not paths[bisect_right(sums, sums[at] + rest, at, seen + 1) - 1].startswith(head):
                return  # one with more than half of what is left would have this stack, too
            first = at if paths[at].startswith(head) else bisect_left(paths, head, at, seen)
            last = node.last
            if not paths[last - 1].startswith(head):
                last = bisect_left(paths, head + _HIGHEST, seen + 1, last)
            if sums[last] - sums[first] >= least:
                yield Stretch(first, last, node.depth + 1)
            at = last

    def line(self, node: Stretch) -> int:
        """The line of the node's function that was seen most."""
        stacks, seen = self._stacks, defaultdict[int, float](float)
        many = node.last - node.first > _MANY
        for at, looks in self._sample(node) if many else self._each(node):
            frame = stacks.frames[stacks.stacks[stacks.order[at]][node.depth - 1]]
            seen[frame.line] += looks
        return max(seen, key=lambda line: (seen[line], -line), default=0)

    def tallies(self, node: Stretch) -> list[Tally]:
        """All functions in the stacks of a node, below it."""
        if node.depth or self._looks.selection is not self:
            looks = _Looks("wall", None)
            looks.tally(self._stacks, self._numbered(node), node.depth)
        else:  # of the whole profile that was taken last they are kept up to date
            looks = self._looks
            looks.tally(self._stacks, () if looks.of_key else self._numbered(node), 0)
            looks.catch_up(self._stacks)
        return looks.tallies(self._stacks)

    def holding(self, node: Stretch, wanted: Callable[[Key], bool]) -> float:
        """The looks of all stacks of a node that have a wanted function in the node or below it."""
        stacks, above = self._stacks, max(0, node.depth - 1)
        keys = frozenset(number for number, key in enumerate(stacks.keys) if wanted(key))
        if not keys:
            return 0.0
        frames = frozenset(frame for frame, key in enumerate(stacks.key_of) if key in keys)
        seen = self._numbered(node)
        return sum(looks for number, looks in seen if not frames.isdisjoint(stacks.stacks[number][above:]))

    def _below(self, node: Stretch) -> int:
        """The first stack of the node that goes on below it."""
        paths = self._stacks.paths
        if node.first == node.last or len(paths[node.first]) > _KEY_BYTES * node.depth:
            return node.first
        return bisect_right(paths, paths[node.first], node.first, node.last)

    def _each(self, node: Stretch) -> Iterator[tuple[int, float]]:
        """The places of a node's stacks in the order, and their looks; those without any are left out."""
        before = self._sums[node.first]
        for at in range(node.first, node.last):
            after = self._sums[at + 1]
            if after > before:
                yield at, after - before
                before = after

    def _numbered(self, node: Stretch) -> Iterator[tuple[int, float]]:
        """The same by the stacks' numbers."""
        return ((self._stacks.order[at], looks) for at, looks in self._each(node))

    def _sample(self, node: Stretch) -> Iterator[tuple[int, float]]:
        """The same, of the stacks at some places that have equally many looks between them."""
        step = self.looks(node) / _MANY
        for number in range(_MANY if step else 0):
            looks = self._sums[node.first] + (number + 0.5) * step
            yield bisect_right(self._sums, looks, node.first, node.last) - 1, step


class _Looks:
    """What one view, of all threads or of one, saw: of each stack, and of each function once that was asked."""

    def __init__(self, view: View, tid: int | None) -> None:
        self._view = view
        self._tid = tid
        self.of_stack = array("d")
        self.of_key: dict[int, float] = {}
        self._of_end: dict[int, float] = {}
        self._pending = defaultdict[int, float](float)
        self.selection: Selection | None = None

    def change(self, stacks: _Sorted, gone: Iterable[StackRow], come: Iterable[StackRow]) -> None:
        """Take rows off, and add others."""
        self.of_stack.frombytes(bytes(8 * (len(stacks.stacks) - len(self.of_stack))))
        changes = defaultdict[int, float](float)
        for rows, sign in ((gone, -1), (come, 1)):
            for row in rows:
                if self._tid is None or row.tid == self._tid:
                    looks = row.samples if self._view == "wall" else round(row.on_cpu * UNITS) / UNITS
                    changes[row.stack] += sign * looks
        for number, looks in changes.items():
            self.of_stack[number] += looks
            if self.of_key:
                self._pending[number] += looks

    def catch_up(self, stacks: _Sorted) -> None:
        """Tally what has changed since this was asked for the last time."""
        self.tally(stacks, self._pending.items(), 0)
        self._pending.clear()

    def tally(self, stacks: _Sorted, changes: Iterable[tuple[int, float]], above: int) -> None:
        """Add to what each function holds. Frames of a stack that are ``above`` do not count."""
        totals, ends, key_of = self.of_key, self._of_end, stacks.key_of.__getitem__
        for number, looks in changes:
            stack = stacks.stacks[number]
            for key in set(map(key_of, stack[above:] if above else stack)):
                totals[key] = totals.get(key, 0.0) + looks
            if len(stack) > above:
                ends[stack[-1]] = ends.get(stack[-1], 0.0) + looks

    def tallies(self, stacks: _Sorted) -> list[Tally]:
        selves: dict[int, float] = {}
        lines: dict[int, tuple[float, int]] = {}
        for end, looks in self._of_end.items():
            if not looks:
                continue
            key = stacks.key_of[end]
            selves[key] = selves.get(key, 0.0) + looks
            lines[key] = max(lines.get(key, (0.0, 0)), (looks, stacks.frames[end].line))
        for key, frame in zip(stacks.key_of, stacks.frames, strict=False):
            lines.setdefault(key, (0.0, frame.line))
        return [
            Tally(*stacks.keys[key][:2], lines[key][1], selves.get(key, 0.0), looks)
            for key, looks in self.of_key.items()
            if looks
        ]


class Trie:
    """Takes one profile after the other. What is the same object as in the last one is not looked at again.

    So a profile costs little that goes on from the last, as those of ``model.merging`` do: with the same frames and
    stacks and further ones behind them, and with most rows in their places. Any other begins anew.
    """

    def __init__(self, *, merge_lines: bool = True) -> None:
        self._merge_lines = merge_lines
        self._profile: StackProfile | None = None
        self._stacks = _NOTHING
        self._number_of: dict[Key, int] = {}
        self._key_of: list[int] = []
        self._looks: dict[tuple[View, int | None], _Looks] = {}

    def take(self, profile: StackProfile) -> None:
        """Go on to this profile. Selections of those before stay what they are."""
        last = self._profile
        if profile is last:
            return
        if last is None or not (_goes_on(last.frames, profile.frames) and _goes_on(last.stacks, profile.stacks)):
            self._forget()
            last = None
        self._profile = profile
        self._looks = {what: looks for what, looks in self._looks.items() if looks.selection is not None}
        self._learn(profile)
        gone, come = _changed(last.rows if last else (), profile.rows)
        for looks in self._looks.values():
            looks.change(self._stacks, gone, come)
            looks.selection = None

    def selection(self, view: View, tid: int | None) -> Selection:
        """Of the profile that was taken last."""
        looks = self._looks.get((view, tid))
        if looks is None:
            looks = self._looks[view, tid] = _Looks(view, tid)
            looks.change(self._stacks, (), self._profile.rows if self._profile else ())
        if looks.selection is None:
            looks.selection = Selection(self._stacks, looks)
        return looks.selection

    def _forget(self) -> None:
        self._stacks, self._number_of, self._key_of, self._looks = _NOTHING, {}, [], {}

    def _learn(self, profile: StackProfile) -> None:
        """Put the stacks that are new in their places."""
        known = self._stacks
        for frame in profile.frames[len(self._key_of) :]:
            key = frame.function, frame.file, 0 if self._merge_lines else frame.line
            self._key_of.append(self._number_of.setdefault(key, len(self._number_of)))
        order, paths = known.order, known.paths
        if len(profile.stacks) > len(order):
            key_of = self._key_of.__getitem__
            new = (array("I", map(key_of, stack)).tobytes() for stack in profile.stacks[len(order) :])
            fresh = sorted(zip(new, range(len(order), len(profile.stacks)), strict=True))
            places = list(_places(known.paths, [path for path, _ in fresh]))
            order = _inserted(array("I"), order, places, [number for _, number in fresh])
            paths = _inserted([], paths, places, [path for path, _ in fresh])
        self._stacks = _Sorted(
            profile.frames, profile.stacks, tuple(self._number_of), tuple(self._key_of), order, paths
        )


def _places(known: Sequence[bytes], fresh: Sequence[bytes]) -> Iterator[int]:
    """Where each belongs; both are in order. The next place is mostly near, and what is near is in the cache."""
    at, near = 0, 4 * len(known) // max(1, len(fresh)) + 1
    for path in fresh:
        end = min(len(known), at + near)
        at = bisect_right(known, path, at, end)
        if at == end:
            at = bisect_right(known, path, at)
        yield at


def _inserted(
    found: MutableSequence[T], known: Sequence[T], places: Sequence[int], fresh: Sequence[T]
) -> MutableSequence[T]:
    """``found`` filled with what is known and, each before the place of the same rank, what is fresh."""
    last = 0
    for place, entry in zip(places, fresh, strict=True):
        if place > last:
            found += known[last:place]
            last = place
        found.append(entry)
    found += known[last:]
    return found


def _goes_on(before: tuple[object, ...], now: tuple[object, ...]) -> bool:
    """Whether the same stands there, and perhaps more behind it. Fast where these are the same objects."""
    return before == now[: len(before)]


def _changed(before: Sequence[StackRow], now: Sequence[StackRow]) -> tuple[list[StackRow], list[StackRow]]:
    """Rows that are not the same object at the same place any more: those of before, and those of now."""
    both = min(len(before), len(now))
    places = list(compress(range(both), map(is_not, before, now)))
    return (
        [*map(before.__getitem__, places), *before[both:]],
        [*map(now.__getitem__, places), *now[both:]],
    )
