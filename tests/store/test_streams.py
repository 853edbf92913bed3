from array import array

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.store import streams
from perftui.store.streams import MASK, Notes, Streams, apply, changes, numbers, planes

unsigned = st.integers(0, MASK)
records = st.lists(st.dictionaries(st.sampled_from("abc"), st.lists(st.tuples(unsigned, unsigned), min_size=1)))


def streams_of(told: list[dict[str, list[tuple[int, int]]]], start: int = 0) -> Streams:
    streams = Streams()
    for number, columns in enumerate(told):
        streams.begin(1000 + start + number)
        for name, pairs in columns.items():
            streams.put(name, [row for row, _ in pairs], [value for _, value in pairs])
    return streams


def content(streams: Streams) -> dict[str, tuple[list[int], list[int], list[int]]]:
    """The columns, without the zeros that may or may not follow the last change."""
    found = {}
    for name, column in streams.columns.items():
        counts = column.counts.tolist()
        while counts and not counts[-1]:
            counts.pop()
        found[name] = counts, column.rows.tolist(), column.values.tolist()
    return found


@given(st.lists(unsigned))
def test_planes_come_back_as_numbers(values: list[int]) -> None:
    stored = planes(array("Q", values))
    assert numbers(stored, len(values)).tolist() == values


def test_planes_are_no_wider_than_the_largest_number() -> None:
    assert planes(array("Q", [1, 0, 0x0203])) == bytes([1, 0, 3, 0, 0, 2])
    assert planes(array("Q", [0, 0])) == b""
    assert numbers(b"", 2).tolist() == [0, 0]


@pytest.mark.parametrize(("stored", "count"), [(b"abc", 2), (b"a", 0), (bytes(18), 2), (b"", -1)])
def test_bytes_of_the_wrong_length_are_refused(stored: bytes, count: int) -> None:
    with pytest.raises(ValueError, match="wrong length"):
        numbers(stored, count)


@given(st.lists(st.tuples(unsigned, unsigned | st.none())))
def test_changes_apply_to_what_was_before(pairs: list[tuple[int, int | None]]) -> None:
    before = array("Q", [old for old, _ in pairs])
    now = array("Q", [old if new is None else new for old, new in pairs])
    gaps, differences = changes(before.tobytes(), now.tobytes())
    apply(before, gaps, differences)
    assert before == now


def test_small_changes_are_small_numbers() -> None:
    before, now = array("q", [5, -1, 7, 7]), array("q", [6, -2, 7, 0])
    assert changes(before.tobytes(), now.tobytes()) == ([0, 0, 1], [2, 1, 13])


@given(records)
def test_streams_come_back_from_bytes(told: list[dict[str, list[tuple[int, int]]]]) -> None:
    streams = streams_of(told)
    assert content(Streams.from_bytes(streams.to_bytes())) == content(streams)


@given(records, records)
def test_joined_streams_are_those_of_all_records(
    first: list[dict[str, list[tuple[int, int]]]], second: list[dict[str, list[tuple[int, int]]]]
) -> None:
    joined = streams_of(first)
    joined.extend(streams_of(second, start=len(first)))
    whole = streams_of(first + second)
    assert content(joined) == content(whole)
    assert joined.to_bytes() == whole.to_bytes()
    assert (joined.records, joined.first_wall_ns, joined.last_wall_ns) == (
        whole.records,
        whole.first_wall_ns,
        whole.last_wall_ns,
    )


def test_a_wall_clock_that_is_set_back_does_not_hide_records() -> None:
    streams = Streams()
    for wall_ns in (50, 20, 70):
        streams.begin(wall_ns)
    assert (streams.first_wall_ns, streams.last_wall_ns) == (20, 70)


def test_notes_come_back() -> None:
    streams = Streams()
    notes = streams.begin(1)
    notes.texts.append("é")
    notes.fresh["cpu"] = ({"a": 0}, [1.5, None, "x"])
    notes.changed["cpu"] = {2: "y"}
    assert Streams.from_bytes(streams.to_bytes()).notes == [notes]
    assert streams.begin(2) == Notes()


@given(st.binary(max_size=60))
def test_other_bytes_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (msgspec's messages vary; what counts is the type)
        Streams.from_bytes(data)


def test_counts_that_do_not_add_up_are_refused() -> None:
    streams = streams_of([{"a": [(1, 1)]}])
    streams.columns["a"].counts[0] = 2
    with pytest.raises(ValueError, match="add up"):
        Streams.from_bytes(streams.to_bytes())


def test_more_records_than_a_chunk_has_are_refused_unread() -> None:
    count = 1 << 20
    empty = msgspec.msgpack.encode((count, [])).replace(b"\x92", b"\x93", 1)
    with pytest.raises(msgspec.ValidationError, match="length"):
        Streams.from_bytes(empty + b"\xdd" + count.to_bytes(4, "big") + b"\x90" * count)


def test_leaves_are_no_containers() -> None:
    data = msgspec.msgpack.encode((1, [], [([], {"cpu": (2, [[]])}, {}, [])]))
    with pytest.raises(msgspec.ValidationError, match="array"):
        Streams.from_bytes(data)


def test_joined_streams_have_no_more_than_a_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_MOST_RECORDS", 3)
    joined = streams_of([{}, {}])
    joined.extend(streams_of([{}]))
    with pytest.raises(ValueError, match="too many"):
        joined.extend(streams_of([{}]))
    monkeypatch.setattr(streams, "_MOST_RECORDS", 9)
    monkeypatch.setattr(streams, "_MOST_NUMBERS", 9)
    with pytest.raises(ValueError, match="too many"):
        joined.extend(streams_of([{name: [(1, 1)] for name in "abc"}]))
