"""The player's keys, and a session that changes nothing."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perftui.errors import NoData, Refused, UsageError
from perftui.model.update import ReplayStatus, Update
from perftui.session import SessionOptions
from perftui.session.replay import ReplaySession
from perftui.store.recording import Recording
from tests.session.tapes import START, write
from tests.session.test_player import busy_in_the_middle
from tests.store.support import SECOND
from tests.store.test_chunkfile import damage


class Watcher:
    """What a replay has shown; waits for what it shows next."""

    def __init__(self) -> None:
        self.updates: list[Update] = []
        self.fault: Exception | None = None
        self._changed = threading.Condition()

    def __call__(self, update: Update) -> None:
        with self._changed:
            self.updates.append(update)
            self._changed.notify_all()

    def fail(self, fault: Exception) -> None:
        self.fault = fault

    def status(self) -> ReplayStatus:
        status = self.updates[-1].replay
        assert status is not None
        return status

    def wait(self, condition: Callable[[ReplayStatus], bool], seconds: float = 20.0) -> ReplayStatus:
        deadline = time.monotonic() + seconds
        with self._changed:
            while not self.updates or not condition(self.status()):
                left = deadline - time.monotonic()
                assert left > 0, f"never shown; the last was {self.status() if self.updates else None}"
                self._changed.wait(left)
            return self.status()

    def second(self) -> float:
        return (self.status().at_ns - START) / SECOND


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[tuple[ReplaySession, Watcher]]:
    marks = [(START + 150 * SECOND, "the deploy"), (START + 200 * SECOND, "the rollback")]
    recording = write(tmp_path / "r", range(300), busy_in_the_middle, marks=marks)
    session, watcher = ReplaySession(recording, SessionOptions(), at_ns=START + 100 * SECOND), Watcher()
    session.start(watcher, watcher.fail)
    watcher.wait(lambda status: True)
    yield session, watcher
    session.stop()
    assert watcher.fault is None


def at(second: int) -> Callable[[ReplayStatus], bool]:
    return lambda status: status.at_ns == START + second * SECOND


def telling(text: str) -> Callable[[ReplayStatus], bool]:
    return lambda status: status.said == text


def test_it_stands_still_where_it_was_told_to_begin(replay: tuple[ReplaySession, Watcher]) -> None:
    _, watcher = replay
    status = watcher.status()
    assert not status.playing
    assert watcher.second() == 100
    assert (status.first_ns, status.last_ns) == (START, START + 299 * SECOND)
    assert status.marks == ((START + 150 * SECOND, "the deploy"), (START + 200 * SECOND, "the rollback"))


def test_steps_and_jumps(replay: tuple[ReplaySession, Watcher]) -> None:
    session, watcher = replay
    moves: tuple[tuple[Callable[[], None], int], ...] = (
        (lambda: session.step(1), 101),
        (lambda: session.step(-1), 100),
        (lambda: session.jump(60), 160),
        (lambda: session.jump(-60), 100),
        (lambda: session.jump(-600), 0),
        (lambda: session.jump_to("+250"), 250),
        (lambda: session.jump(600), 299),
    )
    for move, second in moves:
        move()
        watcher.wait(at(second))
    session.step(1)
    assert watcher.wait(lambda status: bool(status.said)).said == "the end of the recording"
    with pytest.raises(UsageError):
        session.jump_to("soon")


def test_a_jump_is_shown_at_once_and_then_with_its_past(replay: tuple[ReplaySession, Watcher]) -> None:
    session, watcher = replay
    session.jump_to("+280")
    watcher.wait(at(280))
    watcher.wait(lambda status: len(watcher.updates[-1].history["cpu"]) > 200)
    first = next(update for update in watcher.updates if update.sample.wall_ns == START + 280 * SECOND)
    assert len(first.history["cpu"]) < 30
    assert first.diagnosis == watcher.updates[-1].diagnosis
    assert first.diagnosis is not None


def test_marks_come_round(replay: tuple[ReplaySession, Watcher]) -> None:
    session, watcher = replay
    for text, second in (("the deploy", 150), ("the rollback", 200), ("the deploy", 150)):
        session.next_mark()
        watcher.wait(telling(text))
        assert watcher.second() == second


def test_it_plays_at_the_speed_asked_for_up_to_the_end(replay: tuple[ReplaySession, Watcher]) -> None:
    session, watcher = replay
    for _ in range(20):
        session.change_speed(1)
    assert watcher.wait(lambda status: status.speed == 60.0)
    session.pause()
    started = time.monotonic()
    watcher.wait(lambda status: status.said == "the end of the recording")
    assert time.monotonic() - started > 1.0  # 199 s at sixty times the speed take more than three seconds
    assert watcher.second() == 299
    shown = [update.sample.wall_ns for update in watcher.updates]
    assert shown == sorted(shown)
    assert not watcher.status().playing


def test_the_worst_moment_is_shown(replay: tuple[ReplaySession, Watcher]) -> None:
    session, watcher = replay
    session.jump_to("+0")
    session.worst()
    status = watcher.wait(lambda status: status.said.startswith("the worst moment"))
    assert not status.playing
    assert 105 <= watcher.second() <= 122
    assert any(update.replay is not None and update.replay.searched_ratio is not None for update in watcher.updates)


def test_a_search_is_stopped_by_asking_again(replay: tuple[ReplaySession, Watcher]) -> None:
    session, watcher = replay
    session.worst()
    session.worst()
    assert watcher.wait(lambda status: status.said.startswith("stopped")).searched_ratio is None


def test_nothing_can_be_changed(replay: tuple[ReplaySession, Watcher]) -> None:
    session, _ = replay
    changes: tuple[Callable[[], object], ...] = (
        lambda: session.select(1),
        lambda: session.set_profiling(False),
        lambda: session.keep("x"),
        lambda: session.undo("x"),
        session.toggle_recording,
        lambda: session.mark_incident(""),
    )
    for change in changes:
        with pytest.raises(Refused, match="replay"):
            change()


def test_a_recording_has_no_source(replay: tuple[ReplaySession, Watcher]) -> None:
    with pytest.raises(NoData, match="no source"):
        replay[0].source_of(os.getpid(), __file__)


def test_a_fault_is_handed_over(tmp_path: Path) -> None:
    recording = write(tmp_path / "r", range(5))
    session, watcher = ReplaySession(recording, SessionOptions()), Watcher()
    told = threading.Event()

    def broken(_: Update) -> None:
        raise RuntimeError("planted")

    def fail(fault: Exception) -> None:
        watcher.fail(fault)
        told.set()

    session.start(broken, fail)
    assert told.wait(20)
    assert str(watcher.fault) == "planted"
    session.stop()
    session.stop()


def test_a_damaged_chunk_is_told_and_passed_over(tmp_path: Path) -> None:
    write(tmp_path / "r", range(700)).close()
    damage(tmp_path / "r", 1)
    recording = Recording(tmp_path / "r", lenient=True)
    session, watcher = ReplaySession(recording, SessionOptions(), at_ns=START + 10 * SECOND), Watcher()
    session.start(watcher, watcher.fail)
    session.jump_to("+298")
    watcher.wait(at(298))
    session.step(1)  # the next one is looked for ahead
    assert watcher.wait(at(299)).said.endswith("300 samples are left out")
    session.step(1)
    watcher.wait(at(600))
    session.jump(-50)
    watcher.wait(at(299))
    session.stop()
    assert watcher.fault is None
