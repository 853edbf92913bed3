import threading
from pathlib import Path

import pytest

from perftui.store import delta, flight
from perftui.store.flight import FlightRecorder
from perftui.store.recording import Recording, RecordingWriter
from tests.store.support import FOREVER, HEADER, sample_at, window_at


def ticks_of(path: Path) -> list[int]:
    """Which of the made-up samples are in the recording; each must be whole, with its window."""
    found = Recording(path)
    try:
        numbers = []
        for sample, windows in found.ticks(0, FOREVER):
            tick = sample.monotonic_ns // 1_000_000_000 - 1000
            assert sample == sample_at(tick)
            assert windows == (window_at(tick),)
            numbers.append(tick)
        return numbers
    finally:
        found.close()


def flown(recorder: FlightRecorder, ticks: range) -> FlightRecorder:
    for tick in ticks:
        recorder.add(sample_at(tick), [window_at(tick)])
    return recorder


def dumped(recorder: FlightRecorder, path: Path) -> list[int]:
    writer = RecordingWriter(path, header=HEADER)
    recorder.dump(writer)
    writer.close()
    return ticks_of(path)


def test_the_last_minutes_are_kept(tmp_path: Path) -> None:
    recorder = flown(FlightRecorder(seconds=180), range(1000))
    kept = dumped(recorder, tmp_path / "a")
    assert kept == list(range(kept[0], 1000))
    assert 180 <= len(kept) <= 180 + 2 * 60


def test_little_is_kept_whole(tmp_path: Path) -> None:
    assert dumped(flown(FlightRecorder(), range(7)), tmp_path / "a") == list(range(7))
    assert dumped(FlightRecorder(), tmp_path / "b") == []


def test_a_recording_goes_on_where_the_flight_recorder_stands(tmp_path: Path) -> None:
    recorder = flown(FlightRecorder(), range(150))
    writer = RecordingWriter(tmp_path / "a", header=HEADER)
    recorder.dump(writer)
    for tick in range(150, 200):
        writer.add(sample_at(tick), [window_at(tick)])
        recorder.add(sample_at(tick), [window_at(tick)])
    writer.close()
    assert ticks_of(tmp_path / "a") == list(range(200))
    assert dumped(recorder, tmp_path / "b") == list(range(200))


def test_what_is_large_makes_the_oldest_go_earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "MOST_BYTES", 20_000)
    recorder = flown(FlightRecorder(), range(1000))
    assert 0 < recorder.kept_bytes <= 20_000
    kept = dumped(recorder, tmp_path / "a")
    assert kept == list(range(kept[0], 1000))
    assert len(kept) < 900


def test_much_to_remember_makes_shorter_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "MOST_KEPT", 40)
    assert dumped(flown(FlightRecorder(), range(100)), tmp_path / "a") == list(range(100))


def test_adding_and_dumping_at_the_same_time(tmp_path: Path) -> None:
    recorder = flown(FlightRecorder(), range(100))
    adding = threading.Thread(target=flown, args=(recorder, range(100, 700)))
    adding.start()
    lengths = []
    for number in range(5):
        kept = dumped(recorder, tmp_path / str(number))
        assert kept == list(range(len(kept)))
        lengths.append(len(kept))
    adding.join()
    assert lengths == sorted(lengths)
