"""The live comparison with a mark: what grew, what shrank, what is gone."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from textual.pilot import Pilot

from perftui.analyze.stack_diff import StackDiff, compare
from perftui.analyze.stack_judge import Change
from perftui.model.profile import StackProfile
from perftui.model.stack_filter import StackFilter
from perftui.model.stack_past import Until
from perftui.model.table import Table
from perftui.model.update import ReplayStatus, Update
from perftui.tui.flame.recent import Recent
from perftui.tui.renderables.stack_diff import (
    change_at,
    function_of,
    list_strips,
    listed,
    sides_strip,
    sign_of,
    verdict_strip,
)
from perftui.tui.widgets.flame import Flame
from tests.model.timelines import SECOND, AskedStore, Stack, own, windows
from tests.tui.fixtures import START_NS, build_entry, build_update
from tests.tui.screening import COLOURED, PLAIN, Stage, checked


def seconds(count: int, started_ns: int, **weights: int) -> list[StackProfile]:
    """Windows of a second in which functions below ``main`` are seen as often as they weigh."""
    drawn = random.Random(started_ns)
    stacks: list[Stack] = [(own("main"), own(name)) for name in weights]
    looks = drawn.choices(stacks, weights=list(weights.values()), k=100 * count)
    return windows({1: looks}, started_ns=started_ns)


STEADY = dict.fromkeys(("load", "route", "match", "store", "render"), 20)
"""What both sides do alike: against two functions alone nobody could say which of them changed."""

BEFORE = seconds(30, START_NS, parse=50, encode=40, checked=10, **STEADY)
GREW = seconds(30, START_NS + 30 * SECOND, parse=50, encode=110, **STEADY)
SAME = seconds(30, START_NS + 30 * SECOND, parse=50, encode=40, checked=10, **STEADY)
MARK_NS = START_NS + 30 * SECOND


def with_past(kept: list[StackProfile]) -> Update:
    past, update = AskedStore(kept), build_update()
    wall_ns = update.sample.monotonic_ns - START_NS + 1_700_000_000 * SECOND
    sample = replace(update.sample, wall_ns=wall_ns)
    return replace(update, sample=sample, stacks=past, profile=past.span(0, past.last_ns), journal=())


async def settle(pilot: Pilot[None]) -> None:
    """Until what takes longer is there."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


# ---- what is said


def change(ratio: float, verdict: str) -> Change:
    return Change(
        before_cores=1, after_cores=1, before_ratio=0.1, after_ratio=0.1 + ratio, change_ratio=ratio, low_ratio=None,
        high_ratio=None, verdict=verdict,  # type: ignore[arg-type]  # the test's own words
    )  # fmt: skip


def test_a_sign_tells_a_change_without_colour() -> None:
    assert sign_of(change(0.031, "grew"), COLOURED)[0] == "▲+3.1"
    assert sign_of(change(-0.02, "shrank"), COLOURED)[0] == "▼−2.0"
    assert sign_of(change(0.004, "alike"), COLOURED)[0] == "="
    assert sign_of(change(0.04, "too few samples"), COLOURED)[0] == "?"
    assert sign_of(None, COLOURED)[0] == "="
    assert sign_of(change(0.031, "new"), PLAIN)[0] == "^+3.1"


def diff_of(after: list[StackProfile]) -> StackDiff:
    return compare(BEFORE, after)


def test_the_list_begins_with_what_changed_and_what_is_gone() -> None:
    diff = diff_of(GREW)
    texts = checked(list_strips(listed(diff), 100, COLOURED, 0), 100)
    assert [function_of(one) for one in listed(diff)][:2] == ["encode", "checked"]
    assert "▲+" in texts[0]
    assert "encode" in texts[0]
    gone = next(text for text in texts if "gone" in text)
    assert "main › checked" in gone
    assert len(texts) == len(listed(diff))


def test_the_verdict_waits_for_windows() -> None:
    assert "too early" in verdict_strip(diff_of(GREW[:3]), 100, COLOURED).text
    assert "worse: encode grew" in verdict_strip(diff_of(GREW), 100, COLOURED).text
    assert "unchanged" in verdict_strip(diff_of(SAME), 100, COLOURED).text
    assert "inconclusive" in verdict_strip(diff_of([]), 100, COLOURED).text or diff_of([]).after.windows == 0


@given(st.integers(0, 200), st.sampled_from([COLOURED, PLAIN]))
def test_every_line_is_as_wide_as_the_pane(width: int, palette: object) -> None:
    diff = diff_of(GREW)
    for drawn in (COLOURED, PLAIN):
        lines = [sides_strip(diff, "12:00:00 marked", width, drawn), verdict_strip(diff, width, drawn)]
        checked([*lines, *list_strips(listed(diff), width, drawn, 1)], width)


def test_an_unknown_way_has_no_change() -> None:
    assert change_at(None, (("all", ""), ("main", ""))) is None


# ---- the pane


