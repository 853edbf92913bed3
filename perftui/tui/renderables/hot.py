"""Functions by self time, a line each. Pure."""

from collections.abc import Mapping, Sequence

from textual.strip import Strip

from perftui.model.sandwich import Step
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, strip_of
from perftui.tui.renderables.flame import HotRow, place

STEADY_POINTS = 1
"""A share that moved by less than this many percentage points is as before."""


def hot_strips(
    rows: Sequence[HotRow], whole: float, width: int, palette: Palette, marked: int | None = None
) -> list[Strip]:
    """A head line and the rows, with shares of ``whole`` samples; the row at ``marked`` is under the cursor."""
    figures = [f"{100 * row.self_value / whole:5.0f}% {100 * row.total / whole:5.0f}%  " for row in rows]
    return _strips("  self  total  function", rows, figures, width, palette, marked)


def trend_strips(
    rows: Sequence[HotRow],
    whole: float,
    before: Mapping[Step, float] | None,
    width: int,
    palette: Palette,
    marked: int | None = None,
) -> list[Strip]:
    """The same with what became of each share of self time since ``before``; None: there is nothing to compare with."""
    figures = []
    for row in rows:
        now = row.self_value / whole
        trend = f"{'' if before is None else moved(now, before.get((row.function, row.file), 0.0)):>5}"
        figures.append(f"{100 * now:5.0f}% {trend}  {100 * row.total / whole:5.0f}%  ")
    head = "  self trend   total  function" if before is not None else "  self no past total  function"
    return _strips(head, rows, figures, width, palette, marked)


def moved(now: float, before: float) -> str:
    """``↑12``: by how many points a share (0-1) grew or shrank."""
    points = round(100 * (now - before))
    return f"{'↑' if points > 0 else '↓'}{abs(points)}" if abs(points) >= STEADY_POINTS else "="


def _strips(
    head: str, rows: Sequence[HotRow], figures: Sequence[str], width: int, palette: Palette, marked: int | None
) -> list[Strip]:
    strips = [strip_of([(head, palette.muted)], width, palette)]
    for at, (row, text) in enumerate(zip(rows, figures, strict=True)):
        style = palette.selected if at == marked else palette.text
        quiet = style if style is palette.selected else palette.muted
        where = place(row.file, row.line, width - cells(text + row.function) - 2, palette)
        strips.append(strip_of([(text, style), (row.function, style), ("  " + where, quiet)], width, palette))
    return strips
