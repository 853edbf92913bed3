"""Closed buckets of one width: what a tier keeps of each series once its ticks are gone.

A bucket of a series is a histogram of some bins and its lowest, mean, highest and last value in single precision: 17
bytes and 3 for each bin. They stand in columns, so that a look at thousands of them is a few calls; the columns of a
full block are joined into one run of bytes per series.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import accumulate, compress, pairwise

from perftui.stats.histogram import LARGEST, Bins, add, binned, reduced

BLOCK = 60
"""Buckets per block; the oldest are dropped by the block."""

_FIGURES = 4
"""Of each bucket: low, mean, high, last."""

_GAP = array("f", [float("nan")]) * _FIGURES
_MOST = 255
"""A count is one byte: a bin of more values is written more than once."""


class Span:
    """Neighbouring buckets of one series: columns of equal length, and one histogram of all their values.

    ``starts`` in nanoseconds, rising; ``counts`` is how many values each bucket has, at least one.
    """

    __slots__ = ("bins", "counts", "highs", "lasts", "lows", "means", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.lows: list[float] = []
        self.means: list[float] = []
        self.highs: list[float] = []
        self.lasts: list[float] = []
        self.counts: list[int] = []
        self.bins: Bins = {}


class _Run:
    """The buckets of one series in one block, as columns. ``sizes`` is how many bins each has, 0 in a gap."""

    __slots__ = ("counts", "figures", "names", "sizes")

    def __init__(self, gaps: int) -> None:
        self.figures = _GAP * gaps
        self.sizes = bytearray(gaps)
        self.names = array("h")
        self.counts = bytearray()

    def add(self, values: Sequence[float], most_bins: int) -> None:
        """One bucket more; a gap without values."""
        before = len(self.counts)
        self.figures.extend(_figures(values) if values else _GAP)
        bins = reduced(binned(values), most_bins)
        if len(values) > _MOST:
            self.names.extend(name for name, count in bins.items() for _ in range(0, count, _MOST))
            self.counts.extend(min(_MOST, count - part) for count in bins.values() for part in range(0, count, _MOST))
        else:
            self.names.extend(bins)
            self.counts.extend(bins.values())
        self.sizes.append(len(self.counts) - before)

    def packed(self) -> bytes:
        return b"".join((self.figures.tobytes(), self.sizes, self.names.tobytes(), self.counts))

    @classmethod
    def unpacked(cls, data: bytes, buckets: int) -> "_Run":
        run = cls(0)
        columns = memoryview(data)
        at = buckets * _FIGURES * run.figures.itemsize
        run.figures.frombytes(columns[:at])
        run.sizes[:] = columns[at : at + buckets]
        at, bins = at + buckets, sum(run.sizes)
        run.names.frombytes(columns[at : at + bins * run.names.itemsize])
        run.counts[:] = columns[at + bins * run.names.itemsize :]
        return run

    def put_into(self, span: Span, starts: Sequence[int], first: int, end: int) -> None:
        """Append the buckets ``first`` … ``end`` - 1 to a span. ``starts`` are theirs, in nanoseconds."""
        sizes, ends = self.sizes[first:end], list(accumulate(self.sizes, initial=0))[first : end + 1]
        figures = self.figures[first * _FIGURES : end * _FIGURES]
        passed = list(accumulate(self.counts, initial=0))
        span.starts += compress(starts, sizes)
        span.lows += compress(figures[0::_FIGURES], sizes)
        span.means += compress(figures[1::_FIGURES], sizes)
        span.highs += compress(figures[2::_FIGURES], sizes)
        span.lasts += compress(figures[3::_FIGURES], sizes)
        span.counts += compress([passed[after] - passed[before] for before, after in pairwise(ends)], sizes)
        add(span.bins, self.names[ends[0] : ends[-1]], self.counts[ends[0] : ends[-1]])


class _Block:
    """Up to ``BLOCK`` buckets of all series. Bucket ``numbers`` are times in widths."""

    __slots__ = ("_open", "_packed", "numbers")

    def __init__(self) -> None:
        self.numbers = array("I")
        self._open: dict[str, _Run] = {}
        self._packed: dict[str, bytes] = {}

    @property
    def full(self) -> bool:
        return len(self.numbers) == BLOCK

    def add(self, number: int, ticks: Mapping[str, Sequence[float]], most_bins: int) -> None:
        for name, values in ticks.items():
            if values and name not in self._open:
                self._open[name] = _Run(len(self.numbers))
        for name, run in self._open.items():
            run.add(ticks.get(name, ()), most_bins)
        self.numbers.append(number)
        if self.full:
            self._packed = {name: run.packed() for name, run in self._open.items()}
            self._open.clear()

    def run(self, name: str) -> _Run | None:
        if name in self._packed:
            return _Run.unpacked(self._packed[name], len(self.numbers))
        return self._open.get(name)

    def forget(self, name: str) -> None:
        self._open.pop(name, None)
        self._packed.pop(name, None)


class Buckets:
    """The latest ``keep_seconds`` in buckets of ``width_seconds``, of the series that are given to ``add``.

    A bucket keeps at most ``most_bins`` bins.
    """

    def __init__(self, width_seconds: int, keep_seconds: int, most_bins: int) -> None:
        self.width_ns = width_seconds * 1_000_000_000
        self.keep_ns = keep_seconds * 1_000_000_000
        self._most_bins = most_bins
        self._blocks: deque[_Block] = deque(maxlen=keep_seconds // width_seconds // BLOCK + 1)

    def add(self, number: int, ticks: Mapping[str, Sequence[float]]) -> None:
        """Close one bucket; ``number`` rises. A series without values in it has a gap there."""
        if not self._blocks or self._blocks[-1].full:
            self._blocks.append(_Block())
        self._blocks[-1].add(number, ticks, self._most_bins)

    def span(self, name: str, first: int, last: int) -> Span:
        """The buckets of one series from number ``first`` to ``last``."""
        span = Span()
        for block in self._blocks:
            numbers = block.numbers
            start, end = bisect_left(numbers, first), bisect_right(numbers, last)
            if start < end and (run := block.run(name)) is not None:
                run.put_into(span, [number * self.width_ns for number in numbers[start:end]], start, end)
        return span

    def count(self, first: int, last: int) -> int:
        """How many buckets there are from number ``first`` to ``last``."""
        return sum(bisect_right(block.numbers, last) - bisect_left(block.numbers, first) for block in self._blocks)

    def forget(self, name: str) -> None:
        """Drop the past of one series."""
        for block in self._blocks:
            block.forget(name)


def _figures(values: Sequence[float]) -> tuple[float, float, float, float]:
    """Low, mean, high and last, within single precision."""
    low, high = min(values), max(values)
    mean, last = sum(values) / len(values), values[-1]
    if low < -LARGEST or high > LARGEST:
        low, mean, high, last = (max(-LARGEST, min(LARGEST, figure)) for figure in (low, mean, high, last))
    return low, mean, high, last
