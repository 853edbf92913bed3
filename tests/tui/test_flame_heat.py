"""The map of heat: a burst is seen, chosen, and its flame names the function."""

import threading
from collections.abc import Iterable
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from textual.pilot import Pilot

from perftui.model.async_view import LoopLag
from perftui.model.profile import StackProfile
from perftui.model.target import HOST
from perftui.model.update import Update
from perftui.tui.renderables.heat import (
    CELLS,
    COLUMN_NS,
    Heat,
    axis_strip,
    empty_heat,
    filled,
    grid_strips,
    lag_parts,
    level,
    span_text,
)
from perftui.tui.widgets.flame import Flame
from tests.model.timelines import IDLE, SECOND, AskedStore, Stack, in_task, own, windows
from tests.tui.fixtures import START_NS, build_update
from tests.tui.screening import COLOURED, PALETTES, PLAIN, Stage, checked

IN_BURST: Stack = (own("main"), own("crunch"))
REST: Stack = (own("main"), IDLE[-1])


def bursts(seconds: int = 40, *, rest: Stack = REST, burst: Stack = IN_BURST, started_ns: int = START_NS) -> AskedStore:
    """300 ms of work, 350 ms after the beginning of every tenth second."""
    looks = [burst if at % 1000 in range(35, 65) else rest for at in range(100 * seconds)]
    return AskedStore(windows({1: looks}, started_ns=started_ns))


def with_past(past: AskedStore | None, update: Update | None = None) -> Update:
    """At a wall time of whole ten seconds where the past begins."""
    update = update or build_update()
    wall_ns = update.sample.monotonic_ns - START_NS + 1_700_000_000 * SECOND
    profile = past.span(0, past.last_ns) if past else None
    return replace(update, sample=replace(update.sample, wall_ns=wall_ns), stacks=past, profile=profile)


