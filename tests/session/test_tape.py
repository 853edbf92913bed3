"""What a live session keeps."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from perftui.errors import Refused, StoreError
from perftui.host import clock
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.incident import Incident
from perftui.model.target import HOST
from perftui.session import Session, SessionOptions
from perftui.session.course import CHANGED
from perftui.session.source import Tick
from perftui.session.tape import Tape
from perftui.store.flight import FlightRecorder
from perftui.store.journal import Journal
from perftui.store.recording import Header, Recording, RecordingWriter
from tests.host.test_target import wait_for
from tests.session.tapes import steady
from tests.session.test_session import Updates, renice

SECRET = "hunter2-0123456789"
FLYING = SessionOptions(interval_seconds=0.2, window_seconds=2.0, profiling=False, flight_recorder=True)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def tape() -> Iterator[Tape]:
    made = Tape(Host(), SessionOptions(flight_recorder=True))
    yield made
    made.stop()


def test_nothing_is_recorded_until_it_is_asked_for(tape: Tape, tmp_path: Path) -> None:
    tape.add(steady(0), ())
    assert (tape.recording, tape.status) == (False, None)
    tape.start(HOST, tmp_path / "r")
    for second in range(1, 8):
        tape.add(steady(second), ())
    tape.mark("here")
    assert tape.status is not None
    assert tape.status.samples == 7
    with pytest.raises(Refused):
        tape.start(HOST, tmp_path / "r2")
    tape.stop()
    assert tape.ended is not None
    assert (tape.ended.samples, tape.ended.error) == (7, "")
    recording = Recording(tmp_path / "r")
    assert [sample.monotonic_ns for sample in recording.samples(0, 2**62)] == [
        steady(second).monotonic_ns for second in range(1, 8)
    ]
    assert [text for _, text in recording.marks] == ["here"]
    assert recording.header.kernel.startswith("Linux")
    assert recording.header.facts["memory"]
    recording.close()


def test_recordings_without_a_name_go_to_the_private_folder(tape: Tape, tmp_path: Path) -> None:
    path = tape.start(HOST)
    assert path.parent == tmp_path / "state" / "perftui" / "recordings"
    assert path.parent.stat().st_mode & 0o077 == 0
    assert path.stat().st_mode & 0o077 == 0


def test_a_file_that_is_there_is_not_written_over(tape: Tape, tmp_path: Path) -> None:
    (tmp_path / "r").write_text("mine")
    with pytest.raises(StoreError):
        tape.start(HOST, tmp_path / "r")
    assert not tape.recording
    assert (tmp_path / "r").read_text() == "mine"


def test_a_disk_that_hangs_when_a_recording_starts_holds_up_no_tick(
    tape: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answers = threading.Event(), threading.Event()

    def hanging(path: Path, *, header: Header) -> RecordingWriter:
        asked.set()
        assert answers.wait(30)
        return RecordingWriter(path, header=header)

    monkeypatch.setattr("perftui.session.tape.RecordingWriter", hanging)
    starting = threading.Thread(target=tape.start, args=(HOST, tmp_path / "r"))
    starting.start()
    try:
        assert asked.wait(30)
        ticking = threading.Thread(target=tape.add, args=(steady(0), ()), daemon=True)
        ticking.start()
        ticking.join(10)
        assert not ticking.is_alive()
        with pytest.raises(Refused):
            tape.start(HOST, tmp_path / "r2")
        assert not (tmp_path / "r2").exists()
    finally:
        answers.set()
        starting.join()
    assert tape.recording


def test_a_fault_of_the_flight_recorder_ends_it_and_nothing_else(
    tape: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fault(*_: object) -> None:
        raise KeyError("column")

    monkeypatch.setattr(FlightRecorder, "add", fault)
    tape.start(HOST, tmp_path / "r")
    for at in range(5):
        tape.add(steady(at), ())
    assert tape.status is not None
    assert (tape.status.samples, tape.status.error) == (5, "")
    assert tape.lost is not None
    assert "no longer kept: KeyError" in tape.lost.error
    with pytest.raises(Refused, match="no longer kept"):
        tape.save_incident(HOST, Incident(wall_ns=1, text=""))
    assert tape.past_of(HOST) == []


@pytest.mark.parametrize("error", [ValueError, KeyError, msgspec.ValidationError])
def test_last_minutes_that_cannot_be_read_are_said_so_and_leave_no_file(
    error: type[Exception], tape: Tape, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_: object) -> None:
        raise error("damaged")

    monkeypatch.setattr(FlightRecorder, "ticks", damaged)
    with pytest.raises(StoreError, match="damaged"):
        tape.save_incident(HOST, Incident(wall_ns=1, text=""))
    assert list((tmp_path / "state" / "perftui" / "incidents").iterdir()) == []
    with pytest.raises(StoreError, match="damaged"):
        tape.past_of(HOST)


def test_without_the_flight_recorder_there_is_no_incident() -> None:
    with pytest.raises(Refused):
        Tape(Host(), SessionOptions()).save_incident(HOST, Incident(wall_ns=1, text=""))


def test_an_incident_holds_the_last_minutes_without_their_secrets(tmp_path: Path) -> None:
    """A live session whose target has a password in its command line."""
    code = "import time\nwhile True: time.sleep(0.01)"
    with subprocess.Popen([sys.executable, "-c", code, f"--password={SECRET}"]) as child:
        journal = Journal(tmp_path / "journal.sqlite")
        session = Session(Host(), HeldTarget.open(Host(), child.pid), FLYING, journal)
        updates = Updates()
        session.start(updates, updates.fail)
        try:
            assert SECRET in session.target.command
            updates.wait_for(lambda update: update.diagnosis is not None and update.diagnosis.window_seconds > 1)
            said = session.mark_incident(f"it hangs, token={SECRET}")
        finally:
            session.stop()
            journal.close()
            child.kill()
    path = Path(said.removeprefix("saved "))
    assert path.parent == tmp_path / "state" / "perftui" / "incidents"
    assert SECRET.encode() not in path.read_bytes()
    bundle = Recording(path)
    samples = list(bundle.samples(0, 2**62))
    assert len(samples) >= 2
    assert bundle.header.incident is not None
    assert bundle.header.incident.text == "it hangs, token=[redacted]"
    assert bundle.header.incident.diagnosis is not None
    assert bundle.marks[-1][1] == "incident: it hangs, token=[redacted]"
    for sample in samples:
        assert SECRET not in str(msgspec.to_builtins(sample))
        assert sample.target == samples[0].target
        assert "[redacted]" in sample.target.command
    bundle.close()


def test_a_change_is_marked_so_that_a_replay_judges_afresh_too(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time\nwhile True: time.sleep(0.001)"]) as child:
        journal = Journal(tmp_path / "journal.sqlite")
        session = Session(Host(), HeldTarget.open(Host(), child.pid), FLYING, journal)
        updates = Updates()
        session.start(updates, updates.fail)
        try:
            said = session.toggle_recording()
            updates.wait_for(lambda update: update.recording is not None and update.recording.samples > 2)
            entry = session.apply(renice(child, "7"), "test")
            session.undo(entry.id)
            session.toggle_recording()
        finally:
            session.stop()
            journal.close()
            child.kill()
    recording = Recording(Path(said.removeprefix("recording into ")))
    texts = [text for _, text in recording.marks]
    assert texts == [
        f"{CHANGED}process.nice of pid {child.pid} to 7",
        f"{CHANGED}process.nice of pid {child.pid} back to 0",
    ]
    recording.close()


@pytest.mark.root
def test_a_full_disk_ends_the_recording_and_nothing_else(tape: Tape, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(small)], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        tape.start(HOST, small / "r")
        (small / "filler").write_bytes(b"x" * 60_000)
        for second in range(20_000):
            sample = msgspec.structs.replace(steady(second), boot_id=os.urandom(400).hex())
            tape.add(sample, ())
            if not tape.recording:
                break
        assert tape.status is not None
        assert "full" in tape.status.error
        tape.add(steady(20_001), ())
        recording = Recording(small / "r")
        assert recording.count > 0
        recording.close()
        tape.start(HOST, tmp_path / "r")
        assert tape.status.error == ""
    finally:
        tape.stop()
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_the_clock_of_a_mark_is_the_wall_clock(tape: Tape, tmp_path: Path) -> None:
    tape.start(HOST, tmp_path / "r")
    before = clock.wall_ns()
    tape.add(msgspec.structs.replace(steady(0), monotonic_ns=clock.monotonic_ns(), wall_ns=before), ())
    tape.mark("now")
    tape.stop()
    recording = Recording(tmp_path / "r")
    assert before <= recording.marks[0].at_ns <= clock.wall_ns()
    recording.close()


def test_the_tick_that_is_under_way_at_the_end_is_recorded(tmp_path: Path) -> None:
    session, seen = Session(Host(), None, SessionOptions(interval_seconds=0.2, profiling=False)), threading.Event()
    reading, go_on = threading.Event(), threading.Event()
    tick = session._watched.source.tick
    ticks: list[Tick] = []

    def slow_tick() -> Tick:
        ticks.append(tick())
        if seen.is_set():
            reading.set()
            assert go_on.wait(20)
        return ticks[-1]

    session._watched.source.tick = slow_tick  # type: ignore[method-assign]  # a reading that takes its time
    session.tape.start(session.target, tmp_path / "r")
    session.start(lambda _: seen.set(), lambda _: None)
    assert reading.wait(20)
    ending = threading.Thread(target=session.stop)
    ending.start()
    wait_for(session._stop.is_set)
    go_on.set()
    ending.join(20)
    assert not ending.is_alive()
    recording = Recording(tmp_path / "r")
    assert recording.count == len(ticks)
    recording.close()
