import msgspec
import pytest

from perftui.model.interval import Interval
from perftui.model.neighbours import Neighbour, Press
from perftui.tune import rivals
from tests.tune.scenes import PID, SESSION, interval_of, sample_at

HEAVY, LIGHT = Neighbour(200, "python", 300, 0, 0.8), Neighbour(201, "python", 301, 0, 0.2)


def test_rivals_are_others_that_use_cpu_heaviest_first() -> None:
    interval = interval_of(others=((201, 301, 0.2), (200, 300, 0.8), (202, 302, 0.01)))
    assert interval.neighbours == (HEAVY, LIGHT)
    assert rivals.cores_of((HEAVY, LIGHT)) == pytest.approx(1.0)


def test_without_a_process_list_there_are_none() -> None:
    bare = Interval.between(*(msgspec.structs.replace(sample_at(at), processes=None) for at in (1, 2)))
    assert bare.neighbours == ()
    assert rivals.session_of(PID, bare.newer, bare.sessions) == SESSION  # the target's own section knows it


def test_the_pressed_processes_are_those_that_wait_most() -> None:
    assert rivals.pressed(interval_of(delay=0.6)) == {PID}
    assert rivals.pressed(interval_of(delay=0.0)) == frozenset()
    half = interval_of()
    half.__dict__["press"] = {1: Press(0.1, 0.8), 2: Press(0.9, 0.4), 3: Press(0.9, 0.3)}
    assert rivals.pressed(half) == {1, 2}


def test_one_is_not_several() -> None:
    assert rivals.taking((HEAVY,), "of its session") == "1 process of its session takes 0.80"
    assert rivals.taking((HEAVY, LIGHT), "beside it") == "2 processes beside it take 1.00"
    assert rivals.losing((HEAVY,)) == "python 200 loses what it gains"
    assert rivals.losing((HEAVY, LIGHT)) == "python 200, python 201 lose what it gains"


def test_a_setting_must_reach_a_quarter_of_what_is_taken() -> None:
    assert rivals.reaches_enough((HEAVY,), (LIGHT,))
    assert not rivals.reaches_enough((LIGHT,), (HEAVY,))
    assert not rivals.reaches_enough((), ())


def test_weights_are_the_schedulers() -> None:
    assert rivals.weight_factor(0, -10) == pytest.approx(9548 / 1024, rel=0.01)  # sched_prio_to_weight
    assert rivals.weight_factor(5, 5) == 1.0


def test_expected_cores_never_fall_below_what_it_has() -> None:
    interval = interval_of(run=0.4, delay=0.6)
    assert rivals.press_of([PID], interval) == pytest.approx((0.4, 0.6))
    assert rivals.expected_cores(Press(0.4, 0.6), interval, 9.3, 4) == pytest.approx(9.3 / 11.3)
    many_threads = rivals.expected_cores(Press(0.4, 3.6), interval, 9.3, 4)
    assert many_threads == pytest.approx(9.3 / 11.3)  # on the one CPU that it may use
    assert rivals.expected_cores(Press(0.9, 0.1), interval, 1.0, 8) == pytest.approx(0.9)


def test_a_session_is_pressed_by_all_of_its_processes() -> None:
    interval = interval_of()
    interval.__dict__["press"] = {1: Press(0.0, 0.0), 2: Press(0.4, 0.6), 3: Press(0.5, 0.5)}
    assert rivals.press_of([1, 2, 3, 99], interval) == pytest.approx((0.9, 1.1))
