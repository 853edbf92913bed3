import threading

import pytest

from perftui.store import flight
from perftui.store.flight import FlightRecorder
from tests.store.support import sample_at, window_at


def flown(recorder: FlightRecorder, ticks: range) -> FlightRecorder:
    for tick in ticks:
        recorder.add(sample_at(tick), [window_at(tick)])
    return recorder


def kept_by(recorder: FlightRecorder) -> list[int]:
    """Which of the made-up samples it has; each must be whole, with its window."""
    numbers = []
    for sample, windows in recorder.ticks():
        tick = sample.monotonic_ns // 1_000_000_000 - 1000
        assert sample == sample_at(tick)
        assert windows == (window_at(tick),)
        numbers.append(tick)
    return numbers


def test_the_last_minutes_are_kept() -> None:
    recorder = flown(FlightRecorder(seconds=180), range(1000))
    kept = kept_by(recorder)
    assert kept == list(range(kept[0], 1000))
    assert 180 <= len(kept) <= 180 + 2 * 60


def test_little_is_kept_whole() -> None:
    assert kept_by(flown(FlightRecorder(), range(7))) == list(range(7))
    assert kept_by(FlightRecorder()) == []


def test_what_comes_later_is_there_the_next_time() -> None:
    recorder = flown(FlightRecorder(), range(150))
    assert kept_by(recorder) == list(range(150))
    flown(recorder, range(150, 200))
    assert kept_by(recorder) == list(range(200))


def test_what_is_large_makes_the_oldest_go_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flight, "MOST_BYTES", 20_000)
    recorder = flown(FlightRecorder(), range(1000))
    assert 0 < sum(chunk.packed_bytes for chunk in recorder._chunks) <= 20_000
    kept = kept_by(recorder)
    assert kept == list(range(kept[0], 1000))
    assert len(kept) < 900


def test_adding_and_reading_at_the_same_time() -> None:
    recorder = flown(FlightRecorder(), range(100))
    adding = threading.Thread(target=flown, args=(recorder, range(100, 700)))
    adding.start()
    lengths = []
    for _ in range(5):
        kept = kept_by(recorder)
        assert kept == list(range(len(kept)))
        lengths.append(len(kept))
    adding.join()
    assert lengths == sorted(lengths)
