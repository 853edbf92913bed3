"""Windows of several processes, joined by time."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import Frame, StackProfile, StackRow, merge
from perftui.model.weights import Weights, whole_rows

SECOND = 1_000_000_000


def window(pid: int, began: float, ended: float, rate_hz: int, *, busy: float = 1.0, looks: int = 0) -> StackProfile:
    """One thread, seen in every look, in a function named after the process."""
    attempts = looks or round(rate_hz * (ended - began))
    return StackProfile(
        sampler="test",
        rate_hz=rate_hz,
        started_ns=round(began * SECOND),
        ended_ns=round(ended * SECOND),
        covered_ns=round((ended - began) * SECOND),
        attempts=attempts,
        frames=(Frame(function=f"f{pid}"),),
        stacks=((0,),),
        rows=(StackRow(pid=pid, tid=pid, stack=0, samples=attempts, on_cpu=busy * attempts),),
    )


def seconds(pid: int, rate_hz: int, length: int, until: int = 30) -> list[StackProfile]:
    return [window(pid, at, at + length, rate_hz) for at in range(0, until, length)]


def joined(windows: list[StackProfile]) -> StackProfile:
    profile = merge(sorted(windows, key=lambda each: each.ended_ns))
    assert profile is not None
    return profile


def shares(profile: StackProfile) -> dict[int, float]:
    return {row.pid: row.on_cpu / profile.on_cpu for row in profile.rows}


def test_processes_weigh_by_time_not_by_looks() -> None:
    profile = joined(seconds(1, 100, 1) + seconds(2, 20, 5))
    assert shares(profile) == pytest.approx({1: 0.5, 2: 0.5})
    assert profile.rate_hz == 100
    assert profile.attempts == 3000
    assert [row.samples for row in profile.rows] == [3000, 3000]
    assert profile.coverage_ratio == 1.0
    assert {part.pid: (part.looks, part.covered_ns // SECOND) for part in profile.parts} == {
        1: (3000, 30),
        2: (600, 30),
    }
    assert [part.weight for part in profile.parts] == pytest.approx([1.0, 5.0])


def test_a_sampler_that_falls_behind_does_not_make_its_process_smaller() -> None:
    late = [window(2, at, at + 5, 20, looks=60) for at in range(0, 30, 5)]
    assert shares(joined(seconds(1, 100, 1) + late)) == pytest.approx({1: 0.5, 2: 0.5}, abs=0.01)


def test_a_process_that_is_seen_by_turns_stands_for_the_time_between() -> None:
    turns = [window(2, at, at + 5, 20) for at in (3, 13, 23)]
    profile = joined(seconds(1, 100, 1) + turns)
    assert shares(profile) == pytest.approx({1: 0.5, 2: 0.5}, abs=0.01)
    assert profile.coverage_ratio == pytest.approx((30 + 15) / (30 + 25))


def test_a_window_that_is_not_there_yet_is_allowed_for() -> None:
    late = [window(2, 0, 5, 20), window(2, 5, 10, 20)]
    assert shares(joined(seconds(1, 100, 1, until=14) + late)) == pytest.approx({1: 0.5, 2: 0.5}, abs=0.01)


def test_a_process_that_came_and_went_does_not_fill_the_picture() -> None:
    brief = window(2, 10, 11, 100)
    assert shares(joined([*seconds(1, 100, 1), brief]))[2] <= 3 / 33


def test_a_process_that_sleeps_does_not_make_others_smaller() -> None:
    """perf sees nothing of it, and its windows tell whose they are."""

    def perf(pid: int, at: int, looks: int) -> StackProfile:
        seen = StackRow(pid=pid, tid=pid, stack=0, samples=looks, on_cpu=looks)
        empty = window(pid, at, at + 1, 50)
        return msgspec.structs.replace(empty, pid=pid, rows=(seen,) if looks else ())

    windows = [perf(pid, at, looks) for at in range(10) for pid, looks in ((2, 25), (1, 50 if at == 0 else 0))]
    profile = joined(windows)
    assert {row.pid: row.samples / profile.attempts for row in profile.rows} == pytest.approx({1: 0.1, 2: 0.5})
    assert {part.pid: part.looks for part in profile.parts} == {1: 500, 2: 500}
    halves = [joined(windows[:10]), joined(windows[10:])]
    assert halves[1].pids == {1, 2}
    twice = joined(halves)
    assert {row.pid: row.samples / twice.attempts for row in twice.rows} == pytest.approx({1: 0.1, 2: 0.5})
    assert (profile.pid, joined(windows[::2]).pid) == (0, 2)


def test_one_process_looked_at_unevenly_weighs_by_time_too() -> None:
    profile = joined([window(1, 0, 1, 100, busy=1.0), window(1, 1, 2, 20, busy=0.0)])
    assert profile.samples == 200
    assert profile.on_cpu == 100
    assert profile.attempts == 200
    assert profile.coverage_ratio == 1.0


def test_joining_what_was_joined_keeps_the_shares_and_the_looks() -> None:
    windows = seconds(1, 100, 1) + seconds(2, 20, 5)
    at_once = joined(windows)
    halves = [
        joined([each for each in windows if each.ended_ns <= 15 * SECOND]),
        joined([each for each in windows if each.ended_ns > 15 * SECOND]),
    ]
    twice = joined(halves)
    assert shares(twice) == pytest.approx(shares(at_once))
    assert {part.pid: part.looks for part in twice.parts} == {part.pid: part.looks for part in at_once.parts}
    assert twice.attempts == at_once.attempts


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 60), st.integers(1, 9), st.sampled_from((2, 5, 10, 20, 50, 100))),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_the_windows_nothing_exceeds_its_whole(seen: list[tuple[int, int, int, int]]) -> None:
    windows = [window(pid, began, began + length, rate) for pid, began, length, rate in seen]
    weights = Weights(windows)
    assert 0 < weights.covered_ns <= weights.ended_ns - weights.started_ns
    profile = joined(windows)
    assert 0 < profile.coverage_ratio <= 1
    for row in profile.rows:
        assert row.samples <= profile.attempts + 1
        assert row.on_cpu <= row.samples
    assert sum(part.looks for part in weights.parts) == sum(each.attempts for each in windows)
    assert all(weights.factor(each, each.rows[0].pid) >= 1 - 1e-9 for each in windows)


ROWS = st.dictionaries(
    st.tuples(st.integers(1, 2), st.integers(1, 2), st.integers(0, 20)),
    st.tuples(st.floats(1, 50), st.floats(0, 1)).map(lambda pair: (pair[0], pair[0] * pair[1])),
)


@given(ROWS)
def test_rounding_loses_less_than_a_sample_of_a_thread(counts: dict[tuple[int, int, int], tuple[float, float]]) -> None:
    whole = whole_rows(counts)
    assert whole.keys() == counts.keys()
    assert all(0 <= on_cpu <= samples for samples, on_cpu in whole.values())
    for thread in {key[:2] for key in counts}:
        before = [sum(column) for column in zip(*(counts[key] for key in counts if key[:2] == thread), strict=True)]
        after = [sum(column) for column in zip(*(whole[key] for key in whole if key[:2] == thread), strict=True)]
        assert before[0] - 1 < after[0] <= before[0] + 1e-5
        assert before[1] - 1 < after[1] <= before[1] + 1e-5
