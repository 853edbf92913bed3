"""Log-linear histograms of few values, that merge and stay small.

A bin is named by the leading bits of a single-precision number: its exponent and the first five bits of its mantissa.
So every power of two is cut into 32 bins of equal width, and the middle of a bin is within 1/64 of every value in it.
As a number's bits rise with its value, the names rise with it too. Negative values have the negative of their mirror's
name. A name fits in 16 bits.

A histogram is a dict from bin to count: to merge is to add, so the order does not matter. To keep one small,
``reduced`` lets neighbours share a bin; that is the only step that loses more than 1/64.
"""

import struct
from array import array
from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil

Bins = dict[int, int]

ERROR = 1 / 64
"""The middle of a bin differs from a value in it, as it is in single precision, by at most this part of the value."""

SMALLEST = 2.0**-126
"""Numbers below it lose their digits: their error is up to ``SMALLEST`` / 64 whatever they are."""

LARGEST = 3.4e38
"""Single precision ends here: what is beyond counts as this."""

_SHIFT = 23 - 5
_SIGN = 1 << 31 >> _SHIFT
_SINGLE = struct.Struct("=f")
_BITS = struct.Struct("=I")


def binned(values: Sequence[float]) -> Bins:
    """The histogram of some numbers; not for NaN."""
    if not values:
        return {}
    low, high = min(values), max(values)
    if high > LARGEST or low < -LARGEST:
        values = [max(-LARGEST, min(LARGEST, value)) for value in values]
    if low == high:  # many series stand still
        return {_names(values[:1])[0]: len(values)}
    bins: Bins = {}
    for name in _names(values):
        bins[name] = bins.get(name, 0) + 1
    return bins


def _names(values: Sequence[float]) -> list[int]:
    """The bin of each value. The array turns all of them into bits at once."""
    names = [bits >> _SHIFT for bits in array("I", array("f", values).tobytes())]
    if max(names) < _SIGN:
        return names
    return [name if name < _SIGN else _SIGN - name for name in names]


def middle_of(name: int) -> float:
    """The middle of a bin; 0.0 for the bin of zero."""
    if name == 0:
        return 0.0
    size = float(_SINGLE.unpack(_BITS.pack((2 * abs(name) + 1) << (_SHIFT - 1)))[0])
    return size if name > 0 else -size


def add(histogram: Bins, names: Iterable[int], counts: Iterable[int]) -> None:
    """Merge bins into a histogram. A name may come more than once."""
    for name, count in zip(names, counts, strict=True):
        histogram[name] = histogram.get(name, 0) + count


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
    if len(histogram) <= most:
        return histogram
    bins = sorted(histogram.items())
    names, counts = [name for name, _ in bins], [count for _, count in bins]
    # What a joining adds to the sum of squared distances. Written out below: this loop is most of what a bucket costs.
    costs = [m * n / (m + n) * ((b - a) * (b - a)) for (a, m), (b, n) in pairwise(bins)]
    for _ in range(len(names) - most):
        at = costs.index(min(costs))
        b, n = names.pop(at + 1), counts.pop(at + 1)
        a, m = names[at], counts[at]
        del costs[at]
        both = m + n
        names[at] = a = round((a * m + b * n) / both)
        counts[at] = both
        if at:
            n, step = counts[at - 1], a - names[at - 1]
            costs[at - 1] = n * both / (n + both) * (step * step)
        if at < len(costs):
            n, step = counts[at + 1], names[at + 1] - a
            costs[at] = both * n / (both + n) * (step * step)
    return dict(zip(names, counts, strict=True))
