"""What a mode will cost, before it is switched on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import Mode
from perftui.profile.modes import BEST_RATE_HZ, needs_confirmation, predicted_cost, stopped_ratio

MODES: tuple[Mode, ...] = ("nonblocking", "exact", "native", "gil", "active")


@pytest.mark.parametrize(
    ("mode", "rate_hz", "threads", "slowdown_pct", "cpu_pct"),
    [
        ("exact", 100, 1, 1, 3),
        ("exact", 100, 9, 57, 17),
        ("exact", 100, 65, 1869, 68),
        ("exact", 20, 1, 0.4, 1),
        ("exact", 20, 9, 5, 4),
        ("exact", 20, 65, 71, 22),
        ("nonblocking", 100, 9, 0.2, 16),
        ("nonblocking", 100, 65, 0.7, 34),
        ("native", 100, 9, 41, 21),
        ("gil", 100, 65, 2.5, 3),
    ],
)
def test_what_was_measured_is_told(mode: Mode, rate_hz: int, threads: int, slowdown_pct: float, cpu_pct: float) -> None:
    cost = predicted_cost(mode, threads, rate_hz)

    assert cost.slowdown_ratio == pytest.approx(slowdown_pct / 100, rel=0.01)
    assert cost.sampler_cpu_ratio == pytest.approx(cpu_pct / 100, rel=0.01)


def test_between_the_measured_numbers_of_threads() -> None:
    assert 0.01 < predicted_cost("exact", 4, 100).slowdown_ratio < 0.57
    assert 0.57 < predicted_cost("exact", 20, 100).slowdown_ratio < 18.69
    assert 0.05 < predicted_cost("exact", 9, 50).slowdown_ratio < 0.57
    assert predicted_cost("native", 9, 20).slowdown_ratio == pytest.approx(0.04, abs=0.02)


@given(st.sampled_from(MODES), st.integers(0, 5000), st.integers(1, 1000))
def test_more_threads_or_a_higher_rate_never_cost_less(mode: Mode, threads: int, rate_hz: int) -> None:
    cost = predicted_cost(mode, threads, rate_hz)

    assert 0 <= cost.slowdown_ratio <= 100
    assert 0 < cost.sampler_cpu_ratio <= 1
    assert predicted_cost(mode, threads + 10, rate_hz).slowdown_ratio >= cost.slowdown_ratio - 1e-9
    assert predicted_cost(mode, threads, rate_hz + 10).slowdown_ratio >= cost.slowdown_ratio - 1e-9


def test_only_what_pauses_many_threads_must_be_confirmed() -> None:
    assert [mode for mode in MODES if needs_confirmation(mode, 9)] == ["exact", "native"]
    assert not any(needs_confirmation(mode, 8) for mode in MODES)


def test_twice_as_long_is_half_of_the_time_standing_still() -> None:
    assert stopped_ratio(1.0) == 0.5
    assert set(BEST_RATE_HZ) == set(MODES)
