"""The past of a session in bounded memory: every tick of 15 minutes, then 10 s for 6 hours and 60 s for 7 days.

Ticks stand in one ring of doubles per series. The named series are also kept in ``Buckets`` of 10 and 60 seconds, which
are made from the ring when their time is over. All other series are dropped after 15 minutes.

Time is the wall clock made to rise steadily: it follows CLOCK_MONOTONIC, jumps ahead with the wall clock (a suspend, a
clock set forward) and never goes back. What was not measured is a gap.
"""

import math
import threading
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import compress, pairwise
from typing import NamedTuple, TypeVar

from perftui.errors import NoData
from perftui.model.series import Stretch, Summary, summary_of
from perftui.store.buckets import Buckets
from perftui.store.digest import Digest, digest_of, edges_of, extremes

FINE_SECONDS = 900
SPARE_TICKS = 60
"""Ticks come a little early or late: with these the ring surely reaches back all of ``FINE_SECONDS``."""

COARSE = ((10, 6 * 3600, 10), (60, 7 * 86400, 8))
"""(width, how long it is kept, most bins) of each tier of buckets. Ten ticks fit into 10 s without loss."""

MAX_DIGESTS = 256
"""So many readings of closed buckets are kept until the next one closes: a screen asks for the same ones every tick."""

JUMP_NS = 2_000_000_000
"""A wall clock this far ahead of CLOCK_MONOTONIC has jumped; less is drift, or the time between reading the two."""

LONGEST_TICKS = 10
"""A tick may come so many intervals after the one before it on a starved host; what is longer is a gap."""

MAX_OTHERS = 512
"""So many series beside the kept ones; what comes later waits until one has had no value for 15 minutes."""

_NAN = math.nan
_Number = TypeVar("_Number", int, float)


