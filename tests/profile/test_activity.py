"""What runs and what waits, learned from windows that leave out whoever waits."""

import random
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.model.profile import Frame, Mode, StackProfile, StackRow
from perftui.model.target import ProcessId
from perftui.profile.activity import ActivityMeter, shared_out

SECOND = 1_000_000_000
FRAMES = tuple(Frame(function=name, file="app.py", line=1) for name in ("work", "driver", "native", "rare"))
WORK, DRIVER, NATIVE, RARE = FRAMES


def window(
    rows: Mapping[Frame, tuple[int, float]], at: int = 0, *, mode: Mode = "nonblocking", tid: int = 7
) -> StackProfile:
    """Of the second that begins ``at``: looks and on-CPU looks of each innermost frame."""
    return StackProfile(
        sampler="py-spy",
        rate_hz=100.0,
        started_ns=at * SECOND,
        ended_ns=(at + 1) * SECOND,
        covered_ns=SECOND,
        attempts=100,
        frames=FRAMES,
        stacks=tuple((number,) for number in range(len(FRAMES))),
        rows=tuple(
            StackRow(pid=7, tid=tid, stack=FRAMES.index(frame), samples=samples, on_cpu=on_cpu)
            for frame, (samples, on_cpu) in rows.items()
        ),
        mode=mode,
    )


def ran(rows: Mapping[Frame, int], at: int = 0) -> StackProfile:
    return window({frame: (samples, float(samples)) for frame, samples in rows.items()}, at, mode="active")


def shares(profile: StackProfile) -> dict[Frame, float]:
    return {profile.frames[profile.stacks[row.stack][-1]]: row.on_cpu for row in profile.rows}


BY_NAME = window({WORK: (15, 6.0), DRIVER: (70, 28.0), NATIVE: (15, 6.0)})
"""By their names all three run: 40 of 100 looks."""


def taught() -> ActivityMeter:
    meter = ActivityMeter()
    meter.saw(BY_NAME)
    meter.ran(ran({WORK: 16, NATIVE: 17, DRIVER: 1}))
    return meter


def test_what_was_not_seen_at_work_gets_little() -> None:
    found = shares(taught().weighed(window({WORK: (20, 6.0), DRIVER: (60, 28.0), NATIVE: (20, 6.0)})))
    assert found[DRIVER] < 2
    assert found[WORK] == pytest.approx(found[NATIVE])


def test_before_it_knows_nothing_changes() -> None:
    meter = ActivityMeter()
    assert meter.weighed(BY_NAME) is BY_NAME
    meter.ran(ran({WORK: 16, NATIVE: 17}))
    assert meter.weighed(BY_NAME) is BY_NAME  # the chain has not seen that second yet
    meter.saw(BY_NAME)
    assert meter.knows


def test_a_second_with_fewer_looks_at_work_than_work_is_made_up_for_later() -> None:
    meter = taught()
    few = shares(meter.weighed(window({WORK: (15, 6.0), DRIVER: (70, 28.0), NATIVE: (15, 6.0)})))
    assert sum(few.values()) == pytest.approx(32, abs=1)
    many = shares(meter.weighed(window({WORK: (25, 6.0), DRIVER: (50, 28.0), NATIVE: (25, 6.0)})))
    assert sum(few.values()) + sum(many.values()) == pytest.approx(80, abs=1e-3)
    assert few[DRIVER] + many[DRIVER] < 5


def test_where_everyone_seems_to_run_nothing_is_learned() -> None:
    """In another PID namespace py-spy takes all threads for running."""
    meter = ActivityMeter()
    meter.saw(BY_NAME)
    meter.ran(window({WORK: (100, 5.0), DRIVER: (100, 5.0)}, mode="active"))
    assert not meter.knows


def test_one_that_nobody_looked_at_is_what_its_name_says() -> None:
    meter = taught()
    runs = shares(meter.weighed(window({RARE: (10, 4.0), DRIVER: (90, 6.0)})))
    assert runs[RARE] == pytest.approx(9, abs=1)
    waits = shares(meter.weighed(window({RARE: (50, 0.0), WORK: (50, 40.0)})))
    assert waits[RARE] == 0.0


def test_chance_makes_no_difference_between_frames_that_work() -> None:
    """Of 4 threads that take turns each runs a quarter of its looks: 60, 30 and 10 parts stay what they are."""
    chance = random.Random(3)
    parts = {WORK: 0.6, NATIVE: 0.3, RARE: 0.1}
    meter = ActivityMeter()
    for at in range(20):
        frames = chance.choices(list(parts), list(parts.values()), k=400)
        meter.saw(window({frame: (frames.count(frame), frames.count(frame) / 4) for frame in parts}, at))
        running = chance.choices(list(parts), list(parts.values()), k=100)
        meter.ran(ran({frame: running.count(frame) for frame in parts}, at))
        found = shares(meter.weighed(window({frame: (int(400 * part), 100 * part) for frame, part in parts.items()})))
        assert {frame: looks / 100 for frame, looks in found.items()} == pytest.approx(parts, abs=0.03)


