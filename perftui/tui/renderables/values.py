"""Figures with their units, as the panes print them."""

from datetime import datetime

from perftui.model.finding import Evidence
from perftui.model.units import bytes_text, count_text, duration_text, rate_text, ratio_text
from perftui.model.update import Update

_SUFFIX_UNITS = (
    ("_ratio", "ratio"),
    ("_bytes_per_s", "bytes/s"),
    ("_per_s", "/s"),
    ("_bytes", "bytes"),
    ("_cores", "cores"),
    ("_seconds", "s"),
    ("_pct", "%"),
    ("_ms", "ms"),
)


def has_ended(update: Update | None) -> bool:
    """Whether this is the last that was seen of a target which has ended."""
    return update is not None and update.sample.tree is not None and not update.sample.tree.alive


def quantity(figure: float, unit: str) -> str:
    """``0.62 ratio`` → ``62 %``; a unit without a rule of its own follows the figure."""
    if unit == "ratio":
        return ratio_text(figure)
    if unit in ("bytes", "B"):
        return bytes_text(figure)
    if unit in ("bytes/s", "B/s", "bytes_per_s"):
        return rate_text(figure)
    if unit in ("s", "seconds"):
        return duration_text(figure)
    if unit in ("/s", "per_s"):
        return f"{count_text(figure)}/s"
    return f"{figure:.2f} {unit}".rstrip() if abs(figure) < 100 else f"{figure:.0f} {unit}".rstrip()


def metric_quantity(metric: str, figure: float | None) -> str:
    """A figure whose unit is in its metric's name; ``?`` where it is not known."""
    if figure is None:
        return "?"
    return quantity(figure, next((unit for suffix, unit in _SUFFIX_UNITS if metric.endswith(suffix)), ""))


def evidence_row(evidence: Evidence) -> tuple[str, str, str, str]:
    """Metric, observed, threshold with the side it is crossed to, source."""
    sign = "≥" if evidence.direction == ">=" else "≤"
    return (
        evidence.metric,
        quantity(evidence.observed, evidence.unit),
        f"{sign} {quantity(evidence.threshold, evidence.unit)}",
        evidence.source,
    )


def time_of_day(wall_ns: int, now_ns: int) -> str:
    """Local time, with the date once it is a day ago."""
    moment = datetime.fromtimestamp(wall_ns / 1e9)
    return moment.strftime("%H:%M:%S" if now_ns - wall_ns < 86_400e9 else "%m-%d %H:%M")
