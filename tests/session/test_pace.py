"""When ticks are due, on a clock of the test's own."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.session.pace import LONGEST_NS, Pace

SECOND = 1_000_000_000
MS = 1_000_000


def played(pace: Pace, ticks: list[tuple[int, int]]) -> list[int]:
    """The intervals after ticks that were so late and took so long (ns)."""
    intervals = []
    for late, took in ticks:
        began = pace.due_ns + late
        pace.ticked(began, began + took)
        intervals.append(pace.interval_ns)
    return intervals


def started() -> Pace:
    pace = Pace(1.0)
    pace.start(5 * SECOND)
    return pace


def test_quick_ticks_keep_to_the_grid() -> None:
    pace = started()
    assert set(played(pace, [(3 * MS, 40 * MS)] * 10)) == {SECOND}
    assert pace.due_ns == 15 * SECOND
    assert not pace.stretched
    assert pace.missed_total == 0


def test_one_slow_tick_changes_nothing() -> None:
    assert set(played(started(), [(0, 600 * MS), (0, 20 * MS), (700 * MS, MS), (0, MS)])) == {SECOND}


def test_a_starved_host_gets_more_time_between_ticks_and_the_interval_comes_back() -> None:
    pace = started()
    assert played(pace, [(200 * MS, 300 * MS)] * 3)[1:] == [2 * SECOND] * 2
    assert pace.stretched
    assert played(pace, [(0, 10 * MS)] * 4) == [1500 * MS, 1125 * MS, SECOND, SECOND]
    assert not pace.stretched


def test_a_tick_that_comes_whole_intervals_late_has_missed_as_many() -> None:
    pace = started()
    due = pace.due_ns
    played(pace, [(3500 * MS, MS)])
    assert pace.missed_total == 3
    assert pace.due_ns == due + 4 * SECOND
    played(pace, [(900 * MS, MS)])
    assert pace.missed_total == 3


def test_an_hour_stopped_does_not_make_an_hour_of_silence() -> None:
    assert max(played(started(), [(3600 * SECOND, MS)] * 3)) == LONGEST_NS


def test_an_interval_longer_than_the_longest_stretch_stays_what_it_is() -> None:
    pace = Pace(60.0)
    assert played(pace, [(0, SECOND)] * 2) == [60 * SECOND] * 2


DELAYS = st.tuples(st.integers(0, 20 * SECOND), st.integers(1, 20 * SECOND))


@given(st.lists(DELAYS, min_size=1, max_size=40))
def test_whatever_happens_the_next_tick_is_due_soon_after_this_one(ticks: list[tuple[int, int]]) -> None:
    pace = started()
    for late, took in ticks:
        began = pace.due_ns + late
        before = pace.due_ns
        pace.ticked(began, began + took)
        assert SECOND <= pace.interval_ns <= LONGEST_NS
        assert before + SECOND <= pace.due_ns <= began + LONGEST_NS
