"""Slow collectors beside the tick: one that hangs, one without data, one that fails, one that is real."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from perftui.collect import background
from perftui.collect.background import Hand, SlowReader
from perftui.collect.memory import MemoryCollector
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.model.sample import CollectorStatus, MemorySection
from tests.collect.fakes import FakeCollector
from tests.collect.held import NO_TARGET
from tests.host.test_target import wait_for

AT_ONCE, NEVER_AGAIN = 1e-9, 3600.0


@pytest.fixture
def hand() -> Iterator[Hand]:
    hand = Hand()
    hand.relieve()
    yield hand
    hand.close()


@pytest.fixture
def door() -> Iterator[threading.Event]:
    """Closed until it is set; opened at the end, so that no thread is left."""
    door = threading.Event()
    yield door
    door.set()


def state_of(reader: SlowReader) -> str:
    status = reader.answer()[1]
    return status.state if status else ""


def status_in(reader: SlowReader, state: str) -> CollectorStatus:
    """The status once it is in this state."""
    wait_for(lambda: state_of(reader) == state)
    status = reader.answer()[1]
    assert status is not None
    return status


def test_a_real_collector_is_read_once_in_a_period(hand: Hand) -> None:
    reader = SlowReader(MemoryCollector(), NEVER_AGAIN, Host(), hand)
    assert reader.section == "memory"
    assert reader.answer() == (None, None)
    reader.begin_if_due(NO_TARGET)
    reader.wait(10)
    section, status = reader.answer()
    assert isinstance(section, MemorySection)
    assert section.total_bytes > 0
    assert status is not None
    assert (status.name, status.state, status.period_seconds) == ("memory", "ok", NEVER_AGAIN)
    assert status.cpu_ns > 0
    assert status.age_ns > 0
    reader.begin_if_due(NO_TARGET)
    reader.close()
    assert reader.answer()[0] is section


def test_a_section_rides_along_until_the_next_one_is_there(hand: Hand, door: threading.Event) -> None:
    door.set()
    fake = FakeCollector(door.wait)
    reader = SlowReader(fake, AT_ONCE, Host(), hand)
    reader.begin_if_due(NO_TARGET)
    reader.wait(10)
    first = reader.answer()[0]
    door.clear()
    reader.begin_if_due(NO_TARGET)
    assert reader.answer()[0] is first
    door.set()
    wait_for(lambda: reader.answer()[0] is not first)
    assert fake.readings == 2


def test_one_that_hangs_is_named_is_not_begun_again_and_comes_back(
    hand: Hand, door: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = FakeCollector(door.wait)
    reader = SlowReader(fake, AT_ONCE, Host(), hand)
    reader.begin_if_due(NO_TARGET)
    reader.wait(0.01)
    assert reader.answer() == (None, None)
    monkeypatch.setattr(background, "DEADLINE_SECONDS", 0.05)
    status = status_in(reader, "failed")
    assert status.reason == "no answer for 0 s"
    assert status.remedy
    assert status.wall_ns >= 50_000_000
    for _ in range(3):
        reader.begin_if_due(NO_TARGET)
    assert fake.readings == 1
    monkeypatch.undo()
    door.set()
    status_in(reader, "ok")
    reader.begin_if_due(NO_TARGET)
    wait_for(lambda: fake.readings == 2)


def test_a_section_that_is_too_old_is_not_shown(
    hand: Hand, door: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.set()
    reader = SlowReader(FakeCollector(door.wait), AT_ONCE, Host(), hand)
    reader.begin_if_due(NO_TARGET)
    reader.wait(10)
    assert reader.answer()[0] is not None
    monkeypatch.setattr(background, "DEADLINE_SECONDS", 0.0)
    section, status = reader.answer()
    assert section is None
    assert status is not None
    assert status.state == "no_data"
    assert status.reason.startswith("stale")
    assert status.age_ns > 0


def test_what_it_raises_is_its_state_and_the_old_section_is_gone(hand: Hand) -> None:
    faults: list[Exception] = [NoData("it is switched off", "switch it on"), ZeroDivisionError("planted")]

    def act() -> None:
        if fake.readings > 1:
            raise faults[fake.readings - 2]

    fake = FakeCollector(act)
    reader = SlowReader(fake, AT_ONCE, Host(), hand)
    reader.begin_if_due(NO_TARGET)
    status_in(reader, "ok")
    reader.begin_if_due(NO_TARGET)
    status = status_in(reader, "no_data")
    assert (status.reason, status.remedy) == ("it is switched off", "switch it on")
    assert reader.answer()[0] is None
    reader.begin_if_due(NO_TARGET)
    assert status_in(reader, "failed").reason == "ZeroDivisionError: planted"


def test_files_are_closed_when_the_reading_has_ended(hand: Hand, door: threading.Event) -> None:
    fake = FakeCollector(door.wait)
    reader = SlowReader(fake, AT_ONCE, Host(), hand)
    reader.begin_if_due(NO_TARGET)
    reader.close()
    assert fake.closed == 0
    door.set()
    wait_for(lambda: fake.closed == 1)
    reader.begin_if_due(NO_TARGET)
    assert fake.readings == 1
    reader.close()
    assert fake.closed == 2


def test_one_that_hangs_does_not_hold_up_the_others(
    hand: Hand, door: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "PATIENCE_SECONDS", 0.05)
    hung, other = (SlowReader(FakeCollector(act), NEVER_AGAIN, Host(), hand) for act in (door.wait, int))
    hung.begin_if_due(NO_TARGET)
    other.begin_if_due(NO_TARGET)
    assert state_of(other) == ""

    def relieved() -> bool:
        hand.relieve()
        return state_of(other) == "ok"

    wait_for(relieved)
    assert state_of(hung) == ""
    wait_for(lambda: len(threads()) == 2)
    door.set()
    wait_for(lambda: state_of(hung) == "ok" and len(threads()) == 1)


def test_one_thread_does_all_and_ends_with_its_source(hand: Hand) -> None:
    seen: list[threading.Thread] = []
    fakes = [FakeCollector(lambda: seen.append(threading.current_thread())) for _ in range(5)]
    readers = [SlowReader(fake, NEVER_AGAIN, Host(), hand) for fake in fakes]
    for reader in readers:
        reader.begin_if_due(NO_TARGET)
        hand.relieve()
    for reader in readers:
        reader.wait(10)
    assert len(seen) == 5
    assert len(set(seen)) == 1
    hand.close()
    wait_for(lambda: not seen[0].is_alive())
    hand.relieve()
    readers[0].close()
    assert seen[0] not in threads()


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "perftui-reader"]


def test_where_no_thread_is_allowed_it_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    hand = Hand()
    reader = SlowReader(FakeCollector(int), NEVER_AGAIN, Host(), hand)
    reader.begin_if_due(NO_TARGET)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refused)
        hand.relieve()
    assert state_of(reader) == ""
    hand.relieve()
    status_in(reader, "ok")
    hand.close()


HANGS = """
import threading
from perftui.collect.background import Hand, SlowReader
from perftui.host.procfs import Host
from tests.collect.fakes import FakeCollector
from tests.collect.held import NO_TARGET
hand = Hand()
reader = SlowReader(FakeCollector(threading.Event().wait), 1.0, Host(), hand)
reader.begin_if_due(NO_TARGET)
hand.relieve()
reader.close()
hand.close()
"""


def test_one_that_hangs_does_not_keep_the_program_from_ending() -> None:
    subprocess.run([sys.executable, "-c", HANGS], check=True, timeout=60)
