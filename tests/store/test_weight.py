"""What MessagePack takes is told before it is decoded."""

import tracemalloc
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.store.weight import MOST_BYTES, require_light, weight

LEAVES = st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats() | st.text() | st.binary()
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text() | st.integers(0, 9), inner)
)


def taken(packed: bytes) -> int:
    """Bytes that decoding takes and keeps."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    decoded = msgspec.msgpack.decode(packed, strict=False)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del decoded
    return after - before


@given(TREES)
def test_it_goes_through_everything_once(tree: Any) -> None:
    """Behind the last entry there is nothing: another one of known weight adds exactly that."""
    packed = msgspec.msgpack.encode(tree)
    one = weight(memoryview(packed), MOST_BYTES)
    assert weight(memoryview(packed + b"\xcb" + bytes(8)), MOST_BYTES) == one + 32


@pytest.mark.parametrize(
    "tree",
    [[[]] * 10_000, [{}] * 10_000, [""] * 10_000, ["äx"] * 10_000, list(range(0, 10**7, 1000)), [1.5] * 10_000,
     {str(number): number for number in range(10_000)}, {number: {} for number in range(10_000)}, [[1, 2]] * 10_000],
)  # fmt: skip
def test_it_is_no_less_than_what_is_taken_and_not_far_more(tree: Any) -> None:
    packed = msgspec.msgpack.encode(tree)
    told = weight(memoryview(packed), MOST_BYTES)
    assert taken(packed) <= 1.05 * told + 4096
    if tree not in ([""] * 10_000,):  # there is only one empty text
        assert told <= 3 * taken(packed) + 4096


def test_it_stops_when_it_is_too_much() -> None:
    assert 1000 < weight(memoryview(b"\x90" * 10**6), 1000) < 1100


@pytest.mark.parametrize(
    "notes", [b"\xdd\x00\x40\x00\x00" + b"\x90" * (4 << 20), b"\xdd\x00\x40\x00\x00" + b"\x81\x00\x80" * (4 << 20)]
)
def test_a_chunk_of_too_many_notes_is_refused(notes: bytes) -> None:
    with pytest.raises(ValueError, match="notes"):
        require_light(b"\x93\x01\x90" + notes)


def test_a_list_that_is_shorter_than_it_says_is_refused() -> None:
    with pytest.raises(ValueError, match="truncated"):
        require_light(b"\x93\x01\x90\xdd\xff\xff\xff\xff\x90")
