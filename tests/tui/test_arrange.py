"""Places of the panes."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.geometry import Region

from perftui.tui.screens.arrange import PANES, arrange


@given(st.integers(1, 400), st.integers(1, 120), st.sampled_from(PANES), st.booleans(), st.booleans())
def test_panes_lie_side_by_side_within_the_terminal(
    width: int, height: int, pane: str, zoomed: bool, banner: bool
) -> None:
    regions = arrange(width, height, pane=pane, zoomed=zoomed, banner=banner)
    assert "verdict" in regions
    whole = Region(0, 0, width, height)
    assert all(region.area and whole.contains_region(region) for region in regions.values())
    assert not any(one.overlaps(other) for one, other in combinations(regions.values(), 2))
    assert height < 4 or pane in regions


def test_everything_is_seen_at_160x45() -> None:
    assert set(arrange(160, 45, pane="flame", zoomed=False, banner=False)) == {"verdict", "footer", *PANES}


@pytest.mark.parametrize("pane", PANES)
def test_one_pane_below_verdict_and_resources_at_80x24(pane: str) -> None:
    shown = arrange(80, 24, pane=pane, zoomed=False, banner=True)
    assert set(shown) == {"verdict", "banner", "resources", "tabs", "footer", pane}
    assert shown[pane].height >= 12


def test_panes_fall_away_at_40x10() -> None:
    assert set(arrange(40, 10, pane="flame", zoomed=False, banner=False)) == {"verdict", "tabs", "flame", "footer"}


def test_a_maximised_pane_has_the_screen_to_itself() -> None:
    assert set(arrange(160, 45, pane="journal", zoomed=True, banner=False)) == {"verdict", "journal", "footer"}
