"""Whether something has changed by more than the common change and chance explain; see ``stack_diff`` for the why."""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Literal, NamedTuple

import msgspec

from perftui.analyze.stack_side import Side
from perftui.stats.student import two_sided

ChangeVerdict = Literal["grew", "shrank", "alike", "new", "vanished", "too few samples"]

LEAST_RATIO = 0.01
LEAST_PART = 0.05
"""A change is at least one point, and a twentieth of what the function would have taken."""

TAIL = 0.001
"""How often chance alone may give any verdict at all, were there no ``LEAST_RATIO``."""

LEAST_BLOCKS = 5
"""Fewer say nothing of their spread."""

_COUNTED = 1e9
"""Degrees of freedom of a variance that is known and not estimated."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """``cores`` are seconds per second (in the wall view: threads), ``ratio`` shares of the side's time, 0–1.

    ``change_ratio`` is what goes beyond the common change, as a share of the later side's time, with its interval; no
    interval (None) where too few windows tell how much they differ, and where the time of a function with what it
    called changed by so little that nobody asks.
    """

    before_cores: float
    after_cores: float
    before_ratio: float
    after_ratio: float
    change_ratio: float
    low_ratio: float | None
    high_ratio: float | None
    verdict: ChangeVerdict


class Seen(NamedTuple):
    """Seconds of something on one side: all of them, those that are the common functions' own time, and by block."""

    seconds: float
    common: float
    blocks: Sequence[float]


class Judge:
    """Compares anything seen on both sides with what the common functions went through."""

    def __init__(self, before: Side, after: Side, common: tuple[Sequence[float], Sequence[float]], tests: int) -> None:
        """``common`` has the time of the common functions by block, on each side more than nothing."""
        self._before, self._after = before, after
        self._common_before, self._common_after = common
        self._sum_before, self._sum_after = sum(common[0]), sum(common[1])
        self._tail = TAIL / max(1, tests)

    @property
    def common_ratio(self) -> float:
        """By what the cores of the common functions are multiplied."""
        was, now = self._before.span_seconds, self._after.span_seconds
        return (self._sum_after / now) / (self._sum_before / was)

    @property
    def tells(self) -> bool:
        """Whether both sides say how much they vary by themselves."""
        return all(len(side.total) == 1 or len(side.total) >= LEAST_BLOCKS for side in (self._before, self._after))

    def change(self, was: float, now: float, seen: Callable[[], tuple[Seen, Seen]], *, close: bool) -> Change:
        """Of something that took ``was`` and ``now`` seconds. Unless ``close`` is asked for, what is less than
        ``LEAST`` is alike without a closer look: then ``seen`` is not called and there is no interval."""
        size = was / self._sum_before  # as a multiple of the common functions
        expected = size * self._sum_after / self._after.sum_seconds
        change = now / self._after.sum_seconds - expected
        large = abs(change) > max(LEAST_RATIO, LEAST_PART * expected)
        half = self._half(*seen(), size, change) if large or close else None
        verdict: ChangeVerdict = "alike"
        if large:
            verdict = _verdict(was, now, change) if half is not None and abs(change) > half else "too few samples"
        return Change(
            before_cores=was / self._before.span_seconds,
            after_cores=now / self._after.span_seconds,
            before_ratio=was / self._before.sum_seconds,
            after_ratio=now / self._after.sum_seconds,
            change_ratio=change,
            low_ratio=None if half is None else change - half,
            high_ratio=None if half is None else change + half,
            verdict=verdict,
        )

    def whole_changed(self, least: float) -> bool:
        """Whether the time of all stacks differs by a part of it that is more than ``least``, and beyond noise."""
        sides = (self._before, self._after)
        if abs(self._after.cores / self._before.cores - 1) <= least:
            return False
        spreads = [_of_cores(side) for side in sides]
        parts = [spread for spread in spreads if spread is not None]
        return len(parts) == 2 and abs(self._after.cores - self._before.cores) > self._width(parts)

    def _half(self, before: Seen, after: Seen, size: float, change: float) -> float | None:
        """Half of the width of the change's interval."""
        # What each block adds to the change, to first order: both lists add up to nothing.
        was = [here - size * common for here, common in zip(before.blocks, self._common_before, strict=True)]
        now = [
            here - size * common - change * whole
            for here, common, whole in zip(after.blocks, self._common_after, self._after.total, strict=True)
        ]
        earlier = _variance(was, _by_chance(before, self._sum_before, size, self._before))
        later = _variance(now, _by_chance(after, self._sum_after, size, self._after))
        if earlier is None or later is None:
            return None
        weight = self._sum_after / self._sum_before
        parts = [(weight * weight * earlier[0], earlier[1]), later]
        return self._width(parts) / self._after.sum_seconds

    def _width(self, parts: Sequence[tuple[float, float]]) -> float:
        """Half of the interval's, of a difference with these variances, each with its degrees of freedom."""
        variance = sum(part for part, _ in parts)
        if not variance:
            return 0.0
        # Welch, Biometrika 34, 1947. Parts of the whole, as squares of small numbers may be nothing.
        freedom = 1 / sum((part / variance) ** 2 / free for part, free in parts)
        return two_sided(self._tail, freedom) * sqrt(variance)


def _of_cores(side: Side) -> tuple[float, float] | None:
    """The variance of a side's cores."""
    rests = [whole - side.cores * seconds for whole, seconds in zip(side.total, side.seconds, strict=True)]
    found = _variance(rests, side.look_seconds * side.sum_seconds)
    return None if found is None else (found[0] / (side.span_seconds * side.span_seconds), found[1])


def _verdict(was: float, now: float, change: float) -> ChangeVerdict:
    if was <= 0:
        return "new"
    if now <= 0:
        return "vanished"
    return "grew" if change > 0 else "shrank"


def _by_chance(seen: Seen, common: float, size: float, side: Side) -> float:
    """The variance of counted looks, at least that of one, in seconds²: Poisson's, as looks do not know each other."""
    inside = seen.seconds + size * size * common - 2 * size * seen.common
    return side.look_seconds * (max(0.0, inside) + side.look_seconds)


def _variance(blocks: Sequence[float], by_chance: float) -> tuple[float, float] | None:
    """Of the sum of blocks that are drawn anew, and its degrees of freedom. None for two to four blocks."""
    count = len(blocks)
    if count == 1:
        return by_chance, _COUNTED
    if count < LEAST_BLOCKS:
        return None
    drawn = sum(block * block for block in blocks) * count / (count - 1)
    return (drawn, count - 1) if drawn > by_chance else (by_chance, _COUNTED)
