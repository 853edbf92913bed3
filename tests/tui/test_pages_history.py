"""The page of any window of the past."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.catalogue import METRICS, NAMES
from perftui.model.series import Stretch
from perftui.model.update import ReplayStatus, Update
from perftui.store.tiers import Tiers, View
from perftui.tui.palette import Palette
from perftui.tui.renderables.pages import PAGES
from perftui.tui.renderables.pages.history import TEXTS, USUAL, WINDOWS, history_page
from tests.tui.fixtures import build_update
from tests.tui.screening import COLOURED, PALETTES, PLAIN, WIDTHS, checked

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
PLACE = {name: at for at, (name, _) in enumerate(WINDOWS)}


def shown(seconds: int = 100, **series: Callable[[int], float]) -> Update:
    """An update with the past of these series, a value for each second."""
    tiers = Tiers(NAMES)
    for at in range(seconds):
        values = {name.replace("_", "-"): value(at) for name, value in series.items()}
        tiers.append(START + at * SECOND, at * SECOND, values)
    return replace(build_update(), past=tiers.past())


def page(update: Update, width: int = 130, window: str = "15 min", palette: Palette = COLOURED) -> list[str]:
    return [line.rstrip() for line in checked(history_page(update, width, palette, PLACE[window]), width)]


def rising(at: int) -> float:
    return at / 100


def steady(_: int) -> float:
    return 3e9


def test_it_is_one_of_the_pages() -> None:
    assert ("History", history_page) in PAGES
    assert WINDOWS[USUAL][0] == "15 min"


def test_every_unit_has_its_text() -> None:
    assert {metric.unit for metric in METRICS} <= set(TEXTS)


def test_a_row_for_each_series_the_target_first_those_of_one_device_last() -> None:
    update = shown(cpu=rising, target_rss=steady)
    assert update.past is not None
    lines = page(update)
    assert lines[0].startswith(" 1 min  5 min [15 min] 1 h ")
    assert "w longer" in lines[0]
    assert lines[1].startswith("1m40s of 15 min kept so far")
    assert lines[2].split() == ["series", "now", "peak", "mean", "p50", "p95", "p99", "trend"]
    assert lines[3].startswith("Target")
    assert lines[4].split()[:7] == ["rss", *["2.8G"] * 6]
    assert lines[5] == "Host"
    assert lines[6].split()[:14] == ["cpu", "99", "%", "99", "%", "50", "%", "49", "%", "94", "%", "98", "%", "+100"]
    assert lines[6].endswith("█")


def test_eighty_columns_hold_every_figure_and_some_bars() -> None:
    lines = page(shown(cpu=rising), 76)
    assert lines[2].split() == ["series", "now", "peak", "mean", "p50", "p95", "p99"]
    assert lines[4].split()[:14] == ["cpu", "99", "%", "99", "%", "50", "%", "49", "%", "94", "%", "98", "%", "+"]
    assert lines[4].endswith("█")


def test_before_anything_is_known() -> None:
    assert page(shown(0)) == ["nothing is kept yet: it takes two ticks"]
    assert page(replace(build_update(), past=None)) == ["nothing is kept yet: it takes two ticks"]


@pytest.mark.parametrize("window", ["1 h", "6 h", "24 h", "7 d"])
def test_one_spike_an_hour_ago_stands_out(window: str) -> None:
    update = shown(5000, cpu=lambda at: 1.0 if at == 2000 else 0.02)
    row = next(line for line in page(update, 156, window) if line.startswith("cpu"))
    assert row.count("█") == 1
    assert row.split()[3:5] == ["100", "%"]
    assert f"of {window} kept so far" in page(update, 156, window)[1] or window == "1 h"


def test_a_dip_stands_out_too() -> None:
    update = shown(5000, cpu=lambda at: 0.0 if at == 2000 else 0.9)
    row = next(line for line in page(update, 156, "1 h") if line.startswith("cpu"))
    assert "█ █" in row


def test_what_keeps_15_minutes_says_so_beyond() -> None:
    update = replace(shown(), past=None)
    tiers = Tiers(NAMES)
    for at in range(2000):
        tiers.append(START + at * SECOND, at * SECOND, {"cpu": 0.5, "cpu:10": 0.1, "cpu:9": 0.9, "disk-busy:vda": 0.1})
    update = replace(update, past=tiers.past())
    assert [line.split()[0] for line in page(update)[-3:]] == ["cpu:9", "cpu:10", "disk-busy:vda"]
    assert "kept for 15 minutes" in page(update)[-4]
    assert page(update)[1].startswith("all of 15 min;")
    beyond = page(update, 76, "1 h")
    assert beyond[-1].endswith("not kept beyond 15 minutes")
    assert beyond[1].startswith("33m20s of 1 h kept so far")
    assert "█" in beyond[4]


def test_a_series_that_has_gone_says_so() -> None:
    tiers = Tiers(NAMES)
    for at in range(2000):
        tiers.append(START + at * SECOND, at * SECOND, {"cpu": 0.5} | ({"gpu": 0.5} if at < 500 else {}))
    update = replace(build_update(), past=tiers.past())
    assert page(update)[-1].endswith("no value in that time")
    assert "50 %" in page(update, window="1 h")[-1]


def test_a_replay_says_where_its_past_begins() -> None:
    status = ReplayStatus(first_ns=0, last_ns=1, at_ns=1, wall_ns=1, speed=1.0, playing=False)
    assert "a jump keeps 4 minutes" in page(replace(shown(cpu=rising), replay=status))[1]


def test_only_the_rows_that_are_seen_are_read() -> None:
    read: list[str] = []

    class Counted(View):
        def stretch(self, name: str, seconds: float, parts: int) -> Stretch:
            read.append(name)
            return super().stretch(name, seconds, parts)

    update = shown(cpu=rising, memory=rising, load=rising)
    assert isinstance(update.past, View)
    counted = Counted(*update.past)
    lines = history_page(replace(update, past=counted), 100, COLOURED)
    assert len(lines) == 7
    assert not read
    assert lines[4].text.startswith("cpu")
    assert len(lines[4:6]) == 2
    assert read == ["cpu", "cpu", "load"]


@settings(deadline=None)
@given(
    st.lists(st.floats(-1e18, 1e18), min_size=1, max_size=50),
    WIDTHS,
    PALETTES,
    st.sampled_from([name for name, _ in WINDOWS]),
)
def test_any_figures_fit(values: list[float], width: int, palette: Palette, window: str) -> None:
    tiers = Tiers(NAMES)
    for at, value in enumerate(values):
        tiers.append(START + at * SECOND, at * SECOND, {metric.name: value for metric in METRICS} | {"cpu:0": value})
    checked(history_page(replace(build_update(), past=tiers.past()), width, palette, PLACE[window]), width)


@pytest.mark.parametrize("value", [lambda _: 0.0, lambda at: 1 + at % 2 / 10000])
def test_what_stands_still_has_no_trend(value: Callable[[int], float]) -> None:
    assert "+" not in page(shown(cpu=value))[4]
    assert "+" not in page(shown(cpu=value), 76, palette=PLAIN)[4]
