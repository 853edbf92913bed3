"""Log-linear histograms of few values, that merge and pack small.

A bin is named by the leading bits of a double: its exponent and the first five bits of its mantissa. So every
power of two is cut into 32 bins of equal width, and the middle of a bin is within 1/64 of every value in it. As a
double's bits rise with its value, the names rise with it too. Negative values have the negative of their mirror's name.

A histogram is a dict from bin to count: to merge is to add, so the order does not matter. To keep one small,
``reduced`` lets neighbours share a bin; that is the only step that loses more than 1/64.
"""

import struct
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from math import ceil, isfinite

Bins = dict[int, int]

ERROR = 1 / 64
"""The middle of a bin differs from a value in it by at most this part of the value."""

SMALLEST = 2.0**-1022
"""Smaller values count as zero: doubles below it lose their digits."""

_SHIFT = 52 - 5
_DOUBLE = struct.Struct("<d")
_LONG = struct.Struct("<q")


def bin_of(value: float) -> int:
    """The name of the bin that holds ``value``. ValueError for what is not finite."""
    if not isfinite(value):
        raise ValueError("only finite values have a bin")
    size = abs(value)
    if size < SMALLEST:
        return 0
    name = int(_LONG.unpack(_DOUBLE.pack(size))[0]) >> _SHIFT
    return name if value > 0 else -name


def middle_of(name: int) -> float:
    """The middle of a bin; 0.0 for the bin of zero."""
    if name == 0:
        return 0.0
    size = float(_DOUBLE.unpack(_LONG.pack((2 * abs(name) + 1) << (_SHIFT - 1)))[0])
    return size if name > 0 else -size


def binned(values: Iterable[float]) -> Bins:
    """The histogram of some finite values."""
    bins: Bins = {}
    for value, count in Counter(values).items():  # many series stand still
        name = bin_of(value)
        bins[name] = bins.get(name, 0) + count
    return bins


def merged(histograms: Iterable[Bins]) -> Bins:
    """One histogram of all their values."""
    total: Counter[int] = Counter()
    for histogram in histograms:
        total.update(histogram)
    return dict(total)


def quantiles(histogram: Bins, shares: Iterable[float]) -> list[float]:
    """For each share (0–1) the value that this part of all values does not exceed (nearest rank).

    ValueError for an empty histogram.
    """
    count = sum(histogram.values())
    if not count:
        raise ValueError("an empty histogram has no quantiles")
    ordered = sorted(histogram.items())
    return [_at_rank(ordered, max(1, ceil(share * count))) for share in shares]


def _at_rank(ordered: list[tuple[int, int]], rank: int) -> float:
    passed = 0
    for name, count in ordered:
        passed += count
        if passed >= rank:
            return middle_of(name)
    return middle_of(ordered[-1][0])


def reduced(histogram: Bins, most: int) -> Bins:
    """The same number of values in at most ``most`` bins.

    Again and again the two neighbours are joined whose joining adds least to the spread within bins (Ward, *J. Am.
    Stat. Assoc.* 58, 1963), so single values far from the others stay where they are.
    """
    bins = sorted(histogram.items())
    costs = [_cost(*pair) for pair in pairwise(bins)] if len(bins) > most else []
    while len(bins) > most:
        at = costs.index(min(costs))
        (a, m), (b, n) = bins[at : at + 2]
        bins[at : at + 2] = [(round((a * m + b * n) / (m + n)), m + n)]
        first = max(0, at - 1)
        costs[first : at + 2] = [_cost(*pair) for pair in pairwise(bins[first : at + 2])]
    return dict(bins)


def _cost(one: tuple[int, int], other: tuple[int, int]) -> float:
    """What joining two bins (name, count) adds to the sum of squared distances."""
    return one[1] * other[1] / (one[1] + other[1]) * (other[0] - one[0]) ** 2


def packed(histogram: Bins) -> bytes:
    """The number of bins (one byte), then each bin's distance from the one before and its count, 7 bits a byte.

    ValueError for more than 255 bins.
    """
    out = bytearray([len(histogram)])
    before = 0
    for at, (name, count) in enumerate(sorted(histogram.items())):
        step = name - before
        _put(out, step if at else 2 * step if step >= 0 else -2 * step - 1)
        _put(out, count)
        before = name
    return bytes(out)


def unpacked(data: bytes | bytearray, start: int = 0) -> tuple[Bins, int]:
    """The histogram that ``packed`` left at ``start``, and where it ends."""
    histogram: Bins = {}
    at, name = start + 1, 0
    for number in range(data[start]):
        step, at = _take(data, at)
        count, at = _take(data, at)
        name = name + step if number else (step >> 1 if step % 2 == 0 else -(step >> 1) - 1)
        histogram[name] = count
    return histogram, at


def _put(out: bytearray, number: int) -> None:
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def _take(data: bytes | bytearray, at: int) -> tuple[int, int]:
    number = shift = 0
    while data[at] > 127:
        number |= (data[at] & 127) << shift
        shift += 7
        at += 1
    return number | data[at] << shift, at + 1
