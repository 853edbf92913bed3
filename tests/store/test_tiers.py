"""The history in tiers: what it answers for any window, what it leaves out, and how big it gets."""

import math
import sys
from array import array
from collections import deque
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.errors import NoData
from perftui.model.catalogue import NAMES
from perftui.store.tiers import MAX_OTHERS, SPARE_TICKS, Tiers

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
DAY = 86400


def filled(values: list[float], *, name: str = "cpu", seconds: int = 1) -> Tiers:
    tiers = Tiers({"cpu"}, interval_seconds=seconds)
    for at, value in enumerate(values):
        tiers.append(START + at * seconds * SECOND, at * seconds * SECOND, {name: value})
    return tiers


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=60), st.integers(0, 80))
def test_latest_is_the_tail_of_what_was_appended(values: list[float], count: int) -> None:
    expected = tuple(values[-count:]) if count else ()
    assert filled(values).latest(count).get("cpu", ()) == expected


def test_latest_reaches_back_fifteen_minutes() -> None:
    values = [float(at) for at in range(3000)]
    latest = filled(values).latest(5000)["cpu"]
    assert latest == tuple(values[-len(latest) :])
    assert len(latest) == 900 + SPARE_TICKS


def test_a_missing_value_is_nan_and_a_late_series_has_a_nan_past() -> None:
    tiers = Tiers({"cpu", "target-cpu"})
    tiers.append(START, 0, {"cpu": 0.5})
    tiers.append(START + SECOND, SECOND, {"target-cpu": 1.0, "cpu": math.inf})
    latest = tiers.latest(5)
    assert latest["cpu"][0] == 0.5
    assert math.isnan(latest["cpu"][1])
    assert math.isnan(latest["target-cpu"][0])
    assert latest["target-cpu"][1] == 1.0


def test_a_window_of_ticks_is_exact() -> None:
    tiers = filled([float(at) for at in range(100)])
    past = tiers.window("cpu", tiers.now_ns - 49 * SECOND, tiers.now_ns)
    assert (past.current, past.peak, past.mean) == (99, 99, 74.5)
    assert (past.p50, past.p95, past.p99) == (74, 97, 99)
    assert past.slope_per_s == pytest.approx(1.0)
    assert past.coverage_ratio == 1.0


