"""Robust trends."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.stats.trend import MAX_POINTS, thin, trend

SERIES = st.lists(st.integers(-10_000, 10_000), min_size=3, max_size=40)


@given(ys=SERIES)
def test_the_interval_holds_the_slope(ys: list[int]) -> None:
    found = trend(range(len(ys)), ys)
    assert found.low <= found.slope <= found.high


@given(ys=SERIES, factor=st.integers(1, 100), offset=st.integers(-1000, 1000))
def test_scaling_scales_the_slope_and_shifting_changes_nothing(ys: list[int], factor: int, offset: int) -> None:
    plain = trend(range(len(ys)), ys)
    changed = trend(range(len(ys)), [y * factor + offset for y in ys])
    assert changed.slope == pytest.approx(plain.slope * factor)
    assert changed.z == pytest.approx(plain.z)


@given(ys=SERIES)
def test_mirroring_turns_the_sign(ys: list[int]) -> None:
    up, down = trend(range(len(ys)), ys), trend(range(len(ys)), [-y for y in ys])
    assert down.slope == pytest.approx(-up.slope)
    assert down.z == pytest.approx(-up.z)


@given(slope=st.integers(-50, 50), count=st.integers(3, 60))
def test_a_straight_line_is_found_exactly(slope: int, count: int) -> None:
    found = trend(range(count), [slope * x for x in range(count)])
    assert (found.low, found.slope, found.high) == (slope, slope, slope)


def test_outliers_hardly_move_it() -> None:
    ys = [float(x) for x in range(60)]
    ys[10] = ys[30] = 1e6
    assert trend(range(60), ys).slope == pytest.approx(1.0, rel=0.05)


def test_steps_are_a_trend() -> None:
    found = trend(range(60), [float(x // 5) for x in range(60)])
    assert found.slope == pytest.approx(0.2, rel=0.1)
    assert found.low > 0


def test_noise_without_a_trend_is_rarely_taken_for_one() -> None:
    rng = random.Random(7)
    alarms = sum(abs(trend(range(30), [rng.gauss(0, 1) for _ in range(30)]).z) > 1.96 for _ in range(400))
    assert alarms / 400 < 0.08


def test_a_sawtooth_is_no_trend() -> None:
    found = trend(range(60), [float(x % 6) for x in range(60)])
    assert found.low <= 0 <= found.high


def test_a_constant_series_has_no_slope() -> None:
    found = trend(range(10), [5.0] * 10)
    assert (found.low, found.slope, found.high, found.z) == (0, 0, 0, 0)


def test_long_series_are_thinned() -> None:
    assert trend(range(5000), [float(x) for x in range(5000)]).points == MAX_POINTS


@given(count=st.integers(1, 1000))
def test_thinning_keeps_both_ends_and_the_order(count: int) -> None:
    kept = thin([float(at) for at in range(count)])
    assert len(kept) == min(count, MAX_POINTS)
    assert (kept[0], kept[-1]) == (0, count - 1)
    assert kept == sorted(set(kept))


@pytest.mark.parametrize(
    ("xs", "ys", "message"),
    [([0, 1], [0, 1], "three points"), ([0, 1, 2], [0, 1], "length"), ([0, 1, 1], [0, 1, 2], "rise")],
)
def test_what_has_no_trend_is_refused(xs: list[float], ys: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trend(xs, ys)
