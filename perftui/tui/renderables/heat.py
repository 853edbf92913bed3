"""The last minutes as a map of heat: a column for each second, a row for each part of it. Pure.

The grid of FlameScope (Netflix, 2018): a burst is a dark run of cells, something periodic is a pattern. How hot a cell
is, its sign tells; colour only repeats it.
"""

from collections.abc import Sequence
from datetime import datetime
from math import isnan

import msgspec
from rich.style import Style
from textual.strip import Strip

from perftui.model.async_view import BLOCKED_NS, LoopLag
from perftui.model.profile import SLOT_NS
from perftui.model.stack_past import StackPast
from perftui.model.units import duration_text, ratio_text
from perftui.tui.palette import Palette
from perftui.tui.renderables.bars import peak_of, round_ceiling
from perftui.tui.renderables.cells import Part, fit, strip_of

COLUMN_NS = 1_000_000_000
CELLS = tuple(SLOT_NS * times for times in (1, 2, 4, 5, 10))
"""How long a cell can be: whole slots, a whole number of which make a second."""

STEP_NS = 2 * COLUMN_NS
"""The map moves two columns at a time: each move repaints all of it."""

LABEL_WIDTH = 4
TIME_EVERY = 10
"""Seconds from one time of day under the map to the next."""

LEAST_CEILING = 0.2
IDLE = 0.05
"""A scale of fewer cores would make heat of noise; what is below this part of it counts as idle."""

HOT_LEVEL = 3
"""From this of the four shades on a cell has the hot style."""

SpanNs = tuple[int, int]
"""Start and end, CLOCK_MONOTONIC."""


class Heat(msgspec.Struct, frozen=True, kw_only=True):
    """Mean cores on CPU, second by second and in each second ``rows`` parts; NaN where nothing was sampled."""

    since_ns: int
    cell_ns: int
    columns: int
    cores: tuple[float, ...] = ()

    @property
    def rows(self) -> int:
        return COLUMN_NS // self.cell_ns

    @property
    def until_ns(self) -> int:
        return self.since_ns + self.columns * COLUMN_NS

    @property
    def ceiling(self) -> float:
        """The cores that the darkest sign stands for."""
        return round_ceiling(peak_of(self.cores), LEAST_CEILING)

    def start_ns(self, column: int, row: int) -> int:
        return self.since_ns + column * COLUMN_NS + row * self.cell_ns

    def cores_at(self, time_ns: int) -> float | None:
        """None where nothing was sampled, and outside."""
        at = (time_ns - self.since_ns) // self.cell_ns
        cores = self.cores[at] if 0 <= at < len(self.cores) else None
        return None if cores is None or isnan(cores) else cores


