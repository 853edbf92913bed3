"""What a stretch of one series comes to when it is read from buckets or from ticks."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import mul
from typing import NamedTuple

from perftui.model.series import SLOPE_POINTS, Stretch, Summary, slope_of
from perftui.stats.histogram import Bins, add, binned, quantiles
from perftui.stats.trend import thin
from perftui.store.buckets import Span

_NAN = float("nan")


class Digest(NamedTuple):
    """Closed buckets, summed up; ``lows`` and ``highs`` are those of the parts that they are drawn in."""

    values: int
    total: float
    low: float
    high: float
    last: float
    slope_per_s: float | None
    bins: Bins
    lows: tuple[float, ...]
    highs: tuple[float, ...]

    def stretch(self, since: Sequence[float], coverage_ratio: float) -> Stretch:
        """With the values ``since`` then. ValueError when there are none at all."""
        bins, low, high = self.bins, self.low, self.high
        lows, highs = self.lows, self.highs
        if since:
            bins, low, high = dict(bins), min(low, *since), max(high, *since)
            fresh = binned(since)
            add(bins, fresh.keys(), fresh.values())
            lows, highs = _with_last(lows, min(since), min), _with_last(highs, max(since), max)
        p50, p95, p99 = (min(high, max(low, figure)) for figure in quantiles(bins, (0.50, 0.95, 0.99)))
        summary = Summary(
            current=since[-1] if since else self.last,
            peak=high,
            mean=(self.total + sum(since)) / (self.values + len(since)),
            p50=p50,
            p95=p95,
            p99=p99,
            slope_per_s=self.slope_per_s,
            coverage_ratio=coverage_ratio,
        )
        return Stretch(summary=summary, lows=lows, highs=highs)


def digest_of(span: Span, edges: Sequence[int]) -> Digest:
    """``edges`` are where the parts begin, and where the last one ends."""
    starts = [start / 1e9 for start in thin(span.starts, SLOPE_POINTS)]
    return Digest(
        values=sum(span.counts),
        total=sum(map(mul, span.means, span.counts)),
        low=min(span.lows, default=float("inf")),
        high=max(span.highs, default=float("-inf")),
        last=span.lasts[-1] if span.lasts else _NAN,
        slope_per_s=slope_of(starts, thin(span.means, SLOPE_POINTS)),
        bins=span.bins,
        lows=extremes(span.starts, span.lows, edges, min),
        highs=extremes(span.starts, span.highs, edges, max),
    )


def edges_of(since_ns: int, until_ns: int, parts: int, unit_ns: int) -> list[int]:
    """Where at most ``parts`` parts begin and the last one ends; all are equally long, none is under ``unit_ns``.

    They stand still while time goes on, until a new one begins: so a drawing of them does not flicker.
    """
    if not parts:
        return []
    part_ns = max(unit_ns, -(-(until_ns - since_ns) // parts))
    count, end = -(-(until_ns - since_ns) // part_ns), (until_ns // part_ns + 1) * part_ns
    return [end - part_ns * (count - at) for at in range(count + 1)]


def extremes(
    times: Sequence[int], values: Sequence[float], edges: Sequence[int], most: Callable[..., float]
) -> tuple[float, ...]:
    """``min`` or ``max`` of the values of each part; NaN where there is none. ``times`` rise."""
    places = [bisect_left(times, edge) for edge in edges]
    return tuple(most(values[start:end], default=_NAN) for start, end in pairwise(places))


def _with_last(parts: tuple[float, ...], value: float, most: Callable[..., float]) -> tuple[float, ...]:
    """The parts with one value more in the last of them."""
    if not parts:
        return parts
    return (*parts[:-1], value if parts[-1] != parts[-1] else most(parts[-1], value))  # NaN is unequal
