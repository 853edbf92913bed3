"""What pages of figures are laid out with: facts in a grid, tables whose columns go as the width does."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.style import Style
from textual.strip import Strip

from perftui.model.sample import Sample
from perftui.model.units import count_text
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, fit, spelled, strip_of, wrap

FACT_WIDTH = 36
"""Cells of one fact in the grid, the gap to the next one included."""

GAP = 2


class Fact(NamedTuple):
    """A label and its figure; None is left out, because this kernel does not tell."""

    label: str
    figure: str | None
    alarming: bool = False


class Column(NamedTuple):
    """``least_page`` is the width of the page from which on there is room for it. The first column stands left."""

    title: str
    width: int
    least_page: int = 0


class Row(NamedTuple):
    """The cells, one per column, and what stands after them."""

    cells: Sequence[str]
    rest: str = ""
    alarming: bool = False


def facts_grid(facts: Sequence[Fact], width: int, palette: Palette) -> list[Strip]:
    """As many facts beside each other as the width has room for, row by row."""
    known = [fact for fact in facts if fact.figure is not None]
    across = max(1, (width + GAP) // FACT_WIDTH)
    cell = width if across == 1 else FACT_WIDTH - GAP
    lines = []
    for at in range(0, len(known), across):
        parts: list[Part] = []
        for fact in known[at : at + across]:
            parts += _fact(fact, cell, palette)
            parts.append((" " * GAP, palette.text))
        lines.append(strip_of(parts, width, palette))
    return lines


def _fact(fact: Fact, width: int, palette: Palette) -> list[Part]:
    mark = f"{palette.glyphs.warning} " if fact.alarming else ""
    figure = f" {mark}{fact.figure}"
    label = fit(fact.label, max(0, width - len(figure)), ellipsis=palette.glyphs.ellipsis)
    return [(label, palette.muted), (figure, palette.warning if fact.alarming else palette.text)]


def table(
    columns: Sequence[Column], rows: Sequence[Row], width: int, palette: Palette, rest_title: str = ""
) -> list[Strip]:
    """A head line and a line per row, without the columns that this width has no room for.

    What stands after the cells goes on lines of its own where it would be cut.
    """
    head = row_text(columns, [column.title for column in columns], width, palette)
    lines = [strip_of([(f"{head} {rest_title}", palette.muted)], width, palette)]
    for row in rows:
        text = row_text(columns, row.cells, width, palette)
        style = palette.warning if row.alarming else palette.text
        mark = f" {palette.glyphs.warning}" if row.alarming else ""
        whole = f"{text}{mark} {row.rest}".rstrip()
        fits = cells(spelled(whole, palette)) <= width
        lines.append(strip_of([(whole if fits else f"{text}{mark}", style)], width, palette))
        if not fits:
            lines += text_lines(row.rest, width, palette, style, indent=4)
    return lines


def row_text(columns: Sequence[Column], texts: Sequence[str], width: int, palette: Palette) -> str:
    """One text for each column, without the columns that this width has no room for."""
    shown = [at for at, column in enumerate(columns) if width >= column.least_page]
    return "".join(_cell(columns[at], texts[at], at, palette) for at in shown)


def _cell(column: Column, text: str, at: int, palette: Palette) -> str:
    if at == 0:
        return fit(text, column.width, ellipsis=palette.glyphs.ellipsis)
    return " " + fit(text, column.width - 1, align="right")


def per_s_text(rate: float | None) -> str | None:
    """``12k/s``; None for what is not known."""
    return None if rate is None else f"{count_text(rate)}/s"


def pair_text(first: float | None, second: float | None) -> str | None:
    """Two rates that belong together: ``12 / 3 /s``; None when one is not known."""
    return None if first is None or second is None else f"{count_text(first)} / {count_text(second)} /s"


def text_lines(text: str, width: int, palette: Palette, style: Style | None = None, *, indent: int = 0) -> list[Strip]:
    """A sentence, in as many lines as it takes."""
    lines = wrap(spelled(text, palette), max(1, width - indent))
    return [
        strip_of([(" " * indent + line, palette.muted if style is None else style)], width, palette) for line in lines
    ]


def not_visible(sample: Sample, collector: str, width: int, palette: Palette) -> list[Strip]:
    """Why there are no figures, and what would make them visible."""
    status = sample.status(collector)
    if status is None or status.state == "ok":
        return text_lines("measuring", width, palette)
    why = f"{status.reason}; {status.remedy}" if status.remedy else status.reason
    style = palette.critical if status.state == "failed" else palette.warning
    return text_lines(f"{palette.glyphs.unknown} {status.name} not visible: {why}", width, palette, style)
