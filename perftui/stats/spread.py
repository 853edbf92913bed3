"""How much a series moves about by itself, and whether another one differs by more."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

TO_SIGMA = 1.4826
"""The median absolute deviation of a normal distribution, times this, is its standard deviation."""

SPREADS = 3.0
LEAST_RATIO = 0.05
LEAST_POINTS = 5


@dataclass(frozen=True)
class Spread:
    """``mad`` is the median absolute deviation from the median: half of the points lie within it."""

    median: float
    mad: float
    points: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """ValueError for no values."""
        if not values:
            raise ValueError("there are no values")
        middle = median(values)
        return cls(middle, median(abs(value - middle) for value in values), len(values))


def differs(older: Spread, newer: Spread) -> bool | None:
    """Whether the medians differ by more than three spreads (1.4826 MAD, of the wider one) and by more than 5 %.

    None when either has fewer than five points: then nothing can be said of its spread.
    """
    if min(older.points, newer.points) < LEAST_POINTS:
        return None
    change = abs(newer.median - older.median)
    noise = SPREADS * TO_SIGMA * max(older.mad, newer.mad)
    return change > noise and change > LEAST_RATIO * max(abs(older.median), abs(newer.median))
