"""What the flame pane compares with, in a real recording."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.model.profile import StackProfile
from perftui.model.update import Update
from perftui.session import SessionOptions
from perftui.session.replay import ReplaySession
from perftui.tui.flame.moment import Moment
from tests.model.timelines import SECOND, own, window
from tests.session.tapes import START, write
from tests.session.test_replay import Watcher, at

MARKS = [(START + 30 * SECOND, "the deploy"), (START + 40 * SECOND, "the rollback")]

FIRST_NS = SECOND
"""The monotonic time of the first sample, which is ``START`` on the recording's line."""


def stacks(second: int) -> list[StackProfile]:
    """The window that ends with this second's sample."""
    return [window({1: [(own("main"),)] * 100}, started_ns=FIRST_NS + (second - 1) * SECOND)]


@pytest.fixture
def replay(tmp_path: Path) -> Iterator[tuple[ReplaySession, Watcher]]:
    recording = write(tmp_path / "r", range(60), marks=MARKS, profiles=stacks)
    session, watcher = ReplaySession(recording, SessionOptions(), at_ns=START + 50 * SECOND), Watcher()
    session.start(watcher, watcher.fail)
    yield session, watcher
    session.stop()
    assert watcher.fault is None


def mark_of(update: Update) -> tuple[int, str] | None:
    moment = Moment()
    moment.take(update)
    return moment.mark


@pytest.mark.parametrize(("second", "wanted"), [(50, MARKS[1]), (35, MARKS[0]), (20, None)])
def test_the_last_mark_before_the_moment_that_a_replay_shows_is_found(
    replay: tuple[ReplaySession, Watcher], second: int, wanted: tuple[int, str] | None
) -> None:
    session, watcher = replay
    found = wanted and (wanted[0] - START + FIRST_NS, wanted[1])
    session.jump_to(f"+{second}")
    watcher.wait(lambda status: at(second)(status) and mark_of(watcher.updates[-1]) == found)
