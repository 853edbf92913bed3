"""The rate that fits the budget."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.profile.perf_pace import RATES_HZ, PerfPace


def test_the_best_rate_is_not_a_round_one() -> None:
    assert PerfPace(ratio=0.05, rate_hz=100).rate_hz == 99
    assert PerfPace(ratio=0.05, rate_hz=1).rate_hz == 1


def test_one_dear_window_is_not_judged_three_are() -> None:
    pace = PerfPace(ratio=0.05, rate_hz=100)

    assert [pace.measured(0.08) for _ in range(3)] == [False, False, True]
    assert pace.rate_hz == 49


def test_within_the_budget_nothing_changes() -> None:
    pace = PerfPace(ratio=0.05, rate_hz=100)

    assert not any(pace.measured(0.04) for _ in range(100))
    assert pace.rate_hz == 99


def test_the_rate_rises_late_and_only_with_room_to_spare() -> None:
    pace = PerfPace(ratio=0.05, rate_hz=100)
    while not pace.measured(0.5):
        pass
    assert pace.rate_hz == 4
    changes = [pace.measured(0.004) for _ in range(40)]

    assert changes.index(True) == 29
    assert pace.rate_hz == 19


@given(st.lists(st.floats(0, 10), max_size=80), st.integers(1, 1000))
def test_the_rate_is_always_one_of_the_offered_and_never_above_the_best(costs: list[float], rate_hz: int) -> None:
    pace = PerfPace(ratio=0.05, rate_hz=rate_hz)
    best = pace.rate_hz
    for cost in costs:
        before = pace.rate_hz
        assert pace.measured(cost) == (pace.rate_hz != before)
        assert pace.rate_hz <= best
        assert pace.rate_hz in (best, *RATES_HZ)
