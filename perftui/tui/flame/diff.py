"""What has changed since a mark, live."""

import time
from collections.abc import Callable
from typing import ClassVar, NamedTuple

import msgspec
from textual.strip import Strip

from perftui.analyze.stack_diff import StackDiff, compare
from perftui.analyze.stack_paths import PathChange, changes_by_path
from perftui.analyze.stack_side import Known
from perftui.model.async_view import by_task
from perftui.model.profile import StackProfile
from perftui.model.stack_filter import StackFilter
from perftui.model.stack_past import StackPast
from perftui.profile.tree import Node, View, build
from perftui.tui.flame.recent import Recent
from perftui.tui.flame.view import FlameView, Shown
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.flame import EMPTY, Icicle, lay_out
from perftui.tui.renderables.heat import clock_text
from perftui.tui.renderables.stack_diff import (
    diff_row_strip,
    function_of,
    list_strips,
    listed,
    sides_strip,
    verdict_strip,
)
from perftui.tui.widgets.line import Hint

SIDE_NS = 120_000_000_000
"""As much is compared on either side, at most: older windows say less of now, and each costs."""

EVERY_NS = 2_000_000_000
RESTS = 50
"""It is compared again after so long, or after so many times as long as it took: a fiftieth of a core at most."""

FIXED_LINES = 2
MOST_LISTED = 10


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """``tree`` is what came after the mark, ``root`` what became of each place in it."""

    diff: StackDiff
    tree: Node | None
    root: PathChange | None


class Wanted(NamedTuple):
    """What is to be compared."""

    mark_ns: int
    view: View
    filter: StackFilter
    by_task: bool

    def seen(self, profile: StackProfile) -> StackProfile:
        """With the stacks that are kept, as they are shown."""
        return self.filter.apply(by_task(profile) if self.by_task else profile)


class DiffView(FlameView):
    """``m`` marks the moment; without one the last change that was applied is the mark."""

    hints: ClassVar[tuple[Hint, ...]] = (("m", "mark"), ("Enter", "find it"), ("u", "unmark"))
    always: ClassVar[bool] = True

    def __init__(self) -> None:
        self._sides = _Sides()
        self._icicle: Icicle = EMPTY
        self._row = 0

    # ---- drawing

    def lines(self, shown: Shown, width: int, height: int, palette: Palette, *, focused: bool) -> list[Strip]:
        moment, compared = shown.moment, self._sides.compared
        if moment.mark is None or compared is None:
            waits = "the two sides are being compared" if moment.mark else "m marks this moment, to compare with"
            return [strip_of([(f"  {waits}", palette.text)], width, palette)]
        lines = [
            sides_strip(
                compared.diff, f"{clock_text(moment.mark[0] + moment.wall_offset_ns)} {moment.mark[1]}", width, palette
            ),
            verdict_strip(compared.diff, width, palette),
        ]
        listed = self._list(compared.diff, width, height - FIXED_LINES, palette, focused=focused)
        lines += self._boxes(compared, width, height - FIXED_LINES - len(listed), palette)
        return [*lines, *listed]

    def work(self, shown: Shown) -> Callable[[], None] | None:
        past, mark = shown.moment.past, shown.moment.mark
        if past is None or mark is None:
            return None
        view: View = "wall" if shown.weight == "wall" else "cpu"
        return self._sides.work(past, Wanted(mark[0], view, shown.filter, shown.moment.by_task))

    def _list(self, diff: StackDiff, width: int, room: int, palette: Palette, *, focused: bool) -> list[Strip]:
        """The rows around the cursor; the icicle gets more than half of the room."""
        found, rows = listed(diff), min(MOST_LISTED, room // 2)
        self._row = max(0, min(self._row, len(found) - 1))
        first = max(0, min(self._row - rows // 2, len(found) - rows))
        return list_strips(found[first : first + rows], width, palette, self._row - first if focused else None)

    def _boxes(self, compared: Compared, width: int, rows: int, palette: Palette) -> list[Strip]:
        if compared.tree is None or rows <= 0:
            return []
        self._icicle = lay_out(compared.tree, width, max_rows=rows, fold=True, old=self._icicle)
        strips = [diff_row_strip(row, compared.root, width, palette) for row in self._icicle.rows]
        return [*strips, *[Strip.blank(width, palette.text)] * (rows - len(strips))]

    # ---- moving about

    def along(self, shown: Shown, by: int) -> None:  # noqa: ARG002 - the same for whatever is shown
        self._row = max(0, self._row + by)

    def top(self, shown: Shown) -> None:  # noqa: ARG002 - the same for whatever is shown
        self._row = 0

    def enter(self, shown: Shown) -> str:
        """Look for the function under the cursor in the flame."""
        found = listed(self._sides.compared.diff) if self._sides.compared else []
        if not found:
            return ""
        shown.needle = function_of(found[min(self._row, len(found) - 1)])
        return "icicle"

    def leave(self, shown: Shown) -> None:
        shown.moment.marked_ns = None

    def forget(self) -> None:
        self._icicle = EMPTY


class _Sides:
    """The windows of both sides, and what comparing them came to (None: nothing yet)."""

    def __init__(self) -> None:
        self.compared: Compared | None = None
        self._done: Wanted | None = None
        self._until_ns = 0
        self._rest_ns = EVERY_NS
        self._known = Known()
        self._before, self._after = Recent(), Recent()
        self._busy = False

    def work(self, past: StackPast, wanted: Wanted) -> Callable[[], None] | None:
        """To be done when something else is wanted, or there is more to compare."""
        if self._busy or (self._done == wanted and 0 <= past.last_ns - self._until_ns < self._rest_ns):
            return None
        if self._done != wanted:
            self.compared, self._known = None, Known()
            self._before, self._after = Recent(wanted.seen), Recent(wanted.seen)
        self._busy, self._done, self._until_ns = True, wanted, past.last_ns
        until_ns = past.last_ns

        def work() -> None:
            started_ns = time.thread_time_ns()
            try:
                self.compared = self._compare(past, wanted, until_ns)
            finally:
                self._rest_ns = max(EVERY_NS, RESTS * (time.thread_time_ns() - started_ns))
                self._busy = False

        return work

    def _compare(self, past: StackPast, wanted: Wanted, until_ns: int) -> Compared:
        mark_ns, view = wanted.mark_ns, wanted.view
        since_ns = max(mark_ns, until_ns - SIDE_NS)
        before = self._before.windows(past, mark_ns - SIDE_NS, mark_ns)
        after = self._after.windows(past, since_ns, until_ns)
        span = past.span(since_ns, until_ns) if after else None
        return Compared(
            diff=compare(before, after, view=view, known=self._known),
            tree=build(wanted.seen(span), view=view) if span else None,
            root=changes_by_path(before, after, view=view, known=self._known),
        )
