"""Stacks folded into a tree, for an icicle view."""

from collections import Counter
from collections.abc import Callable, Sequence

from perftui.model.profile import StackProfile
from perftui.profile.trie import UNITS, Selection, Stretch, Tally, Trie, View

__all__ = ["Node", "View", "build"]

Wanted = Callable[[str, str], bool]
"""Whether a function is looked for, by its name and file."""

_ROOT = "all", "", 0


class Node:
    """One function reached by one way from the root.

    Values are samples (looks in the wall view, those on a CPU in the cpu view): ``self_value`` of stacks that
    end here, ``total`` of all that come through. ``line`` is the one that was seen most. ``children`` have the
    largest total first. A node of a profile finds them when it is asked.
    """

    __slots__ = ("_children", "_line", "_self_value", "file", "function", "total")

    def __init__(
        self, *, function: str, file: str, line: int, self_value: float, total: float, children: Sequence["Node"] = ()
    ) -> None:
        self.function = function
        self.file = file
        self.total = total
        self._self_value = self_value
        self._line = line
        self._children: Sequence[Node] | None = children

    @property
    def line(self) -> int:
        return self._line

    @property
    def self_value(self) -> float:
        return self._self_value

    @property
    def children(self) -> Sequence["Node"]:
        return self._children or ()

    def larger(self, least: float) -> Sequence["Node"]:
        """The children with a total of at least this (more than 0), the largest first: far cheaper than all."""
        return [child for child in self.children if child.total >= least]

    def holding(self, wanted: Wanted) -> float:
        """What all wanted functions in this tree hold together; one below another counts once."""
        total, todo = 0.0, [self]
        while todo:
            node = todo.pop()
            if wanted(node.function, node.file):
                total += node.total
            else:
                todo.extend(node.children)
        return total

    def functions(self) -> list[Tally]:
        """Each function below this node once, in no order."""
        found: dict[tuple[str, str], Tally] = {}
        above: Counter[tuple[str, str]] = Counter()  # how often a function is on the way from the root
        todo: list[tuple[Node, bool]] = [(child, False) for child in self.children]
        while todo:
            node, left = todo.pop()
            key = node.function, node.file
            if left:
                above[key] -= 1
                continue
            known = found.get(key) or Tally(*key, node.line, 0.0, 0.0)
            total = known.looks + (0.0 if above[key] else node.total)
            found[key] = known._replace(self_looks=known.self_looks + node.self_value, looks=total)
            above[key] += 1
            todo.append((node, True))
            todo.extend((child, False) for child in node.children)
        return list(found.values())


class _Branch(Node):
    """A node of a profile: a stretch of its stacks."""

    __slots__ = ("_selection", "_stretch")

    def __init__(self, selection: Selection, stretch: Stretch) -> None:
        self.function, self.file, self._line = selection.key(stretch) if stretch.depth else _ROOT
        self.total = selection.looks(stretch)
        self._children = None
        self._selection = selection
        self._stretch = stretch

    @property
    def line(self) -> int:
        if not self._line and self._stretch.depth:
            self._line = self._selection.line(self._stretch)
        return self._line

    @property
    def self_value(self) -> float:
        return self._selection.self_looks(self._stretch)

    @property
    def children(self) -> Sequence[Node]:
        if self._children is None:
            self._children = self.larger(1 / UNITS)
        return self._children

    def larger(self, least: float) -> Sequence[Node]:
        found = [_Branch(self._selection, stretch) for stretch in self._selection.larger(self._stretch, least)]
        if len(found) > 1:
            found.sort(key=lambda node: (-node.total, node.function, node.file, node._line))
        return found

    def holding(self, wanted: Wanted) -> float:
        return self._selection.holding(self._stretch, lambda key: wanted(key[0], key[1]))

    def functions(self) -> list[Tally]:
        return self._selection.tallies(self._stretch)


def build(
    profile: StackProfile, *, view: View, tid: int | None = None, merge_lines: bool = True, trie: Trie | None = None
) -> Node:
    """The tree below ``all``, of every thread or of one.

    With ``merge_lines`` the lines of a function are one node, without it each line is a node of its own.
    Recursion gives a node per level. Stacks that have no value in the view leave no node.

    A ``trie`` goes on from the profile that it was given before, and tells by itself whether lines are merged.
    """
    trie = trie or Trie(merge_lines=merge_lines)
    trie.take(profile)
    selection = trie.selection(view, tid)
    return _Branch(selection, selection.root)
