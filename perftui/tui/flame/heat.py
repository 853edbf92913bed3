"""The last minutes as a map of heat: a span of it is chosen, and the flame shows that span."""

from collections.abc import Callable
from typing import ClassVar

import msgspec
from textual.strip import Strip

from perftui.analyze.stacks import StackReader
from perftui.model.async_view import LoopLag, loop_lag
from perftui.model.profile_views import hot_functions
from perftui.model.stack_past import StackPast
from perftui.model.units import ratio_text
from perftui.tui.flame.recent import Recent
from perftui.tui.flame.view import FlameView, Shown
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.heat import (
    COLUMN_NS,
    LABEL_WIDTH,
    STEP_NS,
    Heat,
    SpanNs,
    axis_strip,
    clock_text,
    empty_heat,
    filled,
    grid_strips,
    lag_parts,
    scale_parts,
)
from perftui.tui.widgets.line import Hint

FIXED_LINES = 1

LAG_NS = 30_000_000_000
"""The lag of a loop is told for this time."""


class HeatView(FlameView):
    """``Enter`` marks the start of a span, and then its end.

    Without a cursor (at the start and after Home) the map moves on; with one it stands still, so that one can choose.
    """

    hints: ClassVar[tuple[Hint, ...]] = (("Enter", "start, end"), ("u", "unmark"))
    always: ClassVar[bool] = True

    def __init__(self) -> None:
        self._heat = Heat(since_ns=0, cell_ns=COLUMN_NS, columns=1)
        self._cursor_ns: int | None = None
        self._marked_ns: int | None = None
        self._hottest: tuple[SpanNs, str] = ((0, 0), "")
        self._lag = _Lag()
        self._drawn: tuple[tuple[object, ...], list[Strip]] = ((), [])
        self._wanted: Heat | None = None
        self._busy = False

    # ---- drawing

    def lines(self, shown: Shown, width: int, height: int, palette: Palette, *, focused: bool) -> list[Strip]:
        past, offset_ns = shown.moment.past, shown.moment.wall_offset_ns
        if past is None or past.last_ns == 0:
            return [strip_of([("  no stacks of the last minutes are kept yet", palette.text)], width, palette)]
        self._wanted = self._map(past, offset_ns, width, height - FIXED_LINES)
        if not self._heat.cores:
            return []
        marked = shown.moment.span if self._marked_ns is None else self._span()
        grid = self._grid(width, palette, self._cursor() if focused else None, marked)
        lines = [*grid[: height - FIXED_LINES], axis_strip(self._heat, offset_ns, width, palette)]
        if self._lag.worst is not None:
            # Where there is no room it takes the place of the times: the cursor's is told below.
            lines = [*lines[: height - 1], strip_of(lag_parts(*self._lag.worst, palette), width, palette)]
        return lines

    def _grid(self, width: int, palette: Palette, cursor: SpanNs | None, marked: SpanNs | None) -> list[Strip]:
        """Drawn only when it looks different: it has thousands of cells."""
        wanted = self._heat, width, palette, cursor, marked
        if self._drawn[0] != wanted:
            self._drawn = wanted, grid_strips(self._heat, width, palette, cursor, marked)
        return self._drawn[1]

    def work(self, shown: Shown) -> Callable[[], None] | None:
        """Fill the map that is wanted, if it is another one, and judge the loops again; look into the cursor's cell."""
        past, wanted = shown.moment.past, self._wanted
        if past is None or wanted is None or self._busy:
            return None
        moved = wanted != msgspec.structs.replace(self._heat, cores=())
        if not moved and self._hottest[0] == self._cursor():
            return None
        self._busy = True

        def fill() -> None:
            try:
                if moved:
                    heat = filled(wanted, past)
                    self._lag.judge(shown, past)
                    self._heat = heat
                cell = self._cursor()
                self._hottest = cell, _hottest(past, cell)
            finally:
                self._busy = False

        return fill

    def detail(self, shown: Shown, width: int, palette: Palette) -> Strip:
        """What was there under the cursor, and what the signs mean."""
        past, heat = shown.moment.past, self._heat
        if past is None or not heat.cores:
            return Strip.blank(width, palette.text)
        at = self._cursor()
        cores = heat.cores_at(at[0])
        hottest = self._hottest[1] if self._hottest[0] == at else ""
        found = "not sampled" if cores is None else f"{max(0.0, cores):.2f} cores {hottest}"
        parts = [
            (f" {clock_text(at[0] + shown.moment.wall_offset_ns, fine=True)} ", palette.accent),
            (f"{found}  ", palette.text),
        ]
        if self._marked_ns is not None:
            return strip_of([*parts, ("Enter: the end", palette.focus)], width, palette)
        return strip_of([*parts, *scale_parts(heat, palette)], width, palette)

    def _map(self, past: StackPast, wall_offset_ns: int, width: int, height: int) -> Heat:
        """The map up to now, or around the cursor; without its figures."""
        now_ns = _aligned(past.last_ns, wall_offset_ns)
        heat = empty_heat(now_ns, width, height)
        if self._cursor_ns is None:
            return heat
        self._cursor_ns = min(max(self._cursor_ns, past.first_ns), now_ns - heat.cell_ns)
        until_ns = min(now_ns, self._heat.until_ns)  # in a replay now may be earlier than it was
        if heat.columns != self._heat.columns or not self._heat.since_ns <= self._cursor_ns < until_ns:
            ahead_ns = heat.columns // 2 * COLUMN_NS
            until_ns = min(now_ns, _aligned(self._cursor_ns + ahead_ns, wall_offset_ns))
        return empty_heat(until_ns, width, height)

    @property
    def note(self) -> str:
        return "" if self._cursor_ns is None else "standing still, Home: live"

    # ---- choosing

    def _cursor(self) -> SpanNs:
        """The cell that is selected."""
        heat = self._heat
        at_ns = self._cursor_ns if self._cursor_ns is not None else heat.until_ns - heat.cell_ns
        start_ns = heat.since_ns + (at_ns - heat.since_ns) // heat.cell_ns * heat.cell_ns
        return start_ns, start_ns + heat.cell_ns

    def _span(self) -> SpanNs:
        """From the mark to the cursor, both cells included, whichever is earlier."""
        here = self._cursor()
        start_ns = here[0] if self._marked_ns is None else self._marked_ns
        return min(start_ns, here[0]), max(start_ns + self._heat.cell_ns, here[1])

    def across(self, shown: Shown, by: int) -> None:  # noqa: ARG002 - the same for whatever is shown
        self._cursor_ns = self._cursor()[0] + by * COLUMN_NS

    def along(self, shown: Shown, by: int) -> None:  # noqa: ARG002 - the same for whatever is shown
        self._cursor_ns = self._cursor()[0] + by * self._heat.cell_ns

    def top(self, shown: Shown) -> None:  # noqa: ARG002 - the same for whatever is shown
        self._cursor_ns = None

    def enter(self, shown: Shown) -> str:
        if not self._heat.cores:
            return ""
        if self._marked_ns is None:
            self._cursor_ns = self._marked_ns = self._cursor()[0]
            return ""
        shown.moment.span, self._marked_ns = self._span(), None
        return "icicle"

    def leave(self, shown: Shown) -> None:
        """Forget the mark, then the span."""
        if self._marked_ns is None:
            shown.moment.span = None
        self._marked_ns = None

    def click(self, shown: Shown, x: int, y: int) -> bool:  # noqa: ARG002 - the same for whatever is shown
        column, heat = x - LABEL_WIDTH, self._heat
        if not (0 <= column < heat.columns and 0 <= y < heat.rows):
            return False
        before, self._cursor_ns = self._cursor_ns, heat.start_ns(column, y)
        return self._cursor_ns == before


