"""The page of the last 15 minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.catalogue import METRICS
from perftui.model.series import summary_of
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.pages import PAGES
from perftui.tui.renderables.pages.history import TEXTS, history_page
from tests.tui.fixtures import build_update
from tests.tui.screening import COLOURED, PALETTES, WIDTHS, checked

SECONDS = [float(at) for at in range(100)]
RISING = summary_of(SECONDS, [at / 100 for at in SECONDS], 0.1)
STEADY = summary_of(SECONDS, [3e9] * 100, 0.1)


def shown(**recent: object) -> Update:
    return replace(build_update(), recent={name.replace("_", "-"): past for name, past in recent.items()})


def page(update: Update, width: int = 130) -> list[str]:
    return [line.rstrip() for line in checked(history_page(update, width, COLOURED), width)]


def test_it_is_one_of_the_pages() -> None:
    assert ("History", history_page) in PAGES


def test_every_unit_has_its_text() -> None:
    assert {metric.unit for metric in METRICS} <= set(TEXTS)


def test_a_row_for_each_series_the_target_first() -> None:
    lines = page(shown(cpu=RISING, target_rss=STEADY))
    assert lines[0].startswith("the last 1m30s")
    assert lines[1].split()[:7] == ["series", "now", "peak", "mean", "p50", "p95", "p99"]
    assert lines[2].split() == ["target-rss", *["2.8G"] * 6]
    assert lines[3].split() == ["cpu", "99", "%", "99", "%", "50", "%", "49", "%", "94", "%", "98", "%", "+60", "%"]


def test_a_narrow_page_keeps_what_tells_most() -> None:
    head = page(shown(cpu=RISING), 80)[1].split()
    assert head == ["series", "now", "peak", "mean", "p95"]


def test_before_anything_is_known() -> None:
    assert page(shown()) == ["nothing is summed up yet: it takes some ticks"]


@given(st.lists(st.floats(-1e18, 1e18), min_size=1, max_size=50), WIDTHS, PALETTES)
def test_any_figures_fit(values: list[float], width: int, palette: Palette) -> None:
    past = summary_of(SECONDS[: len(values)], values, 0.5)
    update = replace(build_update(), recent={metric.name: past for metric in METRICS})
    checked(history_page(update, width, palette), width)


@pytest.mark.parametrize("values", [[0.0] * 50, [1.0, 1.0001] * 25])
def test_what_stands_still_has_no_trend(values: list[float]) -> None:
    assert "+" not in page(shown(cpu=summary_of(SECONDS[:50], values, 1.0)))[2]