def empty_heat(until_ns: int, width: int, height: int) -> Heat:
    """The map that fits: as fine as the height allows, as long as the width does; without its figures."""
    cell_ns = next((cell for cell in CELLS if COLUMN_NS // cell <= height), CELLS[-1])
    columns = max(1, width - LABEL_WIDTH)
    return Heat(since_ns=until_ns - columns * COLUMN_NS, cell_ns=cell_ns, columns=columns)


def filled(heat: Heat, past: StackPast) -> Heat:
    cores = past.heat(heat.since_ns, heat.until_ns, heat.columns * heat.rows)
    return msgspec.structs.replace(heat, cores=tuple(cores))


def level(cores: float, ceiling: float) -> int:
    """0 (idle) to 4."""
    ratio = cores / ceiling
    return 0 if ratio < IDLE else min(4, 1 + int(4 * ratio))


def grid_strips(heat: Heat, width: int, palette: Palette, cursor: SpanNs | None, marked: SpanNs | None) -> list[Strip]:
    """A line for each part of a second, the first part on top. ``cursor`` is one cell, ``marked`` what is chosen."""
    cold, hot = palette.bar, palette.bar_alt
    ceiling = heat.ceiling

    def cell(column: int, row: int) -> Part:
        start_ns = heat.start_ns(column, row)
        cores = heat.cores[column * heat.rows + row]
        shade = -1 if isnan(cores) else level(cores, ceiling)
        sign = palette.glyphs.shades[shade] if shade >= 0 else " "
        if cursor and _within(start_ns, cursor):
            return (palette.glyphs.target if sign in " ·." else sign, palette.focus + Style(reverse=True))
        if marked and _within(start_ns, marked):
            return sign, palette.selected
        return sign, palette.muted if shade <= 0 else hot if shade >= HOT_LEVEL else cold

    return [
        strip_of([_label(heat, row, palette), *(cell(column, row) for column in range(heat.columns))], width, palette)
        for row in range(heat.rows)
    ]


def _within(start_ns: int, span: SpanNs) -> bool:
    return span[0] <= start_ns < span[1]


def _label(heat: Heat, row: int, palette: Palette) -> Part:
    """The part of the second, at every half of one."""
    start_ns = row * heat.cell_ns
    named = start_ns % (COLUMN_NS // 2) < heat.cell_ns
    return fit(f".{start_ns // 100_000_000} " if named else "", LABEL_WIDTH, align="right"), palette.muted


def axis_strip(heat: Heat, wall_offset_ns: int, width: int, palette: Palette) -> Strip:
    """Times of day under the map, each beginning at its second. ``wall_offset_ns`` is wall time less monotonic time."""
    text = " " * LABEL_WIDTH
    for column in range(heat.columns):
        wall_ns = heat.start_ns(column, 0) + wall_offset_ns
        if len(text) <= LABEL_WIDTH + column and wall_ns // COLUMN_NS % TIME_EVERY == 0:
            text = f"{text.ljust(LABEL_WIDTH + column)}{palette.glyphs.vertical}{clock_text(wall_ns)} "
    return strip_of([(fit(text, width), palette.muted)], width, palette)


def scale_parts(heat: Heat, palette: Palette) -> Sequence[Part]:
    """What the signs mean: ``·░▒▓█ 1 core, 100 ms a row``."""
    unit = "core" if heat.ceiling == 1 else "cores"
    return [
        (palette.glyphs.shades, palette.bar),
        (f" {heat.ceiling:g} {unit}, {heat.cell_ns // 1_000_000} ms a row", palette.muted),
    ]


def clock_text(wall_ns: int, *, fine: bool = False) -> str:
    """Local time of day; ``fine`` adds hundredths."""
    seconds, rest_ns = divmod(wall_ns, 1_000_000_000)
    text = datetime.fromtimestamp(seconds).strftime("%H:%M:%S")
    return f"{text}.{rest_ns // 10_000_000:02d}" if fine else text


def span_text(span: SpanNs, wall_offset_ns: int) -> str:
    """``12:03:04.30 – 12:03:04.60 (300 ms)``."""
    start, end = (clock_text(at + wall_offset_ns, fine=True) for at in span)
    return f"{start} – {end} ({duration_text((span[1] - span[0]) / 1e9)})"


def lag_parts(lag: LoopLag, thread: str, palette: Palette) -> list[Part]:
    """How long a loop was kept from turning, in words."""
    if not lag.longest_ns:
        return [(f" {thread}: turns freely", palette.good)]
    blame = f" in {lag.blame.function}" if lag.blame else ""
    slow = lag.longest_ns >= BLOCKED_NS
    sign, style = (palette.glyphs.warning, palette.warning) if slow else (palette.glyphs.good, palette.good)
    figures = f", p99 {_ms(lag.p99_ns)}, blocked {ratio_text(lag.blocked_ratio)}"
    return [
        (f" {sign} {thread}: ", style),
        (f"up to {_ms(lag.longest_ns)}{blame}", palette.text),
        (figures, palette.muted),
    ]


def _ms(time_ns: int) -> str:
    return f"{time_ns / 1e6:.0f} ms"
