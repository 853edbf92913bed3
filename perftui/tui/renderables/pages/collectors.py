"""What perftui reads, how that went, and what it costs."""

from collections.abc import Iterator

from textual.strip import Strip

from perftui.model.sample import CollectorStatus
from perftui.model.units import bytes_text, duration_text
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, fit, strip_of, wrap

NAME_WIDTH = 13
STATE_WIDTH = 9
FIGURES = ("CPU ms", "wall ms", "every", "age")
FIGURE_WIDTH = 9
WHY_MIN_WIDTH = 30
"""With less room than this the reason stands under its collector."""


def collectors_page(update: Update, width: int, palette: Palette) -> list[Strip]:
    """What all of it costs, then a row per collector, with its reason and remedy when it has no figures."""
    interval = update.own_cost.interval_seconds
    lines: list[Strip] = []
    for said in _sums(update):
        lines += [strip_of([(line, palette.text)], width, palette) for line in wrap(said, max(1, width))]
    titles = "".join(fit(title, FIGURE_WIDTH, align="right") for title in FIGURES)
    head = f"{fit('collector', NAME_WIDTH)} {fit('state', STATE_WIDTH)}{titles}"
    lines += [Strip.blank(width, palette.text), strip_of([(fit(head, width), palette.muted)], width, palette)]
    for status in update.sample.collectors:
        lines += _rows(status, interval, width, palette)
    return lines


def _rows(status: CollectorStatus, interval: float, width: int, palette: Palette) -> Iterator[Strip]:
    sign, style = _mark(status, palette)
    every = status.period_seconds or interval
    figures = (
        f"{status.cpu_ns / 1e6:.2f}",
        f"{status.wall_ns / 1e6:.1f}",
        duration_text(every),
        duration_text(status.age_ns / 1e9) if status.age_ns else "-",
    )
    parts: list[Part] = [
        (f"{fit(status.name, NAME_WIDTH, ellipsis=palette.glyphs.ellipsis)} ", palette.text),
        (fit(f"{sign} {status.state.replace('_', ' ')}", STATE_WIDTH), style),
        ("".join(fit(figure, FIGURE_WIDTH, align="right") for figure in figures), palette.text),
    ]
    used = NAME_WIDTH + 1 + STATE_WIDTH + FIGURE_WIDTH * len(FIGURES) + 2
    why = f"{status.reason}; {status.remedy}" if status.reason and status.remedy else status.reason or status.remedy
    beside = why and width - used >= WHY_MIN_WIDTH
    at = used if beside else min(4, width)
    below = wrap(why, max(1, width - at)) if why else []
    if beside:
        parts += [("  ", palette.text), (below.pop(0), style)]
    yield strip_of(parts, width, palette)
    for line in below:
        yield strip_of([(" " * at, palette.text), (line, style)], width, palette)


def _mark(status: CollectorStatus, palette: Palette) -> Part:
    if status.state == "ok":
        return palette.glyphs.good, palette.good
    if status.state == "no_data":
        return palette.glyphs.unknown, palette.warning
    return palette.of_severity("critical")


def _sums(update: Update) -> Iterator[str]:
    cost = update.own_cost
    per_s = sum(
        status.cpu_ns / 1e9 / (status.period_seconds or cost.interval_seconds) for status in update.sample.collectors
    )
    whole = f"{cost.cpu_pct:.1f} %, {bytes_text(cost.rss_bytes)}"
    yield f"reading takes {100 * per_s:.2f} % of a core; all of perftui {whole}"
    if cost.sampler_cpu_pct:
        yield f"the sampler of stacks takes {cost.sampler_cpu_pct:.1f} % of a core"
    why = " (longer than asked for: this host is starved of CPU)" if cost.starved else ""
    yield f"a tick every {duration_text(cost.interval_seconds)}{why}; {cost.missed_ticks_total} missed so far"