class Tiers:
    """The series named in ``kept`` in every tier, others in the finest. ``interval_seconds``: between two ticks.

    One thread adds ticks, any may read.
    """

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
        self._coarse = [_Coarse(Buckets(*sizes)) for sizes in COARSE]
        self._lock = threading.Lock()

    @property
    def now_ns(self) -> int:
        """The time of the latest tick, 0 before the first."""
        return self._now_ns

    def append(self, wall_ns: int, monotonic_ns: int, values: Mapping[str, float]) -> None:
        """Add one tick. A series without a value gets a gap, one seen for the first time a gap for its past."""
        with self._lock:
            self._step(wall_ns, monotonic_ns)
            for tier in self._coarse:
                self._close(tier)
            if self._ticks % self._capacity == 0:
                self._drop_silent()
            if not values.keys() <= self._rings.keys():
                self._begin(values)
            slot = self._ticks % self._capacity
            get, isfinite = values.get, math.isfinite
            for name, ring in self._rings.items():
                value = get(name, _NAN)
                ring[slot] = value if isfinite(value) else _NAN
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
            with self._lock:
                for name in self._kept & values.keys():
                    ring = self._rings.setdefault(name, array("d", [_NAN]) * self._capacity)
                    ring[slot] = values[name]

    def latest(self, count: int) -> "Latest":
        """The last ``count`` values of each kept series, as of now."""
        names = tuple(name for name in self._rings if name in self._kept)
        return Latest(self._rings, names, self._ticks, min(count, self._ticks))

    def window(self, name: str, since_ns: int, until_ns: int) -> Summary:
        """One series from ``since_ns`` to ``until_ns``, both in the time of ``now_ns``.

        From ticks where they reach back far enough, else from the finest buckets that do: these count whole even where
        they begin before ``since_ns``, and their quantiles are good to a few percent.
        NoData when there is no value in that time, or when the series is not kept that long.
        """
        return self.stretch(name, since_ns, until_ns, 0).summary

    def stretch(self, name: str, since_ns: int, until_ns: int, parts: int) -> Stretch:
        """The same, with the lowest and highest values of at most ``parts`` parts of that time. NoData as there."""
        with self._lock:
            if self._has_ticks_since(since_ns):
                return self._from_ticks(name, since_ns, until_ns, parts)
            if name not in self._kept:
                raise NoData(
                    f"not kept beyond {FINE_SECONDS // 60} minutes",
                    "record the session to keep everything: perftui record",
                )
            return self._from_buckets(self._tier_since(since_ns), name, since_ns, until_ns, parts)

    def names(self) -> tuple[str, ...]:
        """All series that have a past, the kept ones and the others."""
        with self._lock:
            return tuple(self._rings)

    def covered_ns(self, since_ns: int, until_ns: int) -> int:
        """For how much of that time anything is kept; good to a bucket where ticks do not reach back."""
        with self._lock:
            if self._has_ticks_since(since_ns):
                times = _tail(self._times, self._ticks, self._ticks)
                times = times[bisect_left(times, since_ns) : bisect_left(times, until_ns + 1)]
                longest = LONGEST_TICKS * self._interval_ns
                begun = [max(since_ns, time - self._interval_ns) for time in times[:1]]
                return sum(min(longest, newer - older) for older, newer in pairwise([*begun, *times]))
            tier = self._tier_since(since_ns)
            first, last = since_ns // tier.width_ns, until_ns // tier.width_ns
            return min(until_ns - since_ns, tier.width_ns * (tier.buckets.count(first, last) + (tier.number <= last)))

    def past(self) -> "View":
        """What can be read of the past, as it is now: later ticks do not move its windows."""
        return View(self, self._now_ns)

    def forget(self, names: Iterable[str]) -> None:
        """Drop the past of these series: what they stand for has changed."""
        with self._lock:
            for name in names:
                self._rings.pop(name, None)
                for tier in self._coarse:
                    tier.forget(name)

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
        number = self._now_ns // tier.width_ns
        if number == tier.number:
            return
        count = self._ticks - tier.first_tick
        if count:
            tier.buckets.add(tier.number, {name: self._known(name, count) for name in self._kept & self._rings.keys()})
        tier.number, tier.first_tick = number, self._ticks
        tier.digests.clear()

    def _begin(self, values: Mapping[str, float]) -> None:
        """A ring for each series that is seen for the first time, as long as there is room."""
        for name in values:
            if name not in self._rings and (name in self._kept or len(self._rings) < len(self._kept) + MAX_OTHERS):
                self._rings[name] = array("d", [_NAN]) * self._capacity

    def _drop_silent(self) -> None:
        """Let go of series that have had no value in the whole ring (a disk that is gone); kept ones have buckets."""
        others = self._rings.keys() - self._kept
        for name in [name for name in others if all(map(math.isnan, self._rings[name]))]:
            del self._rings[name]

    # ---- looking back

    def _known(self, name: str, count: int) -> list[float]:
        """The values among the last ``count`` ticks."""
        return [value for value in _tail(self._rings[name], self._ticks, count) if value == value]  # NaN is unequal

    def _has_ticks_since(self, since_ns: int) -> bool:
        if self._ticks <= self._capacity:
            return True
        return self._times[self._ticks % self._capacity] <= since_ns

    def _tier_since(self, since_ns: int) -> "_Coarse":
        """The finest that reaches back so far, else the longest."""
        reaching = (tier for tier in self._coarse if since_ns >= self._now_ns - tier.buckets.keep_ns)
        return next(reaching, self._coarse[-1])

    def _from_ticks(self, name: str, since_ns: int, until_ns: int, parts: int) -> Stretch:
        all_times = _tail(self._times, self._ticks, self._ticks)
        start, end = bisect_left(all_times, since_ns), bisect_left(all_times, until_ns + 1)
        ring = _tail(self._rings[name], self._ticks, self._ticks)[start:end] if name in self._rings else ()
        seen = [value == value for value in ring]  # NaN is unequal
        times, values = list(compress(all_times[start:end], seen)), list(compress(ring, seen))
        if not values:
            raise _no_values()
        seconds = [(at - since_ns) / 1e9 for at in times]
        edges = edges_of(since_ns, until_ns, parts, self._interval_ns)
        return Stretch(
            summary=summary_of(seconds, values, self._coverage(len(values), since_ns, until_ns)),
            lows=extremes(times, values, edges, min),
            highs=extremes(times, values, edges, max),
        )

    def _from_buckets(self, tier: "_Coarse", name: str, since_ns: int, until_ns: int, parts: int) -> Stretch:
        """Closed buckets, and the values of the one that is still being filled."""
        first, last = since_ns // tier.width_ns, until_ns // tier.width_ns
        digest = tier.digests.get((name, first, last, parts))
        if digest is None:
            edges = edges_of(since_ns, until_ns, parts, tier.width_ns)
            digest = digest_of(tier.buckets.span(name, first, last), edges)
            if parts:
                if len(tier.digests) >= MAX_DIGESTS:
                    tier.digests.clear()
                tier.digests[name, first, last, parts] = digest
        fresh = self._known(name, self._ticks - tier.first_tick) if tier.number <= last and name in self._rings else []
        count = digest.values + len(fresh)
        if not count:
            raise _no_values()
        return digest.stretch(fresh, self._coverage(count, since_ns, until_ns))

    def _coverage(self, ticks: int, since_ns: int, until_ns: int) -> float:
        return min(1.0, ticks * self._interval_ns / max(self._interval_ns, until_ns - since_ns))


