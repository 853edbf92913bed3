"""Both directions: ``delta`` and ``restore``."""

import os
from collections.abc import Iterator, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.collect.live import LiveSource
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import StackProfile
from perftui.model.sample import DiskSection, KnobReading, PressureLine, PressureSection, ProcessSection, Sample
from perftui.model.table import Table
from perftui.store import delta
from perftui.store.delta import MOST_KEPT, Encoder, moved
from perftui.store.restore import Decoder
from perftui.store.streams import Streams
from tests.store.support import sample_at, window_at


def encoded(samples: Sequence[Sample], windows: Sequence[list[StackProfile]] = ()) -> Streams:
    encoder, streams = Encoder(), Streams()
    for number, sample in enumerate(samples):
        encoder.encode(sample, windows[number] if windows else [], streams)
    return streams


def decoded(streams: Streams) -> list[Sample]:
    """By way of bytes, as a recording does."""
    decoder = Decoder(Streams.from_bytes(streams.to_bytes()))
    found = []
    while decoder.advance():
        found.append(decoder.sample())
    return found


@pytest.fixture(scope="module")
def real() -> Iterator[list[Sample]]:
    """Samples of this host and of this process."""
    host = Host()
    held = HeldTarget.open(host, os.getpid())
    source = LiveSource(host, held)
    try:
        samples = []
        for _ in range(6):
            source.poll()
            samples.append(source.sample())
        yield samples
    finally:
        source.close()
        held.close()


def test_real_samples_come_back(real: list[Sample]) -> None:
    assert decoded(encoded(real)) == real


def test_made_up_samples_come_back_with_their_windows() -> None:
    samples = [sample_at(tick) for tick in range(40)]
    windows = [[window_at(tick)] if tick % 2 else [] for tick in range(40)]
    decoder = Decoder(encoded(samples, windows))
    for sample, expected in zip(samples, windows, strict=True):
        assert decoder.advance()
        assert decoder.wall_ns == sample.wall_ns
        assert decoder.sample() == sample
        assert list(decoder.profiles()) == expected
    assert not decoder.advance()


def test_what_is_skipped_is_not_missed() -> None:
    samples = [sample_at(tick) for tick in range(40)]
    decoder = Decoder(encoded(samples))
    for _ in range(35):
        decoder.advance()
    assert decoder.sample() == samples[34]


def test_an_unchanged_section_takes_nothing_and_is_the_same_object() -> None:
    samples = [sample_at(tick) for tick in (5, 6, 7, 10)]
    streams = encoded(samples)
    assert streams.columns["pressure"].counts.tolist()[1:3] == [0, 0]
    found = decoded(streams)
    assert found[0].pressure is found[1].pressure is found[2].pressure
    assert found[3].pressure != found[2].pressure


def test_one_more_tick_takes_little() -> None:
    samples = [sample_at(tick, processes=400) for tick in range(20)]
    for_ten, for_twenty = (len(encoded(samples[:count]).to_bytes()) for count in (10, 20))
    assert for_twenty - for_ten < for_ten / 2


rows = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 1), st.integers(-(1 << 63), (1 << 63) - 1), st.text("ab", max_size=2)),
    max_size=8,
)


@given(st.lists(rows, min_size=1, max_size=6))
def test_rows_may_come_go_and_change_places(ticks: list[list[tuple[int, int, int, str]]]) -> None:
    samples = []
    for number, entries in enumerate(ticks):
        table = Table.of(
            {
                "pid": [entry[0] for entry in entries],
                "start_ticks": [entry[1] for entry in entries],
                "rss_bytes": [entry[2] for entry in entries],
            },
            {"name": [entry[3] for entry in entries]},
        )
        named = Table.of({"reads_total": [entry[2] for entry in entries]}, {"name": [entry[3] for entry in entries]})
        section = ProcessSection(monotonic_ns=number, processes=table, ticks_per_second=100)
        disks = DiskSection(monotonic_ns=number, devices=named)
        samples.append(msgspec.structs.replace(sample_at(number), processes=section, disks=disks))
    assert decoded(encoded(samples)) == samples


visible_text = st.text(st.characters(categories=["L", "N", "P"], max_codepoint=0x2FF), max_size=5)


@given(
    st.lists(
        st.builds(
            KnobReading,
            knob=visible_text,
            subject=visible_text,
            available=st.booleans(),
            detail=st.dictionaries(visible_text, visible_text, max_size=2),
        ),
        max_size=4,
    ),
    st.lists(st.integers(0, 1 << 62), min_size=3, max_size=3),
)
def test_any_shape_may_follow_any_other(knobs: list[KnobReading], times: list[int]) -> None:
    samples = [
        msgspec.structs.replace(sample_at(tick), knobs=tuple(knobs[:tick]), monotonic_ns=time, wall_ns=times[0])
        for tick, time in enumerate(times)
    ]
    assert decoded(encoded(samples)) == samples


