"""Lines of source with how often each was seen. Pure."""

from collections.abc import Mapping, Sequence

from textual.strip import Strip

from perftui.model.line_heat import LineHeat
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of

HOT_RATIO = 0.1
"""From this share of all samples on a line is marked as hot."""


def source_strips(
    lines: Sequence[str],
    heat: Mapping[int, LineHeat],
    whole: float,
    first: int,
    width: int,
    palette: Palette,
    marked: int | None = None,
) -> list[Strip]:
    """A head line and ``lines``, of which the first one has the number ``first``; shares are of ``whole`` samples."""
    strips = [strip_of([("  self  total   line", palette.muted)], width, palette)]
    for number, line in enumerate(lines, first):
        seen = heat.get(number)
        figures = " " * 12
        style, quiet = palette.muted, palette.muted
        if seen is not None:
            own = f"{100 * seen.self_value / whole:5.0f}%" if seen.self_value else " " * 6
            figures = f"{own} {100 * seen.total / whole:4.0f}%"
            hot = seen.total >= HOT_RATIO * whole
            style, quiet = palette.text, palette.warning if hot else palette.text
        if number == marked:
            style = quiet = palette.selected
        strips.append(strip_of([(figures, quiet), (f" {number:6d}  ", quiet), (line, style)], width, palette))
    return strips


def hottest(heat: Mapping[int, LineHeat], near: int) -> int:
    """The line with the most self time, then total; without any the line ``near``."""
    return max(heat, key=lambda line: (heat[line].self_value, heat[line].total), default=max(1, near))
