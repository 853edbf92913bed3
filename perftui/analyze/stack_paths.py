"""What grew and what shrank at each place of a flame graph."""

from collections.abc import Iterable

import msgspec

from perftui.analyze.stack_judge import Change
from perftui.analyze.stack_pair import Pair
from perftui.analyze.stack_side import Function, Known, Numbers, View
from perftui.model.profile import StackProfile


class PathChange(msgspec.Struct, frozen=True, kw_only=True):
    """A function reached by one way from the root, with all that it called there.

    ``children`` are those with a point or more of either side's time: what is less cannot have changed beyond noise.
    """

    change: Change
    children: "dict[Function, PathChange]"


def changes_by_path(
    before: Iterable[StackProfile],
    after: Iterable[StackProfile],
    *,
    view: View = "cpu",
    known: Known | None = None,
) -> PathChange | None:
    """The root, which is all stacks; None when nothing was seen on one side. ``known`` and verdicts as ``compare``."""
    numbers = known or Numbers()
    was, now = numbers.sides(before, after, view)
    if not was.sum_seconds or not now.sum_seconds:
        return None
    return _Tree(Pair(numbers, was, now)).root()


class _Tree:
    """Nodes as parallel lists. A child has a higher number than its parent."""

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._parents = [0]
        self._functions = [0]
        self._index: dict[tuple[int, int], int] = {}
        self._ways = {stack: self._way(pair.numbers.stacks[stack]) for stack in pair.stacks}

    def root(self) -> PathChange:
        """Built from the leaves up."""
        kept = self._kept()
        stacks_of: dict[int, list[int]] = {}
        for stack, way in self._ways.items():
            for node in way:
                if node in kept:
                    stacks_of.setdefault(node, []).append(stack)
        children: dict[int, dict[Function, PathChange]] = {}
        for node in sorted(kept - {0}, reverse=True):
            change = self._pair.of_stacks(stacks_of[node])
            found = PathChange(change=change, children=children.pop(node, {}))
            function = self._pair.numbers.functions[self._functions[node]]
            children.setdefault(self._parents[node], {})[function] = found
        return PathChange(change=self._pair.of_stacks(list(self._ways)), children=children.pop(0, {}))

    def _way(self, path: tuple[int, ...]) -> list[int]:
        """The nodes from below the root to the end of a stack."""
        at, way = 0, []
        for function in path:
            child = self._index.setdefault((at, function), len(self._parents))
            if child == len(self._parents):
                self._parents.append(at)
                self._functions.append(function)
            at = child
            way.append(at)
        return way

    def _kept(self) -> set[int]:
        was, now = ([0.0] * len(self._parents) for _ in range(2))
        for stack, way in self._ways.items():
            before, after = self._pair.seconds((stack,))
            for node in way:
                was[node] += before
                now[node] += after
        return {0} | {node for node in range(len(was)) if self._pair.matters(was[node], now[node])}