class _Coarse:
    """One tier of buckets, with the one that is being filled: its number and its first tick.

    ``digests``: (series, first bucket, last bucket, parts) to what closed buckets came to when that was last asked for.
    """

    __slots__ = ("buckets", "digests", "first_tick", "number", "width_ns")

    def __init__(self, buckets: Buckets) -> None:
        self.buckets = buckets
        self.width_ns = buckets.width_ns
        self.number = 0
        self.first_tick = 0
        self.digests: dict[tuple[str, int, int, int], Digest] = {}

    def forget(self, name: str) -> None:
        self.buckets.forget(name)
        self.digests.clear()


class Latest(Mapping[str, tuple[float, ...]]):
    """The latest values of each series (fewer if there are fewer), oldest first; NaN in a gap.

    A series is copied when it is asked for: a screen shows ten of seventy. Later ticks do not move it, for as long as
    the ring has room for them beside these values, which is minutes.
    """

    def __init__(self, rings: Mapping[str, "array[float]"], names: tuple[str, ...], ticks: int, count: int) -> None:
        self._rings = rings
        self._names = names
        self._ticks = ticks
        self._count = count

    def __getitem__(self, name: str) -> tuple[float, ...]:
        if name not in self._names:
            raise KeyError(name)
        ring = self._rings.get(name)
        return tuple(_tail(ring, self._ticks, self._count)) if ring is not None else ()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class View(NamedTuple):
    """``model.series.Past``: windows that end at ``until_ns``."""

    tiers: Tiers
    until_ns: int

    def names(self) -> tuple[str, ...]:
        return self.tiers.names()

    def covered_seconds(self, seconds: float) -> float:
        return self.tiers.covered_ns(self.until_ns - int(seconds * 1e9), self.until_ns) / 1e9

    def stretch(self, name: str, seconds: float, parts: int) -> Stretch:
        return self.tiers.stretch(name, self.until_ns - int(seconds * 1e9), self.until_ns, parts)


def _tail(ring: "array[_Number]", ticks: int, count: int) -> "array[_Number]":
    """The last ``count`` entries of a ring that ``ticks`` were written to, oldest first."""
    count = min(count, len(ring))
    start = (ticks - count) % len(ring)
    end = start + count
    return ring[start:end] if end <= len(ring) else ring[start:] + ring[: end - len(ring)]


def _no_values() -> NoData:
    return NoData("no value in that time")
