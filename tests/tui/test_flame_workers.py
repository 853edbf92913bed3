"""Processes side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.profile import StackProfile, merge
from perftui.model.update import Update
from perftui.model.worker_views import WorkerView
from perftui.tui.palette import Palette
from perftui.tui.renderables.workers import NAMED, bars, head_strip, legend_strip, worker_strips
from perftui.tui.widgets.flame import Flame
from tests.model.timelines import IDLE, Stack, own, window
from tests.tui.fixtures import build_update
from tests.tui.screening import COLOURED, PALETTES, PLAIN, Stage, checked

HANDLE: Stack = (own("main"), own("handle"))
QUERY: Stack = (own("main"), own("slow_query"))
REST: Stack = (own("main"), IDLE[-1])


def tree(slow: int = 7, count: int = 8) -> StackProfile:
    """Workers with PIDs from 100 on: all spend their time in ``handle``, one in ``slow_query``."""
    seen = [window({1: [QUERY if at == slow else HANDLE] * 80 + [REST] * 20}, pid=100 + at) for at in range(count)]
    joined = merge(seen)
    assert joined is not None
    return joined


def update_of(profile: StackProfile) -> Update:
    return replace(build_update(), profile=profile)


def worker(pid: int, **changes: object) -> WorkerView:
    return replace(WorkerView(pid=pid, name="gunicorn", cores=0.8, running_ratio=0.8), **changes)


def test_a_bar_is_the_shares_of_a_process() -> None:
    drawn = bars(tree(), on_cpu=True)
    assert [name for name, _ in drawn.functions] == ["handle", "slow_query"]
    assert drawn.shares[100] == (1.0, 0.0)
    assert drawn.shares[107] == (0.0, 1.0)
    assert bars(tree(), on_cpu=False).shares[107] == pytest.approx((0.0, 0.2, 0.8))


def test_a_row_is_read_without_colour() -> None:
    drawn = bars(tree(), on_cpu=True)
    odd, usual = worker(107, outlier=True, reason="why"), worker(100, cores=None)
    texts = checked(worker_strips((odd, usual), drawn, 70, PLAIN, 107), 70)
    assert texts[0].startswith(">!     107 gunicorn        0.80  80% b slow_query ")
    assert texts[0].endswith(" odd")
    assert "    ?  80% a handle " in texts[1]
    assert "a  handle" in legend_strip(drawn, 70, PLAIN).text


@given(
    st.lists(st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=30), min_size=1, max_size=6),
    st.integers(0, 200),
    PALETTES,
)
def test_every_line_is_as_wide_as_the_pane(seen: list[list[str]], width: int, palette: Palette) -> None:
    profile = merge([window({1: [(own(name),) for name in names]}, pid=at) for at, names in enumerate(seen)])
    assert profile is not None
    drawn = bars(profile, on_cpu=True)
    assert len(drawn.functions) <= NAMED
    shown = [worker(pid, outlier=pid % 2 == 0) for pid in range(len(seen) + 1)]
    lines = [head_strip(shown, width, palette, on_cpu=True), *worker_strips(shown, drawn, width, palette, 0)]
    checked([*lines, legend_strip(drawn, width, palette)], width)


@pytest.mark.parametrize("size", [(80, 14), (160, 36)])
async def test_the_slow_one_of_eight_is_marked_and_entered(size: tuple[int, int]) -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=size) as pilot:
        app.show(update_of(tree()))
        await pilot.press("t")
        rows = [line for line in app.texts() if "107 " in line]
        assert "▲" in rows[0]
        assert " odd" in rows[0]
        assert sum("▲" in line for line in app.texts()[:-1]) == 1
        assert "1 of 8 odd" in app.texts()[2]
        assert "▲ odd: " in app.texts()[-1]
        assert "slow_query" in app.texts()[-1]
        await pilot.press("enter")
        assert flame.view_name == "icicle"
        assert "PID 107" in app.texts()[0]
        assert not any("handle" in line for line in app.texts()[1:])
        await pilot.press("t", "u")
        assert flame.shown.filter.pid is None


async def test_more_processes_than_rows_are_scrolled() -> None:
    app = Stage(Flame())
    async with app.run_test(size=(80, 14)) as pilot:
        app.show(update_of(tree(count=30)))
        await pilot.press("t", *["down"] * 25)
        assert any(line.startswith("›") and " 125 " in line for line in app.texts())
        await pilot.press("home")
        assert any(line.startswith("›") and " 107 " in line for line in app.texts())
        await pilot.click(Flame, offset=(5, 5))
        assert any(line.startswith("›") and " 101 " in line for line in app.texts())


async def test_colour_is_not_all_that_tells_functions_apart() -> None:
    drawn = bars(tree(), on_cpu=False)
    row = worker_strips((worker(107),), drawn, 90, COLOURED, None)[0]
    assert "b select" in row.text or "a select" in row.text or "select" in legend_strip(drawn, 90, COLOURED).text
