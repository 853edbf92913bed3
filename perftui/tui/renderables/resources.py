"""The rows of the resource pane."""

from collections.abc import Sequence

from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.bars import packed, paired, spark
from perftui.tui.renderables.cells import cells, elided, fit, strip_of
from perftui.tui.renderables.gauges import Gauge, gauges

LABEL_WIDTH = 8
VALUE_WIDTH = 11
LONGEST_BAR = 40
LONGEST_DETAIL = 72
"""On a wide screen the bars stay near what they belong to."""


def resource_lines(update: Update, width: int, height: int, palette: Palette, tick: int = 0) -> list[Strip]:
    """At most ``height`` rows; where there are more, the less telling ones are left out. ``tick`` counts updates."""
    rows = gauges(update)
    kept = sorted(sorted(range(len(rows)), key=lambda at: rows[at].rank)[: max(0, height)])
    return [gauge_strip(rows[at], width, palette, tick) for at in kept]


def gauge_strip(gauge: Gauge, width: int, palette: Palette, tick: int) -> Strip:
    """``label value detail bars``: what changes each tick stands left, because a row is sent from its left edge."""
    label = fit(f"{palette.glyphs.target} {gauge.label}" if gauge.of_target else gauge.label, LABEL_WIDTH + 1)
    if gauge.missing:
        text = elided(f" {palette.glyphs.unknown} {gauge.missing}", width - LABEL_WIDTH - 1, palette)
        return strip_of([(label, palette.text), (text, palette.muted)], width, palette)
    room = max(0, width - LABEL_WIDTH - VALUE_WIDTH - 2)
    bars = min(LONGEST_BAR, max(8, room * 45 // 100))
    drawn = _bars(gauge, bars, palette.glyphs.levels, tick)
    value = fit(gauge.value, VALUE_WIDTH - 1, align="right")
    beside = min(LONGEST_DETAIL, room - bars - 1)
    detail = fit(_whole(gauge.facts, beside), beside)
    return strip_of(
        [
            (f"{label}{value} {detail} ", palette.text),
            (drawn, palette.bar_alt if gauge.of_target else palette.bar),
        ],
        width,
        palette,
    )


def _whole(facts: Sequence[str], room: int) -> str:
    """The first facts that fit: half a fact may read as another one."""
    text = ""
    for fact in facts:
        longer = f"{text}  {fact}" if text else fact
        if cells(longer) > room:
            break
        text = longer
    return text


def _bars(gauge: Gauge, width: int, levels: str, tick: int) -> str:
    if gauge.spread:
        side_by_side = packed(gauge.series, width)
        return fit(spark(side_by_side, len(side_by_side), gauge.ceiling, levels), width)
    return spark(paired(gauge.series, width, tick), width, gauge.ceiling, levels)