def test_another_process_is_looked_at_at_once() -> None:
    meter = ActivityMeter()
    first, second = ProcessId(pid=1, start_ticks=5), ProcessId(pid=2, start_ticks=5)
    meter.look_at(first)
    assert meter.due(0)
    meter.begun(0)
    meter.look_at(first)
    assert not meter.due(SECOND)
    meter.look_at(second)
    assert meter.due(SECOND)


def test_the_first_windows_wait_until_there_is_an_answer() -> None:
    for answer in (ran({WORK: 16, NATIVE: 17}), ran({WORK: 1}), None):
        meter = ActivityMeter()
        assert not meter.holds(0)
        meter.begun(0)
        assert meter.holds(2 * SECOND)
        assert not meter.holds(3 * SECOND)
        if answer is None:
            meter.failed()
        else:
            meter.ran(answer)
            meter.saw(BY_NAME)
        assert not meter.holds(SECOND)


def test_rates_need_not_be_the_same() -> None:
    """All looks at WORK are work and a tenth of those at DRIVER, however often either window looked."""
    for wall_hz, active_hz in ((20, 100), (100, 20), (100, 100)):
        meter = ActivityMeter()
        for at in range(40):
            seen = {WORK: (wall_hz // 5, 1.0), DRIVER: (4 * wall_hz // 5, 1.0)}
            meter.saw(replace(window(seen, at), attempts=wall_hz))
            running = {WORK: active_hz // 5, DRIVER: round(0.08 * active_hz)}
            meter.ran(replace(ran(running, at), attempts=active_hz))
        found = shares(meter.weighed(window({WORK: (20, 5.6), DRIVER: (80, 22.4)})))
        assert found[WORK] == pytest.approx(20, abs=2), (wall_hz, active_hz)
        assert found[DRIVER] == pytest.approx(8, abs=2), (wall_hz, active_hz)


def test_what_is_left_over_does_not_make_work_of_waiting() -> None:
    """By chance a thread ran longer than its looks at work say: a waiting row has a fraction of a look then."""
    found = shares(taught().weighed(window({WORK: (20, 20.0), RARE: (80, 0.5)})))
    assert found[WORK] == 20.0
    assert found[RARE] < 1


def test_windows_of_other_processes_do_not_lose_what_is_owed() -> None:
    meter = taught()
    given = 0.0
    for at in range(40):
        for pid in (7, 8):
            seen = {WORK: (10 if at % 2 else 30, 8.0), DRIVER: (90 if at % 2 else 70, 12.0)}
            before = window(seen)
            rows = tuple(replace(row, pid=pid, tid=pid) for row in before.rows)
            given += meter.weighed(replace(before, rows=rows)).on_cpu
    assert given == pytest.approx(40 * 2 * 20, rel=0.02)


def test_code_without_the_lock_runs_though_all_others_queue_for_it() -> None:
    """Of many threads one at a time runs WORK; whoever is in NATIVE runs."""
    meter = ActivityMeter()
    for at in range(10):
        meter.saw(window({WORK: (950, 50.0), NATIVE: (50, 15.0)}, at))
        meter.ran(ran({WORK: 15, NATIVE: 50}, at))
    found = shares(meter.weighed(window({WORK: (950, 61.75), NATIVE: (50, 3.25)})))
    assert found[NATIVE] == pytest.approx(50, abs=3)
    assert found[WORK] == pytest.approx(15, abs=3)


def test_native_windows_teach_nothing_and_stay_what_they_are() -> None:
    meter = ActivityMeter()
    meter.saw(replace(BY_NAME, mode="native"))
    meter.ran(ran({WORK: 16, NATIVE: 17}))
    assert not meter.knows
    native = replace(BY_NAME, mode="native")
    assert taught().weighed(native) is native


@example(1.0, [(1.0, 0.0), (3.00001, 0.0), (1.192092896e-07, 2.0)])
@given(st.floats(0, 1000), st.lists(st.tuples(st.floats(0, 10), st.floats(0, 100)), max_size=10))
def test_shares_fit_their_room_and_nothing_is_lost_while_there_is_any(
    amount: float, places: list[tuple[float, float]]
) -> None:
    weights, room = [weight for weight, _ in places], [most for _, most in places]
    parts = shared_out(amount, weights, room)
    assert all(0 <= part <= most for part, most in zip(parts, room, strict=True))
    assert sum(parts) <= amount * (1 + 1e-9) + 1e-9
    wanted = sum(most for weight, most in places if weight > 1e-6)
    assert sum(parts) >= min(amount, wanted) * (1 - 1e-6) - 1e-6


@given(st.dictionaries(st.sampled_from(FRAMES), st.tuples(st.integers(0, 60), st.floats(0, 1)), max_size=4))
def test_no_row_gets_more_than_its_looks(rows: dict[Frame, tuple[int, float]]) -> None:
    before = window({frame: (samples, samples * part) for frame, (samples, part) in rows.items()})
    after = taught().weighed(before)
    assert [replace(row, on_cpu=0.0) for row in after.rows] == [replace(row, on_cpu=0.0) for row in before.rows]
    assert all(0 <= row.on_cpu <= row.samples + 1e-6 for row in after.rows)
    assert after.on_cpu <= before.on_cpu + 1e-3
