"""A difference counts when it is beyond what the series does by itself."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.stats.spread import Spread, differs

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=50)


@given(VALUES)
def test_nothing_differs_from_itself(values: list[float]) -> None:
    assert differs(Spread.of(values), Spread.of(values)) is False


@given(VALUES, VALUES)
def test_the_order_does_not_matter(older: list[float], newer: list[float]) -> None:
    a, b = Spread.of(older), Spread.of(newer)
    assert differs(a, b) == differs(b, a)


def test_a_shift_within_the_noise_is_none_and_one_beyond_it_is() -> None:
    dice = random.Random(1)
    calm = [100 + dice.gauss(0, 5) for _ in range(60)]
    same = [100 + dice.gauss(0, 5) for _ in range(60)]
    moved = [130 + dice.gauss(0, 5) for _ in range(60)]
    assert differs(Spread.of(calm), Spread.of(same)) is False
    assert differs(Spread.of(calm), Spread.of(moved)) is True


def test_an_outlier_moves_nothing() -> None:
    assert differs(Spread.of([1.0] * 9), Spread.of([1.0] * 8 + [1e9])) is False


def test_less_than_five_percent_is_no_change_however_still_the_series() -> None:
    assert differs(Spread.of([100.0] * 9), Spread.of([104.0] * 9)) is False
    assert differs(Spread.of([100.0] * 9), Spread.of([106.0] * 9)) is True


def test_too_few_points_say_nothing() -> None:
    assert differs(Spread.of([1.0] * 4), Spread.of([9.0] * 50)) is None
    with pytest.raises(ValueError, match="no values"):
        Spread.of([])
