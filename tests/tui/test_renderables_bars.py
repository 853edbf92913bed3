from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.tui.palette import ASCII_GLYPHS, UNICODE_GLYPHS
from perftui.tui.renderables.bars import packed, paired, peak_of, round_ceiling, spark
from tests.tui.screening import WIDTHS

LEVELS = UNICODE_GLYPHS.levels
FIGURES = st.lists(st.floats(min_value=0, max_value=1e15) | st.just(nan), max_size=60)


@given(FIGURES, WIDTHS, st.just(0.0) | st.floats(min_value=0.001, max_value=1e12))
def test_bars_fill_their_width(figures: list[float], width: int, ceiling: float) -> None:
    drawn = spark(figures, width, ceiling, LEVELS)
    assert len(drawn) == width
    assert set(drawn) <= set(LEVELS)


def test_bars_show_the_latest_values_right() -> None:
    assert spark([0, 0.5, 1.0], 5, 1.0, LEVELS) == "   ▄█"
    assert spark([1.0, 0.5, 0, 0.01], 2, 1.0, LEVELS) == " ▁"
    assert spark([2.0, nan, 0.001], 3, 1.0, LEVELS) == "█  "
    assert spark([0.5], 1, 1.0, ASCII_GLYPHS.levels) in ASCII_GLYPHS.levels


@given(st.floats(min_value=0, max_value=1e15), st.sampled_from([1.0, 1e5]))
def test_a_ceiling_holds_the_peak(peak: float, least: float) -> None:
    ceiling = round_ceiling(peak, least)
    assert ceiling >= max(least, peak * (1 - 1e-9))
    assert ceiling <= max(least, 10 * peak)


@pytest.mark.parametrize(("peak", "ceiling"), [(0.5, 1), (1.5, 2), (3, 5), (7, 10), (20, 20), (1200, 2000), (nan, 1)])
def test_ceilings_are_round(peak: float, ceiling: float) -> None:
    assert round_ceiling(peak, 1) == pytest.approx(ceiling)


def test_the_peak_ignores_what_is_missing() -> None:
    assert peak_of([nan, 2.0, nan, 1.0]) == 2.0
    assert isnan(peak_of([nan]))
    assert isnan(peak_of([]))


def test_bars_stand_for_pairs_and_move_every_other_tick() -> None:
    series = [1.0, 2, 4, 3, 5, nan, nan, 7]
    assert paired(series, 9, 0) == [2, 4, 5, 7]
    assert paired(series, 2, 0) == [5, 7]
    assert paired([*series, 9.0], 9, 1) == [2, 4, 5, 7]
    assert paired([*series[1:], 9.0, 8.0], 9, 2)[-2:] == [7, 9]
    assert paired(series, 0, 0) == []
    assert paired([], 4, 1) == []


def test_many_cpus_share_a_cell_by_the_busiest() -> None:
    assert packed([0.1, 0.9, 0.2, 0.3], 2) == [0.9, 0.3]
    assert packed([0.1, 0.2], 40) == [0.1, 0.2]
    assert packed([], 4) == []
    assert packed([0.5], 0) == []