@pytest.mark.parametrize(("hours", "width"), [(2, 10), (5, 10), (20, 60), (100, 60)])
def test_a_long_window_agrees_with_all_its_values(hours: int, width: int) -> None:
    """A tick of 10 s over a week: from 10 s buckets up to 6 hours, from 60 s ones beyond."""
    random = Random(hours)
    values = [1e6 * random.lognormvariate(0, 1) + 20 * at for at in range(hours * 360 + 2000)]
    tiers = filled(values, seconds=10)
    past = tiers.window("cpu", tiers.now_ns - hours * 3600 * SECOND, tiers.now_ns)
    seen = values[-hours * 360 :]
    ordered = sorted(seen)
    assert past.current == pytest.approx(seen[-1])
    assert past.peak == pytest.approx(max(values[-hours * 360 - width :]), rel=1e-6)
    assert past.mean == pytest.approx(sum(seen) / len(seen), rel=0.01)
    for share, found in ((0.5, past.p50), (0.95, past.p95), (0.99, past.p99)):
        assert found == pytest.approx(ordered[int(share * len(ordered))], rel=0.05)
    assert past.coverage_ratio == pytest.approx(1.0, abs=0.01)
    assert past.slope_per_s is not None


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=50))
def test_quantiles_stay_between_the_lowest_and_the_highest(few: list[float]) -> None:
    values = few * (1000 // len(few) + 1)
    tiers = filled(values, seconds=10)
    past = tiers.window("cpu", START, tiers.now_ns)
    assert past.p50 <= past.p95 <= past.p99 <= past.peak
    assert past.peak == pytest.approx(max(values), rel=1e-6)
    assert past.mean == pytest.approx(sum(values) / len(values), rel=1e-6, abs=1e-3)


def test_a_gap_is_left_out_and_never_zero() -> None:
    tiers = Tiers({"cpu"})
    for at in [*range(600), *range(4200, 4800)]:
        tiers.append(START + at * SECOND, at * SECOND, {"cpu": 0.8})
    past = tiers.window("cpu", START, tiers.now_ns)
    assert (past.p50, past.mean, past.slope_per_s) == pytest.approx((0.8, 0.8, 0.0))
    assert past.coverage_ratio == pytest.approx(0.25, abs=0.01)
    with pytest.raises(NoData, match="no value in that time"):
        tiers.window("cpu", START + 1000 * SECOND, START + 2000 * SECOND)


def test_a_suspend_is_a_gap_and_a_clock_set_back_is_none() -> None:
    tiers = Tiers({"cpu"})
    tiers.append(START, 0, {"cpu": 1.0})
    tiers.append(START + 3600 * SECOND, SECOND, {"cpu": 1.0})  # CLOCK_MONOTONIC stood still
    assert tiers.now_ns == START + 3600 * SECOND
    tiers.append(START, 2 * SECOND, {"cpu": 1.0})
    assert tiers.now_ns == START + 3601 * SECOND
    tiers.append(START + SECOND, 3 * SECOND, {"cpu": 1.0})
    assert tiers.now_ns == START + 3602 * SECOND


def test_a_series_that_is_not_kept_says_so_beyond_fifteen_minutes() -> None:
    tiers = filled([1.0] * 500, name="cpu:0")
    assert tiers.window("cpu:0", START - 3600 * SECOND, tiers.now_ns).peak == 1.0  # nothing was dropped yet
    tiers = filled([1.0] * 2000, name="cpu:0")
    assert tiers.window("cpu:0", tiers.now_ns - 900 * SECOND, tiers.now_ns).coverage_ratio == 1.0
    with pytest.raises(NoData) as caught:
        tiers.window("cpu:0", tiers.now_ns - 3600 * SECOND, tiers.now_ns)
    assert caught.value.reason.startswith("not kept")
    assert caught.value.remedy
    assert "cpu:0" not in tiers.latest(10)


def test_the_open_bucket_counts_too() -> None:
    tiers = filled([1.0] * 1500 + [9.0])
    past = tiers.window("cpu", START, tiers.now_ns)
    assert (past.current, past.peak) == (9.0, 9.0)


def test_beyond_seven_days_is_dropped() -> None:
    tiers = filled([5.0] + [1.0] * (8 * DAY // 60), seconds=60)
    assert tiers.window("cpu", START, tiers.now_ns).peak == 1.0


def test_a_forgotten_series_has_no_past() -> None:
    tiers = filled([1.0] * 2000)
    tiers.forget(["cpu", "other"])
    with pytest.raises(NoData):
        tiers.window("cpu", START, tiers.now_ns)
    tiers.append(tiers.now_ns + SECOND, 5000 * SECOND, {"cpu": 2.0})
    assert tiers.window("cpu", START, tiers.now_ns).mean == 2.0


def test_the_number_of_other_series_is_bounded_and_silent_ones_go() -> None:
    tiers = Tiers({"cpu"})
    for at in range(2 * (900 + SPARE_TICKS) + 1):
        names = {f"disk:{at}-{number}": 1.0 for number in range(40)} if at % 40 == 0 else {}
        tiers.append(START + at * SECOND, at * SECOND, names)
        assert len(tiers._rings) <= MAX_OTHERS + 1
    recent = f"disk:{2 * (900 + SPARE_TICKS)}-0"
    assert tiers.window(recent, tiers.now_ns - SECOND, tiers.now_ns).peak == 1.0


def test_fast_ticks_fill_all_of_fifteen_minutes() -> None:
    tiers = Tiers({"cpu"}, interval_seconds=0.25)
    for at in range(6000):
        tiers.append(START + at * SECOND // 4, at * SECOND // 4, {"cpu:0": 1.0, "cpu": 1.0})
    assert tiers.window("cpu:0", tiers.now_ns - 900 * SECOND, tiers.now_ns).coverage_ratio == 1.0
    buckets = tiers._coarse[0].buckets.span("cpu", 0, tiers.now_ns)
    assert buckets.counts == [40] * 149


def test_seven_days_of_all_series_take_less_than_40_mib() -> None:
    """Noise that fills every bucket with as many bins as it may have; three series stand for all."""
    random = Random(7)
    names = ("cpu", "disk-read", "net-rx")
    tiers = Tiers(names)
    noise = [random.lognormvariate(10, 2) for _ in range(9973)]
    for at in range(7 * DAY):
        value = noise[at % 9973]
        tiers.append(START + at * SECOND, at * SECOND, {"cpu": value, "disk-read": value * 3, "net-rx": -value})
    assert size_of(tiers) * len(NAMES) / len(names) < 40 * 2**20


def size_of(thing: object) -> int:
    """Bytes of everything that hangs on it, the interpreter's own objects apart."""
    size = sys.getsizeof(thing)
    if isinstance(thing, dict):
        return size + sum(size_of(key) + size_of(value) for key, value in thing.items())
    if isinstance(thing, list | tuple | deque | frozenset):
        return size + sum(map(size_of, thing))
    if isinstance(thing, int | float | str | bytes | bytearray | array):
        return size
    inner = [getattr(thing, name) for name in getattr(type(thing), "__slots__", ())]
    return size + sum(map(size_of, [*inner, *vars(thing).values()] if hasattr(thing, "__dict__") else inner))
