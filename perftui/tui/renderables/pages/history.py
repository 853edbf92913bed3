"""Any window of every series: now, peak, mean, percentiles, trend, and how it went."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import overload

from textual.strip import Strip

from perftui.errors import NoData
from perftui.model.catalogue import METRICS, NAMES, MetricUnit, metric_of
from perftui.model.series import Past, Stretch
from perftui.model.units import bytes_text, count_text, duration_text, rate_text, ratio_text
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.bars import spark
from perftui.tui.renderables.cells import Part, fit, strip_of
from perftui.tui.renderables.pages.layout import Column, row_text

WINDOWS: tuple[tuple[str, float], ...] = (
    ("1 min", 60.0),
    ("5 min", 300.0),
    ("15 min", 900.0),
    ("1 h", 3600.0),
    ("6 h", 6 * 3600.0),
    ("24 h", 24 * 3600.0),
    ("7 d", 7 * 86400.0),
)
"""Name and seconds; 7 days is all that is kept."""

USUAL = 2
"""The page begins with 15 minutes."""

NAME_WIDTH = 18
WIDE = 110
"""From this width on the trend is a figure; below it, a sign: so that 80 columns hold all and some bars."""

_FIGURES = tuple(Column(title, 8) for title in ("now", "peak", "mean", "p50", "p95", "p99"))
NARROW_COLUMNS = (Column("series", NAME_WIDTH), *_FIGURES, Column("", 2))
WIDE_COLUMNS = (Column("series", NAME_WIDTH + 8), *_FIGURES, Column("trend", 10))

FULL = 0.98
"""A window of which so much is covered counts as covered: ticks come a little late."""

LEAST_TREND = 0.01
"""A change over the whole window of less than this part of the mean is none."""

DIP = 2
"""A low that is so many times as far from the median as the high of the same time: twice, so that noise is none."""

LEAST_CEILING = 1e-9
"""No unit has figures as small as this that differ from nothing."""

TARGET_PREFIX = "target-"

TEXTS: dict[MetricUnit, Callable[[float], str]] = {
    "ratio": ratio_text,
    "bytes": bytes_text,
    "bytes/s": rate_text,
    "1/s": lambda value: f"{count_text(value)}/s",
    "s": duration_text,
    "s/s": lambda value: f"{value:.2f}s/s" if value < 10 else f"{count_text(value)}s/s",
    "cores": lambda value: f"{value:.2f}",
    "count": count_text,
    "W": lambda value: f"{value:.0f} W",
    "°C": lambda value: f"{value:.0f} °C",
    "Hz": lambda value: f"{count_text(value)}Hz",
}

Line = Callable[[], Strip]


class Lines(Sequence[Strip]):
    """Lines that are made when they are asked for: to sum up what nobody sees would be dear."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    @overload
    def __getitem__(self, at: int) -> Strip: ...

    @overload
    def __getitem__(self, at: slice) -> list[Strip]: ...

    def __getitem__(self, at: int | slice) -> Strip | list[Strip]:
        if isinstance(at, slice):
            return [line() for line in self._lines[at]]
        return self._lines[at]()


def history_page(update: Update, width: int, palette: Palette, window: int = USUAL) -> Sequence[Strip]:
    """A row for each series with a past: the target's first, then the host's, then those of one CPU, disk or interface.

    ``window`` is a place in ``WINDOWS``.
    """
    past = update.past
    names = past.names() if past else ()
    if past is None or not names:
        return [strip_of([("nothing is kept yet: it takes two ticks", palette.muted)], width, palette)]
    text = partial(_line, width, palette)
    _, seconds = WINDOWS[window]
    covered = past.covered_seconds(seconds)
    columns = WIDE_COLUMNS if width >= WIDE else NARROW_COLUMNS
    head = row_text(columns, [column.title for column in columns], width, palette)
    lines: list[Line] = [
        partial(strip_of, _window_bar(window, palette), width, palette),
        text(_covered(window, covered, "trend" if width >= WIDE else "+ or -", replay=update.replay is not None)),
        text(head),
    ]
    for title, members in _sections(names):
        lines += [partial(strip_of, [(title, palette.title)], width, palette)] if members else []
        lines += [partial(_row, past, name, seconds, columns, width, palette) for name in members]
    return Lines(lines)


def _line(width: int, palette: Palette, text: str) -> Line:
    return partial(strip_of, [(text, palette.muted)], width, palette)


def _sections(names: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Headings, and the series under them."""
    seen = frozenset(names)
    known = [metric for metric in METRICS if metric.name in seen]
    order = {name: at for at, name in enumerate(NAMES)}
    others = sorted(seen - NAMES.keys(), key=lambda name: (order[metric_of(name).name], len(name), name))
    return [
        (f"Target ({TARGET_PREFIX}…)", [metric.name for metric in known if metric.of_target]),
        ("Host", [metric.name for metric in known if not metric.of_target]),
        ("Of one CPU, disk, interface: kept for 15 minutes", others),
    ]


def _window_bar(window: int, palette: Palette) -> list[Part]:
    """The windows, the chosen one marked by brackets too, and the keys."""
    parts: list[Part] = []
    for at, (name, _) in enumerate(WINDOWS):
        chosen = at == window
        parts.append((f"[{name}]" if chosen else f" {name} ", palette.selected if chosen else palette.text))
    return [*parts, ("  w longer, W shorter", palette.muted)]


def _covered(window: int, covered: float, trend: str, *, replay: bool) -> str:
    name, seconds = WINDOWS[window]
    so_far = duration_text(covered) if covered >= 60 else f"{covered:.0f} s"
    kept = f"all of {name}" if covered >= FULL * seconds else f"{so_far} of {name} kept so far"
    since = "; a jump keeps 4 minutes" if replay else ""
    return f"{kept}{since}; {trend} is the change in that time"


def _row(past: Past, name: str, seconds: float, columns: Sequence[Column], width: int, palette: Palette) -> Strip:
    label = name.removeprefix(TARGET_PREFIX)
    room = max(1, width - 1 - sum(column.width for column in columns))
    try:
        stretch = past.stretch(name, seconds, room)
    except NoData as gap:
        text = f"{fit(label, columns[0].width, ellipsis=palette.glyphs.ellipsis)} {palette.glyphs.unknown} {gap.reason}"
        return strip_of([(text, palette.muted)], width, palette)
    parts = [
        (row_text(columns, [label, *_figures(stretch, name, seconds, columns)], width, palette), palette.text),
        (f" {_bars(stretch, room, palette)}", palette.bar),
    ]
    return strip_of(parts, width, palette)


def _figures(stretch: Stretch, name: str, seconds: float, columns: Sequence[Column]) -> list[str]:
    past, text = stretch.summary, TEXTS[metric_of(name).unit]
    change = (past.slope_per_s or 0.0) * seconds * past.coverage_ratio
    trend = ""
    if change and abs(change) >= LEAST_TREND * abs(past.mean):
        trend = ("+" if change > 0 else "-") + (text(abs(change)) if columns is WIDE_COLUMNS else "")
    return [*map(text, (past.current, past.peak, past.mean, past.p50, past.p95, past.p99)), trend]


def _bars(stretch: Stretch, width: int, palette: Palette) -> str:
    """Each part of the time by its highest value, or by its lowest where that is a dip: so both stand out."""
    middle = stretch.summary.p50
    parts = [
        low if middle - low > DIP * (high - middle) else high
        for low, high in zip(stretch.lows, stretch.highs, strict=True)
    ]
    return spark(parts, width, max(LEAST_CEILING, stretch.summary.peak), palette.glyphs.levels)
