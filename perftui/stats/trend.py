"""Robust trends in short, noisy series, in plain Python.

Theil–Sen: the slope is the median of the slopes between all pairs of points, so neither an outlier nor a
step moves it much (Sen, *J. Am. Stat. Assoc.* 63, 1968). Mann–Kendall: whether the series rises more often
than it falls, without assuming a shape (Mann, *Econometrica* 13, 1945; Kendall, 1975).
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from statistics import NormalDist
from typing import TypeVar

Item = TypeVar("Item")

MAX_POINTS = 120
"""All pairs of 120 points are 7,140 slopes: about a millisecond. Longer series are thinned to that."""


CONFIDENCE = 0.95
"""Of the interval of the slope."""


@dataclass(frozen=True)
class Trend:
    """``low`` and ``high`` bound the slope at a confidence of 95 %; ``z`` is Mann–Kendall's score.

    ``z`` above 1.96 means a rise that chance explains in less than 2.5 % of series without a trend.
    """

    slope: float
    low: float
    high: float
    z: float
    points: int


def trend(xs: Sequence[float], ys: Sequence[float]) -> Trend:
    """The slope of ``ys`` over strictly rising ``xs``, with its interval.

    ValueError for fewer than three points, unequal lengths, or ``xs`` that do not rise.
    """
    if len(xs) != len(ys):
        raise ValueError("xs and ys differ in length")
    xs, ys = thin(xs), thin(ys)
    count = len(xs)
    if count < 3:
        raise ValueError("a trend needs at least three points")
    if any(later <= earlier for earlier, later in pairwise(xs)):
        raise ValueError("xs do not rise")
    slopes = sorted([(ys[j] - ys[i]) / (xs[j] - xs[i]) for i in range(count) for j in range(i + 1, count)])
    score = len(slopes) - bisect_right(slopes, 0) - bisect_left(slopes, 0)
    spread = sqrt(_variance(ys))
    half = NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * spread
    pairs = len(slopes)
    low = slopes[max(0, round((pairs - half) / 2))]
    high = slopes[min(pairs - 1, round((pairs + half) / 2))]
    z = (score - (score > 0) + (score < 0)) / spread if spread else 0.0
    return Trend(slope=_median(slopes), low=low, high=high, z=z, points=count)


def thin(series: Sequence[Item], most: int = MAX_POINTS) -> list[Item]:
    """At most ``most`` points, evenly picked, the first and the last among them."""
    if len(series) <= most:
        return list(series)
    step = (len(series) - 1) / (most - 1)
    return [series[round(at * step)] for at in range(most)]


def _variance(ys: Sequence[float]) -> float:
    """Kendall's variance of the score, corrected for ties."""
    count = len(ys)
    ties = sum(size * (size - 1) * (2 * size + 5) for size in Counter(ys).values())
    return (count * (count - 1) * (2 * count + 5) - ties) / 18


def _median(ordered: Sequence[float]) -> float:
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
