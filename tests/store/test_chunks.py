import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.store import chunks
from perftui.store.chunks import FAST, SMALL, Packer, join, pack, unpack, unpacked
from perftui.store.delta import Encoder
from perftui.store.streams import Streams
from tests.store.support import EPOCH, SECOND, sample_at


def some_streams() -> Streams:
    encoder, streams = Encoder(), Streams()
    for tick in range(20):
        encoder.encode(sample_at(tick), (), streams)
    return streams


@pytest.mark.parametrize("level", [FAST, SMALL])
def test_a_chunk_comes_back(level: int) -> None:
    streams = some_streams()
    chunk = pack(streams, level)
    assert (chunk.first_ns, chunk.last_ns, chunk.samples) == (EPOCH, EPOCH + 19 * SECOND, 20)
    found = unpack(chunk)
    assert found.to_bytes() == streams.to_bytes()
    assert (found.first_wall_ns, found.last_wall_ns) == (streams.first_wall_ns, streams.last_wall_ns)


def test_it_is_much_smaller_than_what_it_holds() -> None:
    streams = some_streams()
    assert len(pack(streams, SMALL).body) < len(streams.to_bytes()) / 2


@pytest.mark.parametrize("at", [5, 100, -1])
def test_a_byte_that_flipped_is_noticed(at: int) -> None:
    chunk = pack(some_streams(), FAST)
    body = bytearray(chunk.body)
    body[at] ^= 1
    with pytest.raises(ValueError, match=r"\w"):
        unpack(chunk._replace(body=bytes(body)))


@pytest.mark.parametrize("kept", [0, 3, 200])
def test_a_chunk_that_is_cut_off_is_noticed(kept: int) -> None:
    chunk = pack(some_streams(), FAST)
    with pytest.raises(ValueError, match=r"\w"):
        unpack(chunk._replace(body=chunk.body[:kept]))


def test_the_library_is_loaded_when_it_is_needed() -> None:
    code = "import sys, perftui.store.flight; print(any('zstd' in name for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_parts_of_a_chunk_are_limited_together(monkeypatch: pytest.MonkeyPatch) -> None:
    part = pack(some_streams(), FAST)
    size = len(some_streams().to_bytes())
    monkeypatch.setattr(chunks, "_MOST_BYTES", 3 * size)
    assert join([part, part]).records == 40
    with pytest.raises(ValueError, match="does not end"):
        join([part] * 4)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_records_that_were_packed_one_by_one_come_back(records: list[bytes]) -> None:
    packer = Packer(4)
    parts = [packer.add(record) for record in records]
    assert list(unpacked([len(record) for record in records], parts)) == records


@pytest.mark.parametrize("length", [1_000, 40_000, 150_000, 1_500_000])
def test_a_record_like_the_one_before_adds_little(length: int) -> None:
    packer, record = Packer(length), random.Random(7).randbytes(length)
    assert len(packer.add(record)) > 0.9 * length
    for at in range(0, length, length // 75):
        record = record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]
        assert len(packer.add(record)) < length / 10


def test_records_of_other_lengths_than_said_are_noticed() -> None:
    part = Packer(5).add(b"12345")
    with pytest.raises(ValueError, match="wrong length"):
        list(unpacked([4], [part]))
