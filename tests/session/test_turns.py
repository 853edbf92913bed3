"""Who is sampled, without a sampler."""

from collections.abc import Mapping

import pytest

from perftui.model.target import ProcessId
from perftui.session.turns import CYCLE_NS, FAR_MORE, LEAST_TURN_NS, MOST_OTHERS, OTHERS_RATE_HZ, Setting, Turns

SECOND = 1_000_000_000
BEST = Setting(100, 0.05)
ROOT = ProcessId(pid=1, start_ticks=5)


def worker(number: int) -> ProcessId:
    return ProcessId(pid=100 + number, start_ticks=number)


def workers(count: int, cores: float = 0.5) -> dict[ProcessId, float]:
    return {worker(number): cores for number in range(count)}


class Clock:
    """Ticks of a second."""

    def __init__(self) -> None:
        self.turns = Turns(ROOT)
        self.now_ns = 0

    def ticks(self, count: int, cores: Mapping[ProcessId, float]) -> set[ProcessId]:
        """Everybody who was sampled in one of them."""
        seen: set[ProcessId] = set()
        for _ in range(count):
            self.now_ns += SECOND
            self.turns.decide({ROOT: 0.0, **cores}, self.now_ns)
            seen |= self.turns.settings(BEST).keys()
        return seen


def test_a_process_alone_has_the_whole_budget() -> None:
    clock = Clock()
    assert clock.ticks(3, {}) == {ROOT}
    assert clock.turns.settings(BEST) == {ROOT: BEST}


@pytest.mark.parametrize("count", [1, 2, 3, 5, 6, 40])
def test_the_settings_keep_within_the_budget(count: int) -> None:
    clock = Clock()
    clock.ticks(2, workers(count))
    settings = clock.turns.settings(BEST)
    assert len(settings) == min(count, 1 + MOST_OTHERS)
    assert sum(setting.budget_ratio for setting in settings.values()) <= BEST.budget_ratio * 1.0001
    assert settings[clock.turns.first].rate_hz == 100
    assert all(
        setting.rate_hz == OTHERS_RATE_HZ for process, setting in settings.items() if process != clock.turns.first
    )


@pytest.mark.parametrize("count", [6, 9, 17, 25])
def test_each_of_many_is_seen_within_half_a_minute_and_for_a_whole_turn(count: int) -> None:
    clock = Clock()
    cores = workers(count)
    clock.ticks(40, cores)
    began: dict[ProcessId, int] = {}
    turns: list[int] = []
    seen: set[ProcessId] = set()
    for _ in range(33):
        before = set(clock.turns.others)
        clock.ticks(1, cores)
        seen |= clock.turns.settings(BEST).keys()
        for process in set(clock.turns.others) - before:
            began[process] = clock.now_ns
        turns += [clock.now_ns - began.pop(process) for process in before - set(clock.turns.others) if process in began]
    assert seen == set(cores)
    assert all(turn >= min(LEAST_TURN_NS, CYCLE_NS) for turn in turns)


def test_the_busiest_is_always_sampled_and_does_not_change_for_little() -> None:
    clock = Clock()
    cores = workers(12, 0.2) | {worker(3): 0.9}
    clock.ticks(5, cores)
    assert clock.turns.first == worker(3)
    clock.ticks(60, cores | {worker(4): 0.9 * FAR_MORE})
    assert clock.turns.first == worker(3)
    clock.ticks(20, cores | {worker(4): 2.5})
    assert clock.turns.first == worker(4)


def test_noise_moves_nobody() -> None:
    clock = Clock()
    steady = [workers(5, 0.06), workers(5, 0.0), workers(5, 0.3)]
    clock.ticks(10, workers(5, 0.3))
    first, others = clock.turns.first, set(clock.turns.others)
    for at in range(60):
        clock.ticks(1, steady[at % 3])
        assert (clock.turns.first, set(clock.turns.others)) == (first, others)


def test_idle_ones_make_room_at_once() -> None:
    clock = Clock()
    clock.ticks(5, workers(5))
    busy = {worker(number): 0.5 for number in range(3, 8)}
    clock.ticks(25, workers(3, 0.0) | busy)
    assert clock.turns.settings(BEST).keys() == busy.keys()


def test_whoever_ends_is_sampled_no_more_and_a_pid_is_no_identity() -> None:
    clock = Clock()
    clock.ticks(5, workers(3))
    clock.ticks(1, workers(2))
    assert worker(2) not in clock.turns.settings(BEST)
    again = ProcessId(pid=worker(1).pid, start_ticks=77)
    clock.ticks(1, {worker(0): 0.5, again: 0.5})
    assert again in clock.turns.settings(BEST)
    assert worker(1) not in clock.turns.settings(BEST)


def test_the_hopeless_are_tried_again_ever_less_often_and_never_first() -> None:
    clock = Clock()
    cores = {worker(0): 0.3, worker(1): 3.0}
    clock.ticks(1, cores)
    assert clock.turns.first == worker(1)
    tried = []
    for second in range(100):
        if worker(1) in clock.turns.settings(BEST):
            tried.append(second)
            clock.turns.give_up(worker(1), clock.now_ns)
        clock.ticks(1, cores)
        assert clock.turns.first == worker(0)
    assert len(tried) == 4
    assert tried[3] - tried[2] > tried[2] - tried[1] > tried[1] - tried[0]


def test_the_root_stays_when_there_is_nobody_better() -> None:
    clock = Clock()
    clock.turns.give_up(ROOT, 1)
    clock.ticks(5, workers(2, 0.002))
    assert clock.turns.settings(BEST) == {ROOT: BEST}
