"""Stack windows there and back: with each frame, stack and thread told once."""

from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import SLOT_NS, Frame, Mode, StackProfile, StackRow, ThreadName
from perftui.model.table import Table
from perftui.store.streams import Streams, Window
from perftui.store.windows import LOOKS, NEW, ROWS, SLOTS, Pairs, WindowDecoder, WindowEncoder
from tests.store.support import SECOND, window_at


class Chunk:
    """Records of windows, and what their columns say, one record after the other."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.encoder = WindowEncoder(self._number)
        self.records: list[tuple[list[Window], dict[str, Pairs]]] = []

    def _number(self, text: str) -> int:
        if text not in self.texts:
            self.texts.append(text)
        return self.texts.index(text)

    def add(self, *profiles: StackProfile) -> list[Window]:
        streams = Streams()
        streams.begin(0)
        windows = self.encoder.encode(profiles, streams)
        self.records.append((windows, {name: (got.rows, got.values) for name, got in streams.columns.items()}))
        return windows

    def read(self, *wanted: int) -> list[StackProfile]:
        decoder = WindowDecoder()
        found: list[StackProfile] = []
        for at, (windows, columns) in enumerate(self.records):
            decoder.learn(windows, columns)
            if at in wanted:
                found += decoder.decode(windows, columns, self.texts)
        return found


def told(profile: StackProfile) -> tuple[StackProfile, list[tuple[object, ...]], list[tuple[object, ...]]]:
    """All that a window says, whatever the order of its rows, stacks and frames; unused ones left out."""
    names = [tuple(profile.frames[index] for index in stack) for stack in profile.stacks]
    rows = [(row.pid, row.tid, names[row.stack], row.samples, row.on_cpu) for row in profile.rows]
    slots = (
        [(*rows[row][:3], *rest) for row, *rest in profile.slots.rows("row", "slot", "samples")]
        if len(profile.slots)
        else []
    )
    bare = msgspec.structs.replace(profile, frames=(), stacks=(), rows=(), slots=Table())
    return bare, sorted(rows, key=repr), sorted(slots, key=repr)


def test_windows_come_back() -> None:
    chunk = Chunk()
    for tick in range(8):
        chunk.add(window_at(tick))
    assert chunk.read(*range(8)) == [window_at(tick) for tick in range(8)]


def test_a_frame_a_stack_and_a_thread_are_kept_once() -> None:
    chunk = Chunk()
    (first,), (second,), _, (fourth,) = (chunk.add(window_at(tick)) for tick in range(4))
    assert [function for function, _, _ in first.new_frames] == ["main", "work", "memcpy"]
    assert first.new_stacks == [(0, [0]), (1, [1, 2])]
    assert first.new_threads == [(7, 7), (7, 8)]
    assert second.new_frames == [("work", "/srv/app.py", 11)]
    assert second.new_stacks == [(0, [0, 3, 2])]
    assert (fourth.new_frames, fourth.new_stacks, fourth.new_threads, fourth.places) == ([], [], [], 0)
    assert chunk.encoder.kept == 5 + 4 + 4


def test_several_windows_of_a_record_and_records_that_are_skipped() -> None:
    chunk = Chunk()
    chunk.add(window_at(0), window_at(1))
    chunk.add()
    chunk.add(window_at(2), window_at(3), window_at(4))
    assert chunk.read(2) == [window_at(2), window_at(3), window_at(4)]
    assert chunk.read(0, 1) == [window_at(0), window_at(1)]


def test_names_are_made_visible_on_either_side() -> None:
    chunk = Chunk()
    (window,) = chunk.add(window_at(0))
    window.new_frames[0] = ("\x1b[2J", "\x07", 1)
    frame = chunk.read(0)[0].frames[0]
    assert (frame.function, frame.file) == ("^[[2J", "^G")


@pytest.mark.parametrize("name", ["rows", "places"])
@pytest.mark.parametrize("wrong", [-1, 3, 1 << 40])
def test_more_numbers_than_there_are_are_refused(name: str, wrong: int) -> None:
    chunk = Chunk()
    (window,) = chunk.add(window_at(0))
    setattr(window, name, wrong)
    with pytest.raises((LookupError, ValueError)):
        chunk.read(0)


@pytest.mark.parametrize(
    ("column", "pairs"),
    [
        (NEW, ([0, 9], [0, 1])),
        (NEW, ([0, 1], [0, 1 << 40])),
        (NEW, ([0, 1], [1, 1])),
        (ROWS, ([9, 0], [0, 0])),
        (ROWS, ([0, 1], [0, 1])),
        (ROWS, ([0], [0])),
        (LOOKS, ([9, 0], [0, 198])),
        (SLOTS, ([0], [1])),
    ],
)
def test_references_to_nothing_are_refused(column: str, pairs: Pairs) -> None:
    chunk = Chunk()
    (window,) = chunk.add(window_at(0))
    if column == SLOTS:
        window.rows += 1
    chunk.records[0][1][column] = pairs
    with pytest.raises((LookupError, ValueError)):
        chunk.read(0)


def test_a_stack_cannot_share_more_than_the_one_before_has() -> None:
    chunk = Chunk()
    (window,) = chunk.add(window_at(0))
    window.new_stacks = [(0, [0]), (2, [1])]
    with pytest.raises(ValueError, match="goes on from none"):
        chunk.read(0)


def forged(**fields: object) -> StackProfile:
    return msgspec.structs.replace(window_at(1), **fields)


def with_row(samples: int, on_cpu: float) -> StackProfile:
    row = StackRow(pid=7, tid=7, stack=0, samples=samples, on_cpu=on_cpu)
    return forged(rows=(row,), slots=Table())


@pytest.mark.parametrize(
    "profile",
    [
        with_row(10, float("nan")),
        with_row(10, float("inf")),
        with_row(10, 10.1),
        with_row(-1, 0.0),
        with_row((1 << 53) + 1, 0.0),
        forged(ended_ns=0),
        forged(ended_ns=1601 * SECOND),
        forged(started_ns=1 << 63, ended_ns=1 << 63),
        forged(covered_ns=-1),
        forged(attempts=(1 << 53) + 1),
        forged(rate_hz=float("nan")),
        forged(slots=Table.of({"row": [1], "slot": [21], "samples": [1]})),
        forged(slots=Table.of({"row": [1], "slot": [1 << 40], "samples": [1]})),
        forged(slots=Table.of({"row": [1], "slot": [1], "samples": [1 << 62]})),
        forged(frames=(Frame(function="f", line=-1),) * 3),
    ],
)
def test_figures_that_no_sampler_has_are_refused(profile: StackProfile) -> None:
    chunk = Chunk()
    chunk.add(profile)
    with pytest.raises(ValueError, match=r"cannot be|counted|than was seen|behind the end"):
        chunk.read(0)


_MODES: Sequence[Mode] = ("nonblocking", "gil", "perf")


@st.composite
def profiles(draw: st.DrawFn) -> StackProfile:
    frames = tuple(
        Frame(function=name, file="f.py", line=at) for at, name in enumerate(draw(st.sets(st.sampled_from("abcdefgh"))))
    )
    path = st.lists(st.integers(0, len(frames) - 1), max_size=6).map(tuple) if frames else st.just(())
    stacks = draw(st.lists(path, min_size=1, max_size=6, unique=True))
    keys = draw(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(0, len(stacks) - 1)), unique=True))
    rows, slots = [], []
    for at, (pid, tid, stack) in enumerate(keys):
        samples = draw(st.integers(0, 500))
        ratio = draw(st.sampled_from([0.0, 0.25, 1.0]) | st.floats(0, 1))
        rows.append(StackRow(pid=pid, tid=tid, stack=stack, samples=samples, on_cpu=ratio * samples))
        left = samples
        for slot in sorted(draw(st.sets(st.integers(0, 70), max_size=4))):
            part = draw(st.integers(0, left))
            left -= part
            slots.append((at, slot, part))
    started_ns = draw(st.integers(0, 1 << 60))
    return StackProfile(
        sampler="py-spy",
        rate_hz=100.0,
        started_ns=started_ns,
        ended_ns=started_ns + draw(st.integers(71 * SLOT_NS, 600 * SECOND)),
        covered_ns=draw(st.integers(0, 1 << 53)),
        attempts=draw(st.integers(0, 1000)),
        frames=frames,
        stacks=tuple(stacks),
        rows=tuple(rows),
        threads=(ThreadName(pid=1, tid=1, name="main"),),
        mode=draw(st.sampled_from(_MODES)),
        slots=Table.of(dict(zip(("row", "slot", "samples"), zip(*slots, strict=True), strict=True)))
        if slots
        else Table(),
    )


@given(st.lists(st.lists(profiles(), max_size=3), max_size=4))
def test_whatever_windows_there_are_come_back(records: list[list[StackProfile]]) -> None:
    chunk = Chunk()
    for record in records:
        chunk.add(*record)
    expected = [told(profile) for record in records for profile in record]
    assert [told(profile) for profile in chunk.read(*range(len(records)))] == expected