class _Lag:
    """``worst`` has the lag of the loop that was blocked longest and whose it is; None where no event loop turns."""

    def __init__(self) -> None:
        self._recent = Recent()
        self.worst: tuple[LoopLag, str] | None = None

    def judge(self, shown: Shown, past: StackPast) -> None:
        profile = shown.update.profile if shown.update else None
        if profile is None:
            self.worst = None
            return
        until_ns = past.last_ns
        windows = self._recent.windows(past, until_ns - LAG_NS, until_ns)
        reader = StackReader(profile)
        found = []
        for thread in sorted(reader.loops()):
            lag = loop_lag(windows, thread)
            if lag is not None:
                found.append((lag, f"event loop of {reader.names.get(thread) or thread[1]}"))
        self.worst = max(found, key=lambda one: one[0].longest_ns, default=None)


def _hottest(past: StackPast, cell: SpanNs) -> str:
    """The function that used most of the CPU in a cell, and its part."""
    profile = past.span(*cell)
    best = hot_functions(profile, 1) if profile else ()
    return f"{best[0].function} {ratio_text(best[0].self_ratio)}" if best else ""


def _aligned(time_ns: int, wall_offset_ns: int) -> int:
    """The last whole step of wall time: so the map stands still in between."""
    return time_ns - (time_ns + wall_offset_ns) % STEP_NS
