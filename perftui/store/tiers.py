"""The past of a session in bounded memory: every tick of 15 minutes, then 10 s for 6 hours and 60 s for 7 days.

Ticks stand in one ring of doubles per series. The named series are also kept in ``Buckets`` of 10 and 60 seconds, which
are made from the ring when their time is over. All other series are dropped after 15 minutes.

Time is the wall clock made to rise steadily: it follows CLOCK_MONOTONIC, jumps ahead with the wall clock (a suspend, a
clock set forward) and never goes back. What was not measured is a gap.
"""

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import islice

from perftui.errors import NoData
from perftui.model.series import Summary, slope_of, summary_of
from perftui.stats.histogram import binned, merged, quantiles
from perftui.store.buckets import Bucket, Buckets

FINE_SECONDS = 900
SPARE_TICKS = 60
"""Ticks come a little early or late: with these the ring surely reaches back all of ``FINE_SECONDS``."""

COARSE_SECONDS = ((10, 6 * 3600), (60, 7 * 86400))
"""(width, how long it is kept) of each tier of buckets."""

JUMP_NS = 2_000_000_000
"""A wall clock this far ahead of CLOCK_MONOTONIC has jumped; less is drift, or the time between reading the two."""

MAX_OTHERS = 512
"""So many series beside the kept ones; what comes later waits until one has had no value for 15 minutes."""

_NAN = math.nan


