"""Calls as boxes, the root on top or at the bottom; the room below goes to the list of functions."""

from typing import ClassVar

from textual.strip import Strip

from perftui.profile.tree import Node
from perftui.tui.flame.view import FlameView, Shown
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, fit, strip_of
from perftui.tui.renderables.flame import (
    EMPTY,
    Box,
    Icicle,
    Path,
    lay_out,
    legend,
    matches,
    place,
    row_strip,
    step_of,
)
from perftui.tui.renderables.hot import hot_strips
from perftui.tui.widgets.line import Hint

LEGEND_FROM = 90
"""The width from which there is room for what the hues mean."""

SPARE_ROWS = 8
MIN_SPARE_ROWS = 3
"""How many rows under the icicle the list takes, its head line included, and from how many it is worth showing."""


class IcicleView(FlameView):
    """Calm from one second to the next: it is laid out from what was shown before."""

    hints: ClassVar[tuple[Hint, ...]] = (("Enter", "zoom"), ("u", "out"), ("c", "fold"), ("F", "flip"))

    def __init__(self) -> None:
        self.folding = True
        self.flipped = False
        self.selected: Path = ()
        self.zoomed: Path = ()
        self._is_zoomed = False
        self._outer: list[Path] = []
        """What was zoomed into before, for the way out."""
        self.icicle: Icicle = EMPTY
        self._row = 0
        self._first_row = 0
        self._drawn: list[int] = []
        """The row of boxes on each line that was drawn, -1 for none."""

    # ---- drawing

    def lines(self, shown: Shown, width: int, height: int, palette: Palette, *, focused: bool) -> list[Strip]:
        tree = shown.tree
        if tree is None:
            return []
        base, root = node_at(tree, self.zoomed)
        self._is_zoomed = bool(base)
        self.icicle = lay_out(
            root, width, max_rows=200, fold=self.folding, old=self.icicle, base=base, whole=tree.total
        )
        box = self.icicle.find(self.selected) or self.icicle.rows[0][0]
        self._row = next(at for at, row in enumerate(self.icicle.rows) if box in row)
        # The selected row stays in sight, and the row below it, which is what one is heading for.
        last = len(self.icicle.rows) - height
        self._first_row = max(0, min(max(self._first_row, self._row + 2 - height), self._row, last))
        needle = shown.needle.lower()
        hit = (lambda one: _is_hit(one, needle)) if needle else None
        rows = range(self._first_row, min(self._first_row + height, len(self.icicle.rows)))
        strips = [row_strip(self.icicle.rows[at], width, palette, box if focused else None, hit) for at in rows]
        # Room that the icicle leaves goes to the list, which stands at the bottom so that it does not jump.
        spare = min(height - len(strips) - 1, SPARE_ROWS)
        spare = spare if spare >= MIN_SPARE_ROWS else 0
        gap = height - len(strips) - spare
        blank = [Strip.blank(width, palette.text)] * gap
        below = hot_strips(shown.hot[: spare - 1], tree.total, width, palette) if spare else []
        if self.flipped:
            self._drawn = [-1] * gap + list(reversed(rows))
            return [*blank, *reversed(strips), *below]
        self._drawn = list(rows)
        return [*strips, *blank, *below]

    def detail(self, shown: Shown, width: int, palette: Palette) -> Strip:
        """The selected frame in full."""
        tree, box = shown.tree, self._box()
        node = box.node if box else None
        if tree is None or box is None or node is None:
            return Strip.blank(width, palette.text)
        figures = f" {100 * node.total / tree.total:.0f} % (self {100 * node.self_value / tree.total:.0f} %)  "
        folded = f"  +{len(box.chain) - 1} folded" if len(box.chain) > 1 else ""
        hues = legend(palette) if width >= LEGEND_FROM else []
        room = max(0, width - len(figures) - len(folded) - sum(len(text) for text, _ in hues) - 1)
        name = fit(node.function, min(room, cells(node.function)), ellipsis=palette.glyphs.ellipsis)
        where = place(node.file, node.line, room - cells(name) - 2, palette)
        name = f"{name}  {where}" if where else name
        gap = " " * (room + 1 - cells(name))
        parts = [(figures, palette.accent), (name, palette.text), (folded, palette.muted), (gap, palette.text), *hues]
        return strip_of(parts, width, palette)

    @property
    def note(self) -> str:
        """A function that is not seen for some seconds is zoomed into again when it comes back."""
        if len(self.zoomed) < 2:
            return ""
        return "zoomed" if self._is_zoomed else "zoomed into what is not in these stacks"

    # ---- moving about

    def _box(self) -> Box | None:
        return self.icicle.find(self.selected) or (self.icicle.rows[0][0] if self.icicle.rows else None)

    def _select(self, shown: Shown, box: Box | None) -> None:
        if box is not None and box.node is not None:
            self.selected = box.path
            shown.picked = step_of(box.node) if len(box.path) > 1 else None  # the root is no function

    def across(self, shown: Shown, by: int) -> None:
        """To the neighbour in the same row."""
        box = self._box()
        row = [other for other in self.icicle.rows[self._row] if other.chain] if box else []
        at = row.index(box) + by if box else -1
        if 0 <= at < len(row):
            self._select(shown, row[at])

    def along(self, shown: Shown, by: int) -> None:
        """To the caller, or to the biggest callee."""
        box = self._box()
        if box is None:
            return
        if (by > 0) != self.flipped:
            below = [child for child in self.icicle.children.get(box.path, ()) if child.chain]
            self._select(shown, max(below, key=lambda child: child.width, default=box))
        elif self._row > 0:
            self._select(shown, self.icicle.find(box.parent_path))

    def top(self, shown: Shown) -> None:
        self._select(shown, self.icicle.rows[0][0] if self.icicle.rows else None)

    def enter(self, shown: Shown) -> str:
        """Make the selected box the root."""
        box = self._box()
        if box is not None:
            self._select(shown, box)
            if box.path[1:] != self.zoomed[1:]:
                self._outer.append(self.zoomed)
            self.zoomed, self.icicle, self._first_row = box.path, EMPTY, 0
        return ""

    def leave(self, shown: Shown) -> None:  # noqa: ARG002 - the same for whatever is shown
        """Back out of one zoom after the other."""
        self.zoomed, self.icicle = self._outer.pop() if self._outer else (), EMPTY

    def next_hit(self, shown: Shown) -> None:
        """Row by row."""
        needle = shown.needle.lower()
        hits = [box for box in self.icicle.boxes() if box.chain and _is_hit(box, needle)] if needle else []
        current = self._box()
        if hits:
            self._select(shown, hits[(hits.index(current) + 1) % len(hits) if current in hits else 0])

    def click(self, shown: Shown, x: int, y: int) -> bool:
        row = self._drawn[y] if 0 <= y < len(self._drawn) else -1
        if row < 0:
            return False
        box = next((box for box in self.icicle.rows[row] if box.x <= x < box.x + box.width), None)
        if box is not None and box.path == self.selected:
            return True
        self._select(shown, box)
        return False

    def fold(self, shown: Shown) -> None:  # noqa: ARG002 - the same for whatever is shown
        self.folding, self.icicle = not self.folding, EMPTY

    def flip(self, shown: Shown) -> None:  # noqa: ARG002 - the same for whatever is shown
        self.flipped = not self.flipped

    def forget(self) -> None:
        self.icicle = EMPTY


def _is_hit(box: Box, needle: str) -> bool:
    return any(matches(node, needle) for node in box.chain)


def node_at(tree: Node, path: Path) -> tuple[Path, Node]:
    """The node that a path leads to, as far as it still exists, and the path above that node."""
    node = tree
    base: Path = ()
    for step in path[1:]:
        below = next((child for child in node.children if step_of(child) == step), None)
        if below is None:
            break
        base = (*base, step_of(node))
        node = below
    return base, node
