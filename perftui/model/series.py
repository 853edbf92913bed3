"""What a stretch of one series comes to."""

from collections.abc import Sequence
from math import ceil
from typing import Protocol

import msgspec

from perftui.stats.trend import thin, trend

SLOPE_POINTS = 32
"""The trend is of so many points at most: 496 slopes, a fifth of a millisecond."""


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One series over a stretch of time.

    ``current`` is its last value there, ``slope_per_s`` the robust trend (Theil–Sen) in units a second, None below
    three points. ``coverage_ratio`` is the part of the stretch for which there are values.
    """

    current: float
    peak: float
    mean: float
    p50: float
    p95: float
    p99: float
    slope_per_s: float | None
    coverage_ratio: float


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """A summary, and the lowest and highest value of each part of the time, oldest first; NaN where there is none."""

    summary: Summary
    lows: tuple[float, ...]
    highs: tuple[float, ...]


class Past(Protocol):
    """The past of all series as it was at one tick. Reading happens when it is asked for; from any thread."""

    def names(self) -> tuple[str, ...]:
        """All series, also those that are kept for the finest tier only."""

    def covered_seconds(self, seconds: float) -> float:
        """For how much of the last ``seconds`` anything is kept."""

    def stretch(self, name: str, seconds: float, parts: int) -> Stretch:
        """The last ``seconds`` of one series, for drawing in at most ``parts`` (at least one). NoData says why not."""


def summary_of(seconds: Sequence[float], values: Sequence[float], coverage_ratio: float) -> Summary:
    """From every value and its time. ValueError when there is none."""
    if not values:
        raise ValueError("there is nothing to sum up")
    ordered = sorted(values)
    p50, p95, p99 = (ordered[max(1, ceil(share * len(ordered))) - 1] for share in (0.50, 0.95, 0.99))
    return Summary(
        current=values[-1],
        peak=ordered[-1],
        mean=sum(values) / len(values),
        p50=p50,
        p95=p95,
        p99=p99,
        slope_per_s=slope_of(seconds, values),
        coverage_ratio=coverage_ratio,
    )


def slope_of(seconds: Sequence[float], values: Sequence[float]) -> float | None:
    """The robust trend in units a second; None below three points. ``seconds`` must rise."""
    if len(values) < 3:
        return None
    return trend(thin(seconds, SLOPE_POINTS), thin(values, SLOPE_POINTS)).slope