class Tiers:
    """The series named in ``kept`` in every tier, others in the finest. ``interval_seconds``: between two ticks."""

    def __init__(self, kept: Iterable[str], interval_seconds: float = 1.0) -> None:
        self._kept = frozenset(kept)
        self._interval_ns = int(interval_seconds * 1e9)
        self._capacity = SPARE_TICKS + math.ceil(FINE_SECONDS / min(1.0, interval_seconds))
        self._times = array("q", [0]) * self._capacity
        self._monotonic = array("q", [0]) * self._capacity
        self._rings: dict[str, array[float]] = {}
        self._ticks = 0
        self._now_ns = 0
        self._monotonic_ns = 0
        self._coarse = [_Coarse(Buckets(*seconds)) for seconds in COARSE_SECONDS]

    @property
    def now_ns(self) -> int:
        """The time of the latest tick, 0 before the first."""
        return self._now_ns

    def append(self, wall_ns: int, monotonic_ns: int, values: Mapping[str, float]) -> None:
        """Add one tick. A series without a value gets a gap, one seen for the first time a gap for its past."""
        self._step(wall_ns, monotonic_ns)
        for tier in self._coarse:
            self._close(tier)
        if self._ticks % self._capacity == 0:
            self._drop_silent()
        slot = self._ticks % self._capacity
        for name in values:
            if name not in self._rings and (name in self._kept or len(self._rings) < len(self._kept) + MAX_OTHERS):
                self._rings[name] = array("d", [_NAN]) * self._capacity
        for name, ring in self._rings.items():
            value = values.get(name, _NAN)
            ring[slot] = value if math.isfinite(value) else _NAN
        self._times[slot] = self._now_ns
        self._monotonic[slot] = monotonic_ns
        self._ticks += 1

    def fill(self, past: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Put values into ticks that are there already: (CLOCK_MONOTONIC, values of kept series).

        Each goes to the nearest tick, one that is far from every tick is left out. Buckets that are closed stay as they
        are.
        """
        count = min(self._ticks, self._capacity)
        times = _tail(self._monotonic, self._ticks, count)
        half_ns = self._interval_ns // 2
        for monotonic_ns, values in past:
            at = bisect_left(times, monotonic_ns - half_ns)
            if at == count or times[at] > monotonic_ns + half_ns:
                continue
            slot = (self._ticks - count + at) % self._capacity
            for name in self._kept & values.keys():
                ring = self._rings.setdefault(name, array("d", [_NAN]) * self._capacity)
                ring[slot] = values[name]

    def latest(self, count: int) -> dict[str, tuple[float, ...]]:
        """The last ``count`` values of each kept series (fewer if there are fewer), oldest first; NaN in a gap."""
        count = min(count, self._ticks)
        return {name: _tail(ring, self._ticks, count) for name, ring in self._rings.items() if name in self._kept}

    def window(self, name: str, since_ns: int, until_ns: int) -> Summary:
        """One series from ``since_ns`` to ``until_ns``, both in the time of ``now_ns``.

        From ticks where they reach back far enough, else from the finest buckets that do: these count whole even where
        they begin before ``since_ns``, and their quantiles are good to a few percent.
        NoData when there is no value in that time, or when the series is not kept that long.
        """
        if self._has_ticks_since(since_ns):
            return self._from_ticks(name, since_ns, until_ns)
        if name not in self._kept:
            raise NoData(
                f"not kept: {name} is kept for {FINE_SECONDS // 60} minutes",
                "record the session to keep everything: perftui record",
            )
        tier = next((tier for tier in self._coarse if since_ns >= self._now_ns - tier.keep_ns), self._coarse[-1])
        return self._from_buckets(tier, name, since_ns, until_ns)

    def forget(self, names: Iterable[str]) -> None:
        """Drop the past of these series: what they stand for has changed."""
        for name in names:
            self._rings.pop(name, None)
            for tier in self._coarse:
                tier.buckets.forget(name)

    # ---- time

    def _step(self, wall_ns: int, monotonic_ns: int) -> None:
        if not self._ticks:
            self._now_ns = wall_ns
        else:
            steady = self._now_ns + max(1, monotonic_ns - self._monotonic_ns)
            self._now_ns = wall_ns if wall_ns - steady > JUMP_NS else steady
        self._monotonic_ns = monotonic_ns

    def _close(self, tier: "_Coarse") -> None:
        """Put the ticks of a bucket whose time is over into it."""
        number = self._now_ns // tier.buckets.width_ns
        if number == tier.number:
            return
        count = self._ticks - tier.first_tick
        if count:
            tier.buckets.add(tier.number, {name: self._known(name, count) for name in self._kept & self._rings.keys()})
        tier.number, tier.first_tick = number, self._ticks

    def _drop_silent(self) -> None:
        """Let go of series that have had no value in the whole ring (a disk that is gone)."""
        for name in [name for name, ring in self._rings.items() if all(map(math.isnan, ring))]:
            del self._rings[name]

    # ---- looking back

    def _known(self, name: str, count: int) -> list[float]:
        """The values among the last ``count`` ticks."""
        return [value for value in _tail(self._rings[name], self._ticks, count) if value == value]  # NaN is unequal

    def _has_ticks_since(self, since_ns: int) -> bool:
        if self._ticks <= self._capacity:
            return True
        return self._times[self._ticks % self._capacity] <= since_ns

    def _from_ticks(self, name: str, since_ns: int, until_ns: int) -> Summary:
        times = _tail(self._times, self._ticks, self._ticks)
        start, end = bisect_left(times, since_ns), bisect_left(times, until_ns + 1)
        values = _tail(self._rings[name], self._ticks, self._ticks)[start:end] if name in self._rings else ()
        seen = [(at, value) for at, value in zip(times[start:end], values, strict=False) if value == value]
        if not seen:
            raise _no_values(name)
        seconds = [(at - since_ns) / 1e9 for at, _ in seen]
        return summary_of(seconds, [value for _, value in seen], self._coverage(len(seen), since_ns, until_ns))

    def _from_buckets(self, tier: "_Coarse", name: str, since_ns: int, until_ns: int) -> Summary:
        buckets = list(tier.buckets.between(name, since_ns, until_ns))
        if name in self._rings and tier.number * tier.buckets.width_ns <= until_ns:
            buckets += self._open_bucket(tier, name)
        if not buckets:
            raise _no_values(name)
        counts = [sum(bucket.bins.values()) for bucket in buckets]
        whole = sum(counts)
        low, high = min(bucket.low for bucket in buckets), max(bucket.high for bucket in buckets)
        p50, p95, p99 = (
            min(high, max(low, figure))
            for figure in quantiles(merged(bucket.bins for bucket in buckets), (0.50, 0.95, 0.99))
        )
        means = [bucket.mean for bucket in buckets]
        return Summary(
            current=buckets[-1].last,
            peak=high,
            mean=sum(mean * count for mean, count in zip(means, counts, strict=True)) / whole,
            p50=p50,
            p95=p95,
            p99=p99,
            slope_per_s=slope_of([(bucket.start_ns - since_ns) / 1e9 for bucket in buckets], means),
            coverage_ratio=self._coverage(whole, since_ns, until_ns),
        )

    def _open_bucket(self, tier: "_Coarse", name: str) -> list[Bucket]:
        """The bucket that is still being filled; empty while it has no value."""
        values = self._known(name, self._ticks - tier.first_tick)
        if not values:
            return []
        start = tier.number * tier.buckets.width_ns
        mean = sum(values) / len(values)
        return [Bucket(start, min(values), mean, max(values), values[-1], binned(values))]

    def _coverage(self, ticks: int, since_ns: int, until_ns: int) -> float:
        return min(1.0, ticks * self._interval_ns / max(self._interval_ns, until_ns - since_ns))


class _Coarse:
    """One tier of buckets, with the one that is being filled: its number and its first tick."""

    __slots__ = ("buckets", "first_tick", "number")

    def __init__(self, buckets: Buckets) -> None:
        self.buckets = buckets
        self.number = 0
        self.first_tick = 0

    @property
    def keep_ns(self) -> int:
        return self.buckets.keep_ns


def _tail(ring: "array[float] | array[int]", ticks: int, count: int) -> tuple[float, ...]:
    """The last ``count`` entries of a ring that ``ticks`` were written to, oldest first."""
    count = min(count, len(ring))
    start = (ticks - count) % len(ring)
    end = start + count
    if end <= len(ring):
        return tuple(ring[start:end])
    return tuple(ring[start:]) + tuple(islice(ring, end - len(ring)))


def _no_values(name: str) -> NoData:
    return NoData(f"{name} has no value in that time")
