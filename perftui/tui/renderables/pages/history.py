"""The last 15 minutes of every series: now, peak, mean, percentiles and trend."""

from collections.abc import Callable

from textual.strip import Strip

from perftui.model.catalogue import METRICS, Metric, MetricUnit
from perftui.model.series import Summary
from perftui.model.units import bytes_text, count_text, duration_text, rate_text, ratio_text
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.pages.layout import Column, Row, table

COLUMNS = (
    Column("series", 25),
    Column("now", 10),
    Column("peak", 10),
    Column("mean", 10, 66),
    Column("p50", 10, 96),
    Column("p95", 10, 55),
    Column("p99", 10, 106),
    Column("trend a minute", 16, 82),
)
"""At 80 columns: now, peak, mean, p95."""

TEXTS: dict[MetricUnit, Callable[[float], str]] = {
    "ratio": ratio_text,
    "bytes": bytes_text,
    "bytes/s": rate_text,
    "1/s": lambda value: f"{count_text(value)}/s",
    "s": duration_text,
    "s/s": lambda value: f"{value:.2f} s/s",
    "cores": lambda value: f"{value:.2f}",
    "count": count_text,
    "W": lambda value: f"{value:.0f} W",
    "°C": lambda value: f"{value:.0f} °C",
    "Hz": lambda value: f"{count_text(value)}Hz",
}


def history_page(update: Update, width: int, palette: Palette) -> list[Strip]:
    """A row for each series with a past; the target's first, as in the resources."""
    known = [(metric, update.recent[metric.name]) for metric in METRICS if metric.name in update.recent]
    if not known:
        return [strip_of([("nothing is summed up yet: it takes some ticks", palette.muted)], width, palette)]
    known.sort(key=lambda pair: not pair[0].of_target)
    covered = max(past.coverage_ratio for _, past in known) * 15 * 60
    said = f"the last {duration_text(min(900, covered))}, summed up every 20 ticks; docs/metrics.md says what each is"
    rows = [_row(metric, past) for metric, past in known]
    return [strip_of([(said, palette.text)], width, palette), *table(COLUMNS, rows, width, palette)]


def _row(metric: Metric, past: Summary) -> Row:
    text = TEXTS[metric.unit]
    figures = (past.current, past.peak, past.mean, past.p50, past.p95, past.p99)
    return Row((metric.name, *map(text, figures), _trend(past, text)))


def _trend(past: Summary, text: Callable[[float], str]) -> str:
    """Empty where a minute changes less than a hundredth of the mean."""
    slope = (past.slope_per_s or 0.0) * 60
    if abs(slope) < abs(past.mean) / 100 or not slope:
        return ""
    return f"{'+' if slope > 0 else '-'}{text(abs(slope))}"
