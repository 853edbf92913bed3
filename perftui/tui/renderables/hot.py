"""Functions by self time, a line each. Pure."""

from collections.abc import Sequence

from textual.strip import Strip

from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, strip_of
from perftui.tui.renderables.flame import HotRow, place


def hot_strips(
    rows: Sequence[HotRow], whole: float, width: int, palette: Palette, marked: int | None = None
) -> list[Strip]:
    """A head line and the rows, with shares of ``whole`` samples; the row at ``marked`` is under the cursor."""
    strips = [strip_of([("  self  total  function", palette.muted)], width, palette)]
    for at, row in enumerate(rows):
        style = palette.selected if at == marked else palette.text
        figures = f"{100 * row.self_value / whole:5.0f}% {100 * row.total / whole:5.0f}%  "
        quiet = style if style is palette.selected else palette.muted
        where = place(row.file, row.line, width - cells(figures + row.function) - 2, palette)
        strips.append(strip_of([(figures, style), (row.function, style), ("  " + where, quiet)], width, palette))
    return strips
