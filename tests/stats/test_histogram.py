"""Histograms: what they may lose, and what they must not."""

from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.stats.histogram import ERROR, LARGEST, SMALLEST, Bins, add, binned, middle_of, quantiles, reduced

finite = st.floats(-LARGEST, LARGEST)
histograms = st.lists(finite, max_size=40).map(binned)


SINGLE = 1 + 2**-23
"""What rounding to single precision may add to the error."""


def merged(*histograms: Bins) -> Bins:
    total: Bins = {}
    for histogram in histograms:
        add(total, histogram.keys(), histogram.values())
    return total


def within_the_error(found: float, exact: float) -> bool:
    return abs(found - exact) <= max(SMALLEST, ERROR * SINGLE * abs(exact) + 2**-23 * abs(exact))


def bin_of(value: float) -> int:
    [name] = binned([value])
    return name


@given(finite)
def test_the_middle_of_a_bin_is_within_the_stated_error(value: float) -> None:
    assert within_the_error(middle_of(bin_of(value)), value)
    assert -(2**15) <= bin_of(value) < 2**15


@given(finite, finite)
def test_bins_rise_with_the_values(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert bin_of(low) <= bin_of(high)
    assert bin_of(-low) == -bin_of(low)


def test_what_is_too_large_counts_as_the_largest() -> None:
    assert binned([1e300, -1e300, 1.0]) == binned([LARGEST, -LARGEST, 1.0])
    assert binned([0.0, -0.0]) == {0: 2}
    assert binned([]) == {}


@given(histograms, histograms, histograms)
def test_merging_is_associative_and_commutative(a: Bins, b: Bins, c: Bins) -> None:
    assert merged(merged(a, b), c) == merged(a, merged(b, c)) == merged(c, b, a)


@given(st.lists(finite, max_size=40), st.lists(finite, max_size=40))
def test_the_merge_is_the_histogram_of_all_values(some: list[float], more: list[float]) -> None:
    assert merged(binned(some), binned(more)) == binned([*some, *more])


@given(st.lists(finite, min_size=1, max_size=60), st.floats(0, 1))
def test_a_quantile_is_within_the_error_of_the_exact_one(values: list[float], share: float) -> None:
    exact = sorted(values)[max(1, ceil(share * len(values))) - 1]
    [found] = quantiles(binned(values), [share])
    assert within_the_error(found, exact)


def test_nothing_has_no_quantiles() -> None:
    with pytest.raises(ValueError, match="empty"):
        quantiles({}, [0.5])


@given(histograms, st.integers(1, 16))
def test_a_reduced_histogram_keeps_the_count_and_the_range(histogram: Bins, most: int) -> None:
    small = reduced(histogram, most)
    assert len(small) <= most
    assert sum(small.values()) == sum(histogram.values())
    if histogram:
        assert min(histogram) <= min(small) <= max(small) <= max(histogram)
    if len(histogram) <= most:
        assert small == histogram


def test_a_lone_peak_is_not_averaged_away() -> None:
    values = [0.2 + 0.01 * at for at in range(59)] + [1000.0]
    small = reduced(binned(values), 12)
    assert small[bin_of(1000.0)] == 1
    assert abs(quantiles(small, [0.5])[0] - 0.495) < 0.05


@given(histograms, st.integers(1, 8))
def test_each_step_joins_the_two_neighbours_that_cost_least(histogram: Bins, most: int) -> None:
    bins = sorted(histogram.items())
    while len(bins) > most:
        costs = [m * n / (m + n) * (b - a) ** 2 for (a, m), (b, n) in pairwise(bins)]
        at = costs.index(min(costs))
        (a, m), (b, n) = bins[at : at + 2]
        bins[at : at + 2] = [(round((a * m + b * n) / (m + n)), m + n)]
    assert reduced(histogram, most) == dict(bins)
