"""Callers above a function, callees below. Pure."""

from textual.strip import Strip

from perftui.model.sandwich import Sandwich, Step
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, fit, strip_of
from perftui.tui.renderables.flame import place

BAR_CELLS = 10


def sandwich_strips(
    parts: Sandwich, function: Step, width: int, palette: Palette, marked: int | None = None
) -> list[Strip]:
    """Callers, the biggest next to the function; the function; its callees. Shares are of the function's samples.

    ``marked`` is the row under the cursor, counted from the function: callers below zero, callees above.
    """

    def row(at: int, step: Step, value: float) -> Strip:
        share = value / parts.total if parts.total > 0 else 0.0
        style = palette.selected if at == marked else palette.accent if at == 0 else palette.text
        quiet = style if at == marked else palette.muted
        sign = palette.glyphs.target if at == 0 else " "
        figures = f"{sign}{100 * share:5.1f}% "
        bar = palette.glyphs.levels[-1] * round(BAR_CELLS * share)
        name, file = step
        where = place(file, 0, width - cells(figures) - BAR_CELLS - cells(name) - 3, palette)
        return strip_of(
            [
                (figures, style),
                (fit(bar, BAR_CELLS), style if at == marked else palette.bar),
                (f" {name}", style),
                (f"  {where}", quiet),
            ],
            width,
            palette,
        )

    def head(text: str) -> Strip:
        return strip_of([(f" {text}", palette.muted)], width, palette)

    callers = list(enumerate(reversed(parts.callers), -len(parts.callers)))
    return [
        head("callers"),
        *(row(at, step, value) for at, (step, value) in callers),
        row(0, function, parts.total),
        head("callees"),
        *(row(at, step, value) for at, (step, value) in enumerate(parts.callees, 1)),
    ]


def caption(parts: Sandwich, function: Step, whole: float) -> str:
    """What part of all this function has."""
    return f" {100 * parts.total / whole:.0f} % of all is in {function[0]}" if whole > 0 else ""
