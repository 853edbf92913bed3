"""Closed buckets of one width: what a tier keeps of each series once its ticks are gone.

A bucket of a series is a histogram (at most ``MAX_BINS`` bins) and its lowest, mean, highest and last value in single
precision: some 40 bytes. They stand one after the other in one run of bytes per series and block, no object each.
"""

import struct
from array import array
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from perftui.stats.histogram import Bins, binned, packed, reduced, unpacked

MAX_BINS = 10
"""Ten ticks fit without loss. Seventy series of pure noise then take 37 MiB over seven days."""

BLOCK = 60
"""Buckets per block; the oldest are dropped by the block."""

_FIGURES = struct.Struct("<4f")
_LARGEST = 3.4e38
"""Single precision ends here."""

_ABSENT = packed({})


class Bucket(NamedTuple):
    """One series in ``start_ns`` … ``start_ns`` + width."""

    start_ns: int
    low: float
    mean: float
    high: float
    last: float
    bins: Bins


class _Block:
    """Up to ``BLOCK`` buckets of all series. Bucket ``numbers`` are times in widths."""

    __slots__ = ("numbers", "runs")

    def __init__(self) -> None:
        self.numbers = array("q")
        self.runs: dict[str, bytearray] = {}

    def add(self, number: int, ticks: Mapping[str, Sequence[float]]) -> None:
        for name, values in ticks.items():
            if values and name not in self.runs:
                self.runs[name] = bytearray(_ABSENT * len(self.numbers))
        for name, run in self.runs.items():
            run += _record(ticks.get(name, ()))
        self.numbers.append(number)


class Buckets:
    """The latest ``keep_seconds`` in buckets of ``width_seconds``, of the series that are given to ``add``."""

    def __init__(self, width_seconds: int, keep_seconds: int) -> None:
        self.width_ns = width_seconds * 1_000_000_000
        self.keep_ns = keep_seconds * 1_000_000_000
        self._blocks: deque[_Block] = deque(maxlen=keep_seconds // width_seconds // BLOCK + 1)

    def add(self, number: int, ticks: Mapping[str, Sequence[float]]) -> None:
        """Close one bucket; ``number`` rises. A series without values in it has a gap there."""
        if not self._blocks or len(self._blocks[-1].numbers) == BLOCK:
            self._blocks.append(_Block())
        self._blocks[-1].add(number, ticks)

    def between(self, name: str, since_ns: int, until_ns: int) -> Iterator[Bucket]:
        """The buckets of one series that overlap the time, oldest first."""
        first, last = since_ns // self.width_ns, until_ns // self.width_ns
        for block in self._blocks:
            if block.numbers[-1] >= first and block.numbers[0] <= last and name in block.runs:
                yield from (
                    bucket for bucket in self._decoded(block, name) if first <= bucket.start_ns // self.width_ns <= last
                )

    def forget(self, name: str) -> None:
        """Drop the past of one series."""
        for block in self._blocks:
            block.runs.pop(name, None)

    def _decoded(self, block: _Block, name: str) -> Iterator[Bucket]:
        run, at = block.runs[name], 0
        for number in block.numbers:
            bins, at = unpacked(run, at)
            if bins:
                low, mean, high, last = _FIGURES.unpack_from(run, at)
                at += _FIGURES.size
                yield Bucket(number * self.width_ns, low, mean, high, last, bins)


def _record(values: Sequence[float]) -> bytes:
    if not values:
        return _ABSENT
    figures = (min(values), sum(values) / len(values), max(values), values[-1])
    within = (max(-_LARGEST, min(_LARGEST, figure)) for figure in figures)
    return packed(reduced(binned(values), MAX_BINS)) + _FIGURES.pack(*within)