async def settle(pilot: Pilot[None]) -> None:
    """Until what takes longer is there."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


# ---- the map


@given(st.integers(1, 300), st.integers(1, 80))
def test_a_map_fits(width: int, height: int) -> None:
    heat = empty_heat(100 * SECOND, width, height)
    assert heat.cell_ns in CELLS
    assert heat.rows <= max(height, 2)
    assert heat.rows * heat.cell_ns == COLUMN_NS
    assert heat.until_ns == 100 * SECOND


@given(st.lists(st.floats(0, 64) | st.just(nan), min_size=50, max_size=50), PALETTES, st.integers(0, 60))
def test_every_line_is_as_wide_as_the_pane(cores: list[float], palette: object, width: int) -> None:
    heat = Heat(since_ns=0, cell_ns=CELLS[2], columns=10, cores=tuple(cores))
    for drawn in (COLOURED, PLAIN):
        lines = grid_strips(heat, width, drawn, (CELLS[2], 2 * CELLS[2]), (0, COLUMN_NS))
        checked([*lines, axis_strip(heat, 0, width, drawn)], width)


def test_signs_tell_how_hot_a_cell_is_without_colour() -> None:
    heat = Heat(since_ns=0, cell_ns=COLUMN_NS // 2, columns=3, cores=(nan, 0.0, 0.2, 0.4, 0.7, 1.0))
    texts = checked(grid_strips(heat, 7, PLAIN, None, None), 7)
    assert texts == [" .0  :*", " .5 .+#"]
    assert [level(cores, 1.0) for cores in (0, 0.04, 0.1, 0.3, 0.6, 0.9, 1.0)] == [0, 0, 1, 2, 3, 4, 4]


def test_a_burst_of_three_hundred_milliseconds_stands_out() -> None:
    past = bursts()
    heat = filled(empty_heat(past.last_ns, 44, 10), past)
    assert [at for at, cores in enumerate(heat.cores) if cores >= 0.5] == [
        base + part for base in (0, 100, 200, 300) for part in (3, 4, 5, 6)
    ]
    rows = checked(grid_strips(heat, 44, PLAIN, None, None), 44)
    assert rows[4] == "    #.........#.........#.........#........."


def test_times_stand_under_their_second() -> None:
    heat = Heat(since_ns=7 * SECOND, cell_ns=CELLS[1], columns=30)
    text = axis_strip(heat, 0, 34, PLAIN).text
    assert [at for at, sign in enumerate(text) if sign == "|"] == [4 + 3, 4 + 13, 4 + 23]
    assert text[7:].startswith("|")
    assert text[8:16].endswith(":10")


def test_a_span_is_told_to_the_hundredth() -> None:
    start, _, rest = span_text((300_000_000, 650_000_000), 0).partition(" – ")
    assert start.endswith(":00.30")
    assert rest.endswith(":00.65 (350ms)")


def test_a_lag_is_told_in_words() -> None:
    lag = LoopLag(looked_ns=SECOND, longest_ns=350_000_000, p99_ns=300_000_000, blocked_ratio=0.12, blame=own("crunch"))
    text = "".join(part for part, _ in lag_parts(lag, "event loop of x", COLOURED))
    assert text == " ▲ event loop of x: up to 350 ms in crunch, p99 300 ms, blocked 12 %"
    free = LoopLag(looked_ns=SECOND, longest_ns=0, p99_ns=0, blocked_ratio=0.0, blame=None)
    assert "turns freely" in lag_parts(free, "x", COLOURED)[0][0]


# ---- the pane


@pytest.mark.parametrize("size", [(80, 14), (100, 40)])
async def test_a_burst_is_chosen_and_its_flame_names_the_function(size: tuple[int, int]) -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=size) as pilot:
        past = bursts()
        app.show(with_past(past))
        await pilot.press("H")
        await settle(pilot)
        hot = [(y, x) for y, line in enumerate(app.texts()[:-1]) for x, sign in enumerate(line) if sign == "█"]
        assert {x for _, x in hot} == {size[0] - 40, size[0] - 30, size[0] - 20, size[0] - 10}
        y = min(y for y, x in hot if x == size[0] - 10)
        await pilot.click(Flame, offset=(size[0] - 10, y))
        assert "crunch" in app.texts()[-1]
        await pilot.press("enter")
        assert "Enter: the end" in app.texts()[-1]
        await pilot.press("down", "enter")
        span = flame.shown.moment.span
        assert span is not None
        assert [(at - START_NS) / SECOND for at in span] in ([30.4, 30.6], [30.35, 30.45])
        assert span_text(span, flame.shown.moment.wall_offset_ns) in app.texts()[0]
        assert "100%" in app.line_with("crunch")
        await pilot.press("escape")
        assert flame.shown.moment.span is None
        assert ":30." not in app.texts()[0]


async def test_the_map_is_asked_for_only_when_it_moves() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(80, 14)) as pilot:
        past = bursts()
        app.show(with_past(past))
        await pilot.press("H")
        await settle(pilot)
        app.show(with_past(past))
        app.show(with_past(past))
        assert past.asked.count("heat") == 1
        app.show(with_past(bursts(41)))
        assert past.asked.count("heat") == 1


async def test_with_a_cursor_the_map_stands_still_and_goes_back_in_time() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(30, 14)) as pilot:
        app.show(with_past(bursts(60)))
        await pilot.press("H", "left")
        assert "standing still" in flame.view.note
        lines = app.texts()[2:-1]
        app.show(with_past(bursts(80)))
        assert app.texts()[2:-1] == lines
        await pilot.press(*["left"] * 30)
        first = app.texts()[2:-1]
        assert first != lines
        await pilot.press("home")
        assert flame.view.note == ""
        assert app.texts()[2:-1] != lines


async def test_a_mark_is_taken_back() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(80, 14)) as pilot:
        app.show(with_past(bursts()))
        await pilot.press("H", "enter")
        assert "Enter: the end" in app.texts()[-1]
        await pilot.press("u")
        assert "Enter: the end" not in app.texts()[-1]
        await pilot.press("enter", "up", "enter", "H", "u")
        assert flame.shown.moment.span is None


async def test_the_loop_that_is_blocked_is_named() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(110, 14)) as pilot:
        app.show(with_past(bursts(rest=IDLE, burst=in_task("handler", "crunch"))))
        await pilot.press("H")
        await settle(pilot)
        assert "up to 300 ms in crunch" in app.line_with("event loop of thread-1")


async def test_a_key_shows_the_stacks_by_task() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(110, 14)) as pilot:
        app.show(with_past(bursts(rest=IDLE, burst=in_task("handler", "crunch"))))
        await pilot.press("a")
        assert "by task" in app.texts()[0]
        assert "task: handler" in "".join(app.texts())
        assert "run_forever" not in "".join(app.texts())
        before = flame.shown.whole
        app.show(flame.update_shown or build_update())
        assert flame.shown.whole is before
        await pilot.press("a")
        assert "run_forever" in "".join(app.texts())


async def test_what_was_chosen_of_one_target_is_nothing_of_another() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(80, 14)):
        update = with_past(bursts())
        app.show(update)
        flame.shown.moment.span = (START_NS, START_NS + SECOND)
        app.show(replace(update, sample=replace(update.sample, target=HOST)))
        assert flame.shown.moment.span is None


class WatchedStore(AskedStore):
    """Keeps in which threads it was cut."""

    def __init__(self, kept: Iterable[StackProfile]) -> None:
        super().__init__(kept)
        self.cutters: set[threading.Thread] = set()

    def span(self, since_ns: int, until_ns: int) -> StackProfile | None:
        self.cutters.add(threading.current_thread())
        return super().span(since_ns, until_ns)


async def test_the_cell_under_the_cursor_is_looked_into_aside() -> None:
    app = Stage(Flame())
    async with app.run_test(size=(100, 24)) as pilot:
        whole = bursts()
        past = WatchedStore(whole.windows(0, whole.last_ns))
        app.show(replace(with_past(whole), stacks=past))
        await pilot.press("H")
        await settle(pilot)
        for key in ("left", *["up"] * 12):
            await pilot.press(key)
            await settle(pilot)
        assert past.cutters
        assert threading.current_thread() not in past.cutters
        await pilot.press(*["left"] * 8)
        await settle(pilot)
        assert "crunch 100" in app.texts()[-1], app.texts()


@pytest.mark.parametrize("past", [None, AskedStore()])
async def test_without_a_past_it_says_so(past: AskedStore | None) -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(80, 14)) as pilot:
        app.show(with_past(past))
        await pilot.press("H", "enter", "up", "left", "u", "home")
        assert "no stacks of the last minutes" in app.texts()[2]


async def test_a_span_without_samples_says_so() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(80, 14)) as pilot:
        flame.shown.moment.span = (0, 1)
        app.show(with_past(bursts()))
        assert "being put together" in app.texts()[3]
        await settle(pilot)
        assert "nothing was sampled in this span" in app.texts()[3]


async def test_a_span_has_no_flame_of_the_lock_and_the_pane_says_so() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(120, 14)) as pilot:
        past = bursts()
        update = with_past(past)
        app.show(replace(update, gil_profile=update.profile))
        flame.shown.moment.span = (START_NS, START_NS + 10 * SECOND)
        await pilot.press("w", "w")
        assert flame.shown.weight == "gil"
        assert flame.shown.whole is None
        assert "a span has no GIL flame" in app.texts()[3]
        assert "Esc goes back to what is live" in app.texts()[4]
        await pilot.press("escape")
        assert flame.shown.whole is update.profile


async def test_a_span_is_not_drawn_with_the_live_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.tui.flame.view.MANY_STACKS", 1)
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(80, 14)) as pilot:
        app.show(with_past(bursts()))
        await settle(pilot)
        live = flame.shown.tree
        flame.shown.moment.span = (START_NS, START_NS + 5 * SECOND)
        assert live is not None
        assert flame.shown.tree is None
        app.show(with_past(bursts()))
        await settle(pilot)
        await settle(pilot)
        assert flame.shown.tree not in (None, live)
