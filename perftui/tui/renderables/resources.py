"""The rows of the resource pane."""

from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.bars import packed, spark
from perftui.tui.renderables.cells import fit, strip_of
from perftui.tui.renderables.gauges import Gauge, gauges

LABEL_WIDTH = 8
VALUE_WIDTH = 11
LONGEST_BAR = 40


def resource_lines(update: Update, width: int, height: int, palette: Palette) -> list[Strip]:
    """At most ``height`` rows; where there are more, the less telling ones are left out."""
    rows = gauges(update)
    kept = sorted(sorted(range(len(rows)), key=lambda at: rows[at].rank)[: max(0, height)])
    return [gauge_strip(rows[at], width, palette) for at in kept]


def gauge_strip(gauge: Gauge, width: int, palette: Palette) -> Strip:
    """``label value bars detail``: what changes each tick stands left, because a row is sent from its left edge."""
    label = fit(f"{palette.glyphs.target} {gauge.label}" if gauge.of_target else gauge.label, LABEL_WIDTH + 1)
    if gauge.missing:
        text = fit(
            f" {palette.glyphs.unknown} {gauge.missing}", width - LABEL_WIDTH - 1, ellipsis=palette.glyphs.ellipsis
        )
        return strip_of([(label, palette.text), (text, palette.muted)], width, palette)
    room = max(0, width - LABEL_WIDTH - VALUE_WIDTH - 2)
    bars = min(LONGEST_BAR, max(8, room * 45 // 100))
    levels = palette.glyphs.levels
    drawn = (
        fit(spark(packed(gauge.series, bars), len(packed(gauge.series, bars)), gauge.ceiling, levels), bars)
        if gauge.spread
        else spark(gauge.series, bars, gauge.ceiling, levels)
    )
    value = fit(gauge.value, VALUE_WIDTH - 1, align="right")
    detail = fit(f" {gauge.detail}", room - bars, ellipsis=palette.glyphs.ellipsis)
    return strip_of(
        [
            (f"{label}{value} ", palette.text),
            (drawn, palette.bar_alt if gauge.of_target else palette.bar),
            (detail, palette.text),
        ],
        width,
        palette,
    )
