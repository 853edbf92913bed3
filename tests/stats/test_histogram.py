"""Histograms: what they may lose, and what they must not."""

import math
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.stats.histogram import (
    ERROR,
    SMALLEST,
    bin_of,
    binned,
    merged,
    middle_of,
    packed,
    quantiles,
    reduced,
    unpacked,
)

finite = st.floats(allow_nan=False, allow_infinity=False, max_value=1e300, min_value=-1e300)
histograms = st.lists(finite, max_size=40).map(binned)


@given(finite)
def test_the_middle_of_a_bin_is_within_the_stated_error(value: float) -> None:
    if abs(value) < SMALLEST:
        assert middle_of(bin_of(value)) == 0.0
    else:
        assert abs(middle_of(bin_of(value)) - value) <= ERROR * abs(value)


@given(finite, finite)
def test_bins_rise_with_the_values(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert bin_of(low) <= bin_of(high)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_has_no_bin(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        bin_of(value)


@given(histograms, histograms, histograms)
def test_merging_is_associative_and_commutative(a: dict[int, int], b: dict[int, int], c: dict[int, int]) -> None:
    assert merged([merged([a, b]), c]) == merged([a, merged([b, c])]) == merged([c, b, a])


@given(st.lists(finite, max_size=40), st.lists(finite, max_size=40))
def test_the_merge_is_the_histogram_of_all_values(some: list[float], more: list[float]) -> None:
    assert merged([binned(some), binned(more)]) == binned([*some, *more])


@given(st.lists(finite, min_size=1, max_size=60), st.floats(0, 1))
def test_a_quantile_is_within_the_error_of_the_exact_one(values: list[float], share: float) -> None:
    exact = sorted(values)[max(1, ceil(share * len(values))) - 1]
    [found] = quantiles(binned(values), [share])
    assert abs(found - exact) <= max(SMALLEST, ERROR * abs(exact))


def test_nothing_has_no_quantiles() -> None:
    with pytest.raises(ValueError, match="empty"):
        quantiles({}, [0.5])


@given(histograms, st.integers(1, 16))
def test_a_reduced_histogram_keeps_the_count_and_the_range(histogram: dict[int, int], most: int) -> None:
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


@given(st.lists(histograms, max_size=5))
def test_what_was_packed_comes_back_one_after_the_other(several: list[dict[int, int]]) -> None:
    data = b"".join(map(packed, several))
    at, found = 0, []
    for _ in several:
        histogram, at = unpacked(data, at)
        found.append(histogram)
    assert found == several
    assert at == len(data)


def test_a_full_bucket_packs_into_few_bytes() -> None:
    noisy = reduced(binned(1e6 * (1 + math.sin(at) ** 2) for at in range(60)), 12)
    assert len(packed(noisy)) <= 1 + 3 + 2 * 12


@given(histograms, st.integers(1, 8))
def test_each_step_joins_the_two_neighbours_that_cost_least(histogram: dict[int, int], most: int) -> None:
    bins = sorted(histogram.items())
    while len(bins) > most:
        costs = [m * n / (m + n) * (b - a) ** 2 for (a, m), (b, n) in pairwise(bins)]
        at = costs.index(min(costs))
        (a, m), (b, n) = bins[at : at + 2]
        bins[at : at + 2] = [(round((a * m + b * n) / (m + n)), m + n)]
    assert reduced(histogram, most) == dict(bins)