def test_rows_that_moved_are_not_told_again() -> None:
    ids = list(range(100, 200))

    def sample(order: list[int], tick: int) -> Sample:
        table = Table.of({"pid": order, "rss_bytes": [7919 * pid for pid in order]})
        section = ProcessSection(monotonic_ns=tick, processes=table, ticks_per_second=100)
        return msgspec.structs.replace(sample_at(0), processes=section)

    shifted = [*ids[:10], *ids[11:], 300]
    streams = encoded([sample(ids, 1), sample(shifted, 2)])
    assert streams.columns["processes/0"].counts.tolist() == [1, 3]
    assert streams.columns["processes/0/rss_bytes"].counts.tolist() == [100, 1]


def test_moves_take_rows_and_make_new_ones() -> None:
    column = Table.of({"a": [5, 6, 7]}).columns["a"]
    assert moved(column, [(3, 1), (0, 2), (1, 2)]) == Table.of({"a": [7, 0, 0, 5, 6]}).columns["a"]


def test_texts_that_act_on_a_terminal_are_made_visible() -> None:
    knobs = (KnobReading(knob="\x1b[2J", subject="\udc80", available=True),)
    table = Table.of({"pid": [1]}, {"name": ["\x1b]0;x\x07"]})
    section = ProcessSection(monotonic_ns=1, processes=table, ticks_per_second=100)
    (found,) = decoded(encoded([msgspec.structs.replace(sample_at(0), knobs=knobs, processes=section)]))
    assert (found.knobs[0].knob, found.knobs[0].subject) == ("^[[2J", "\\x80")
    assert found.processes is not None
    assert found.processes.processes.text("name") == ("^[]0;x^G",)


def test_texts_of_a_forged_recording_are_made_visible() -> None:
    streams = encoded([sample_at(0)])
    notes = streams.notes[0]
    notes.texts = ["\x1b[2J" for _ in notes.texts]
    notes.fresh["boot_id"] = (notes.fresh["boot_id"][0], ["\x07"])
    (found,) = decoded(streams)
    assert found.boot_id == "^G"
    assert found.processes is not None
    assert set(found.processes.processes.text("name")) == {"^[[2J"}


def test_a_field_of_a_newer_perftui_is_left_out() -> None:
    streams = encoded([sample_at(0)])
    streams.notes[0].fresh["weather"] = (1, ["sunny"])
    streams.begin(1)
    streams.put("weather", [0], [2])
    streams.put("times", [0], [2])
    assert len(decoded(streams)) == 2


def test_an_encoder_that_remembers_too_much_says_so() -> None:
    encoder = Encoder()
    names = [str(number) for number in range(MOST_KEPT + 1)]
    section = ProcessSection(monotonic_ns=1, processes=Table.of({}, {"name": names}), ticks_per_second=100)
    encoder.encode(msgspec.structs.replace(sample_at(0), processes=section), [], Streams())
    assert encoder.full
    encoder.begin_chunk()
    assert not encoder.full


def test_an_encoder_that_has_written_too_much_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "MOST_NUMBERS", 1000)
    encoder, streams = Encoder(), Streams()
    for tick in range(100):
        encoder.encode(sample_at(tick), (), streams)
        if encoder.full:
            break
    written = sum(len(column.rows) for name, column in streams.columns.items() if name != "processes/0")
    assert 1000 < written < 1200
    encoder.begin_chunk()
    assert not encoder.full


@given(st.data())
def test_damaged_streams_are_an_error_that_is_known(data: st.DataObject) -> None:
    raw = bytearray(encoded([sample_at(tick, processes=3) for tick in range(3)]).to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoder = Decoder(Streams.from_bytes(bytes(raw)))
        while decoder.advance():
            decoder.sample()
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError):
        pass


def test_a_section_that_was_read_again_has_its_new_time() -> None:
    """All it says is as before, and so is how far its time is from the sample's."""
    line = PressureLine(some_avg10=0.0, some_total_us=5)
    samples = []
    for tick in range(4):
        base = msgspec.structs.replace(sample_at(0), monotonic_ns=1000 + tick, wall_ns=2000 + tick)
        section = PressureSection(monotonic_ns=1100 + tick, cpu=line, memory=line, io=line)
        samples.append(msgspec.structs.replace(base, pressure=section))
    assert decoded(encoded(samples)) == samples


def test_an_encoder_with_too_much_text_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "MOST_CHARACTERS", 50)
    encoder = Encoder()
    encoder.encode(sample_at(0, processes=5), [], Streams())
    assert encoder.full
    encoder.begin_chunk()
    assert not encoder.full
