"""Stacks folded into a tree, for an icicle view."""

from typing import Literal

import msgspec

from perftui.model.profile import StackProfile

View = Literal["wall", "cpu"]


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """One function reached by one way from the root.

    Values are samples (looks in the wall view, those on a CPU in the cpu view): ``self_value`` of stacks that
    end here, ``total`` of all that come through. ``line`` is the one that was seen most. ``children`` have the
    largest total first.
    """

    function: str
    file: str
    line: int
    self_value: float
    total: float
    children: tuple["Node", ...] = ()


_Key = tuple[str, str, int]
_ROOT: _Key = ("all", "", 0)


def build(profile: StackProfile, *, view: View, tid: int | None = None, merge_lines: bool = True) -> Node:
    """The tree below ``all``, of every thread or of one.

    With ``merge_lines`` the lines of a function are one node, without it each line is a node of its own.
    Recursion gives a node per level. Stacks that have no value in the view leave no node.
    """
    trie = _Trie()
    key_of = [(frame.function, frame.file, 0 if merge_lines else frame.line) for frame in profile.frames]
    for row in profile.rows:
        value = row.on_cpu if view == "cpu" else float(row.samples)
        if value > 0 and (tid is None or row.tid == tid):
            at = 0
            for index in profile.stacks[row.stack]:
                at = trie.child(at, key_of[index])
                if merge_lines:
                    trie.see_line(at, profile.frames[index].line, value)
            trie.selves[at] += value
    return trie.nodes()


class _Trie:
    """Nodes as parallel lists. A child always has a higher number than its parent, so no step recurses."""

    def __init__(self) -> None:
        self.keys: list[_Key] = [_ROOT]
        self.parents = [0]
        self.selves = [0.0]
        self._lines: list[dict[int, float] | None] = [None]
        self._index: dict[tuple[int, _Key], int] = {}

    def child(self, parent: int, key: _Key) -> int:
        at = self._index.setdefault((parent, key), len(self.keys))
        if at == len(self.keys):
            self.keys.append(key)
            self.parents.append(parent)
            self.selves.append(0.0)
            self._lines.append(None)
        return at

    def see_line(self, at: int, line: int, value: float) -> None:
        lines = self._lines[at]
        if lines is None:
            self._lines[at] = {line: value}
        else:
            lines[line] = lines.get(line, 0.0) + value

    def nodes(self) -> Node:
        """The root, built from the leaves up."""
        totals = list(self.selves)
        children: dict[int, list[Node]] = {}
        for at in range(len(self.keys) - 1, 0, -1):
            totals[self.parents[at]] += totals[at]
            children.setdefault(self.parents[at], []).append(self._node(at, totals[at], children.pop(at, [])))
        return self._node(0, totals[0], children.pop(0, []))

    def _node(self, at: int, total: float, children: list[Node]) -> Node:
        function, file, line = self.keys[at]
        lines = self._lines[at]
        return Node(
            function=function,
            file=file,
            line=max(lines, key=lines.__getitem__) if lines else line,
            self_value=self.selves[at],
            total=total,
            children=tuple(sorted(children, key=lambda node: (-node.total, node.function, node.file, node.line))),
        )
