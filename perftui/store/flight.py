"""The last minutes of a running perftui, kept packed in memory so that they can still be recorded afterwards."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from perftui.model.profile import StackProfile
from perftui.model.sample import Sample
from perftui.store.chunks import Packer, unpacked

CHUNK_NS = 60_000_000_000
MOST_BYTES = 12 << 20
"""Of packed chunks. 15 minutes of 350 processes at 1 s take about 1.4 MiB; with far more the oldest go earlier."""


class _Tick(msgspec.Struct, frozen=True, array_like=True):
    """What is kept of one tick."""

    sample: Sample
    profiles: tuple[StackProfile, ...]


class _Chunk:
    """Some ticks that are read together; the last one is still filled."""

    def __init__(self, began_ns: int) -> None:
        self.began_ns = began_ns
        self.ended_ns = began_ns
        self.sizes: list[int] = []
        self.parts: list[bytes] = []
        self.packed_bytes = 0


class FlightRecorder:
    """Keeps at least the last ``seconds``, in chunks of a minute. ``add`` and ``ticks`` may run in two threads.

    A recording keeps differences and is half as large. Here nearly all is thrown away unread, so what counts is the
    cost of a tick: 0.3 ms at 350 processes, a sixth of that of the differences.
    """

    def __init__(self, seconds: float = 900.0) -> None:
        self._span_ns = int(seconds * 1e9)
        self._lock = threading.Lock()
        self._chunks: deque[_Chunk] = deque()
        self._packer: Packer | None = None
        self._encoder = msgspec.msgpack.Encoder()

    def add(self, sample: Sample, profiles: Sequence[StackProfile] = ()) -> None:
        """Remember one tick."""
        data = self._encoder.encode(_Tick(sample, tuple(profiles)))
        with self._lock:
            chunk, packer = self._open_chunk(sample.monotonic_ns, len(data))
            part = packer.add(data)
            chunk.sizes.append(len(data))
            chunk.parts.append(part)
            chunk.packed_bytes += len(part)
            chunk.ended_ns = sample.monotonic_ns
            while len(self._chunks) > 1 and self._is_past(sample.monotonic_ns):
                self._chunks.popleft()

    def ticks(self) -> Iterator[tuple[Sample, tuple[StackProfile, ...]]]:
        """Everything kept, oldest first, one tick at a time. Takes about a millisecond for each."""
        with self._lock:
            chunks = [(tuple(chunk.sizes), tuple(chunk.parts)) for chunk in self._chunks]
        decoder = msgspec.msgpack.Decoder(_Tick)
        for sizes, parts in chunks:
            for data in unpacked(sizes, parts):
                tick = decoder.decode(data)
                yield tick.sample, tick.profiles

    def _open_chunk(self, now_ns: int, record_bytes: int) -> tuple[_Chunk, Packer]:
        if self._packer is None or now_ns - self._chunks[-1].began_ns >= CHUNK_NS:
            self._chunks.append(_Chunk(now_ns))
            self._packer = Packer(record_bytes)
        return self._chunks[-1], self._packer

    def _is_past(self, now_ns: int) -> bool:
        oldest = self._chunks[0]
        return now_ns - oldest.ended_ns >= self._span_ns or sum(c.packed_bytes for c in self._chunks) > MOST_BYTES