@pytest.mark.parametrize("size", [(80, 14), (160, 36)])
async def test_after_the_mark_what_grew_is_marked_in_the_icicle(size: tuple[int, int]) -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=size) as pilot:
        app.show(with_past(BEFORE))
        await pilot.press("m")
        await settle(pilot)
        assert flame.view_name == "diff"
        assert "too early" in app.texts()[3]
        app.show(with_past([*BEFORE, *GREW]))
        await settle(pilot)
        assert "before 30.0s in 30 windows " in app.texts()[2]
        assert "worse: encode grew" in app.texts()[3]
        boxes = app.texts()[4:8]
        assert any("▲+" in line and "encode" in line and "parse" in line for line in boxes)
        await pilot.press("enter")
        assert flame.view_name == "icicle"
        assert flame.shown.needle == "encode"


async def test_nothing_is_marked_when_nothing_changed() -> None:
    app = Stage(Flame())
    async with app.run_test(size=(100, 20)) as pilot:
        app.show(with_past(BEFORE))
        await pilot.press("m")
        app.show(with_past([*BEFORE, *SAME]))
        await settle(pilot)
        assert "unchanged" in app.texts()[3]
        assert not any("▲" in line or "▼" in line for line in app.texts()[4:])


async def test_a_change_that_was_applied_is_the_mark() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(120, 20)) as pilot:
        update = with_past([*BEFORE, *GREW])
        entry = replace(build_entry("j1", "applied"), wall_ns=1_700_000_030 * SECOND)
        app.show(replace(update, journal=(entry,)))
        await pilot.press("D")
        await settle(pilot)
        assert "process.nice -5" in app.texts()[2]
        assert "worse: encode grew" in app.texts()[3]
        await pilot.press("m", "u")
        assert flame.shown.moment.marked_ns is None
        assert flame.shown.moment.mark == (MARK_NS, "process.nice -5")


async def test_only_what_the_filter_keeps_is_compared() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(100, 20)) as pilot:
        app.show(with_past(BEFORE))
        await pilot.press("m")
        flame.shown.filter = StackFilter(pattern="!encode")
        app.show(with_past([*BEFORE, *GREW]))
        await settle(pilot)
        assert "not /encode/" in app.texts()[0]
        assert not any("encode" in line for line in app.texts()[2:])


async def test_without_a_mark_it_says_how_to_set_one() -> None:
    app = Stage(Flame())
    async with app.run_test(size=(80, 14)) as pilot:
        app.show(with_past(BEFORE))
        await pilot.press("D", "enter", "down", "u")
        assert "m marks this moment" in app.texts()[2]


async def test_in_a_replay_the_recorded_marks_count() -> None:
    flame = Flame()
    app = Stage(flame)
    async with app.run_test(size=(120, 20)) as pilot:
        update, ahead_ns = with_past([*BEFORE, *GREW]), 1_700_000_000 * SECOND
        replay = ReplayStatus(
            first_ns=START_NS + ahead_ns, last_ns=START_NS + ahead_ns + 60 * SECOND, wall_ns=0, speed=1, playing=True,
            at_ns=update.sample.monotonic_ns + ahead_ns, marks=((MARK_NS + ahead_ns, "deployed"),),
        )  # fmt: skip
        app.show(replace(update, replay=replay))
        await pilot.press("m", "D")
        await settle(pilot)
        assert flame.shown.moment.marked_ns is None
        assert "deployed" in app.texts()[2]


async def test_it_is_compared_again_only_after_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.tui.flame.diff.RESTS", 0)  # on a slow machine the rest is longer than two seconds
    app = Stage(Flame())
    async with app.run_test(size=(80, 14)) as pilot:
        app.show(with_past(BEFORE))
        await pilot.press("m")
        asked = []
        for count in (1, 2, 3, 4):
            update = with_past([*BEFORE, *GREW[:count]])
            app.show(update)
            await settle(pilot)
            past = update.stacks
            assert isinstance(past, AskedStore)
            asked.append("windows" in past.asked)
        assert asked == [False, True, False, True]


def test_windows_of_two_processes_that_sleep_are_two() -> None:
    asleep = [replace(BEFORE[0], rows=(), slots=Table(), pid=pid) for pid in (1, 2)]
    assert [window.pid for window in Recent().windows(AskedStore(asleep), START_NS, MARK_NS)] == [1, 2]


async def test_a_step_back_compares_what_there_was_then() -> None:
    app = Stage(Flame())
    async with app.run_test(size=(80, 14)) as pilot:
        app.show(with_past(BEFORE))
        await pilot.press("m")
        for count in (20, 19):
            update = with_past([*BEFORE, *GREW])
            past = update.stacks
            assert isinstance(past, AskedStore)
            app.show(replace(update, stacks=Until(past, MARK_NS + count * SECOND)))
            await settle(pilot)
            assert "windows" in past.asked


def test_windows_are_asked_for_once() -> None:
    past, recent = AskedStore([*BEFORE, *GREW]), Recent()
    assert recent.windows(past, MARK_NS, MARK_NS + 10 * SECOND) == past.windows(MARK_NS, MARK_NS + 10 * SECOND)
    later = recent.windows(past, MARK_NS + 5 * SECOND, MARK_NS + 20 * SECOND)
    assert [window.started_ns for window in later] == [MARK_NS + at * SECOND for at in range(5, 20)]
    back = recent.windows(past, MARK_NS - 20 * SECOND, MARK_NS)
    assert back == past.windows(MARK_NS - 20 * SECOND, MARK_NS)
