"""Closed buckets: what comes back of what was put in."""

from math import ceil, isclose

from hypothesis import given
from hypothesis import strategies as st

from perftui.stats.histogram import Bins, add, binned, reduced
from perftui.store.buckets import BLOCK, Buckets

SECOND = 1_000_000_000
values = st.lists(st.floats(-1e38, 1e38), max_size=12)


def test_a_series_that_comes_and_goes_within_a_block() -> None:
    buckets = Buckets(10, 3600, 10)
    for number in range(200):
        buckets.add(number, {"a": [float(number)] if number % 3 else [], "b": [2.0, 4.0] if number > 90 else []})
    assert buckets.span("a", 0, 10**9).lasts == [at for at in range(200) if at % 3]
    middle = buckets.span("b", 100, 102)
    assert middle.starts == [1000 * SECOND, 1010 * SECOND, 1020 * SECOND]
    assert (middle.lows, middle.means, middle.highs, middle.lasts) == ([2.0] * 3, [3.0] * 3, [4.0] * 3, [4.0] * 3)
    assert middle.counts == [2] * 3
    assert sum(middle.bins.values()) == 6
    assert buckets.count(100, 102) == 3
    assert buckets.span("b", 0, 90).starts == buckets.span("nobody", 0, 200).starts == []


@given(st.lists(values, min_size=1, max_size=3 * BLOCK), st.integers(0, 200), st.integers(0, 200), st.integers(1, 10))
def test_a_span_has_what_was_put_into_it(ticks: list[list[float]], first: int, last: int, most: int) -> None:
    buckets = Buckets(10, 3600, most)
    for number, some in enumerate(ticks):
        buckets.add(number, {"a": some})
    span = buckets.span("a", first, last)
    inside = [(number, some) for number, some in enumerate(ticks) if first <= number <= last and some]
    assert span.starts == [number * 10 * SECOND for number, _ in inside]
    assert span.counts == [len(some) for _, some in inside]
    for found, exact in zip(span.highs, (max(some) for _, some in inside), strict=True):
        assert isclose(found, exact, rel_tol=1e-6, abs_tol=1e-40)
    total: Bins = {}
    for _, some in inside:
        bins = reduced(binned(some), most)
        add(total, bins.keys(), bins.values())
    assert span.bins == total


def test_many_values_in_one_bin_count_in_full() -> None:
    buckets = Buckets(60, 3600, 8)
    buckets.add(1, {"a": [1.0] * 600 + [5.0]})
    span = buckets.span("a", 1, 1)
    assert sorted(span.bins.values()) == [1, 600]
    assert span.counts == [601]
    assert ceil(span.means[0] * 601) == 605


def test_the_oldest_go_by_the_block_and_a_forgotten_series_at_once() -> None:
    buckets = Buckets(10, 10 * BLOCK, 8)
    for number in range(4 * BLOCK + 5):
        buckets.add(number, {"a": [1.0], "b": [1.0]})
    assert buckets.span("a", 0, 10**9).starts[0] == 3 * BLOCK * 10 * SECOND
    buckets.forget("a")
    assert buckets.span("a", 0, 10**9).starts == []
    assert len(buckets.span("b", 0, 10**9).starts) == BLOCK + 5
