"""Functions by self time, with a cursor."""

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.strip import Strip

from perftui.model.sandwich import Step
from perftui.model.stack_filter import StackFilter
from perftui.tui.flame.view import FlameView, Shown, Weight, self_shares
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.flame import HotRow
from perftui.tui.renderables.hot import trend_strips
from perftui.tui.widgets.line import Hint

MINUTE_NS = 60_000_000_000
LOOK_BACK_EVERY_NS = 5_000_000_000
"""The minute before changes slowly, and to work it out takes many times as long as to draw."""


class HotView(FlameView):
    """The list instead of the icicle. ``Enter`` looks for the function there."""

    hints: ClassVar[tuple[Hint, ...]] = (("Enter", "find it"),)

    def __init__(self) -> None:
        self._row = 0
        self._first = 0
        self._before: Mapping[Step, float] | None = None
        self._looked_for: tuple[Weight, StackFilter] | None = None
        self._looked_ns = 0

    def lines(self, shown: Shown, width: int, height: int, palette: Palette, *, focused: bool) -> list[Strip]:
        tree, rows, room = shown.tree, shown.hot, height - 1
        if tree is None:
            return []
        self._row = max(0, min(self._row, len(rows) - 1))
        self._first = max(0, min(self._row - room // 2, len(rows) - room))
        marked = self._row - self._first if focused else None
        return trend_strips(rows[self._first : self._first + room], tree.total, self._before, width, palette, marked)

    def detail(self, shown: Shown, width: int, palette: Palette) -> Strip:  # noqa: ARG002 - the same for all
        """What the trend is against."""
        text = " trend: share of self time, in points against the minute before" if self._before is not None else ""
        return strip_of([(text, palette.muted)], width, palette)

    def work(self, shown: Shown) -> Callable[[], None] | None:
        """Each function's share of self time in the minute before, worked out seldom: it may be thousands of stacks."""
        stacks, profile = shown.moment.past, shown.whole
        wanted = shown.weight, shown.filter
        if wanted != self._looked_for:
            self._before, self._looked_for, self._looked_ns = None, wanted, 0
        if profile is None or stacks is None or shown.weight == "gil":
            return None
        if self._looked_ns <= stacks.last_ns < self._looked_ns + LOOK_BACK_EVERY_NS:
            return None
        self._looked_ns = stacks.last_ns

        def look() -> None:
            past = stacks.span(profile.started_ns - MINUTE_NS, profile.started_ns)
            shares = self_shares(past, *wanted) if past else None
            if wanted == self._looked_for:
                self._before = shares

        return look

    def along(self, shown: Shown, by: int) -> None:
        self._select(shown, self._row + by)

    def top(self, shown: Shown) -> None:
        self._select(shown, 0)

    def enter(self, shown: Shown) -> str:
        row = self._select(shown, self._row)
        if row is None:
            return ""
        shown.needle = row.function
        return "icicle"

    def click(self, shown: Shown, x: int, y: int) -> bool:  # noqa: ARG002 - a row is one thing
        at, before = self._first + y - 1, self._row
        if y > 0 and at < len(shown.hot):
            self._select(shown, at)
            return at == before
        return False

    def _select(self, shown: Shown, at: int) -> HotRow | None:
        rows = shown.hot
        self._row = max(0, min(at, len(rows) - 1))
        if not rows:
            return None
        row = rows[self._row]
        shown.picked = (row.function, row.file)
        return row
