"""The last minutes of a running perftui, kept encoded in memory so that they can still be recorded afterwards."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence

from perftui.model.profile import StackProfile
from perftui.model.sample import Sample
from perftui.store.chunks import FAST, Chunk, pack, unpack
from perftui.store.delta import Encoder
from perftui.store.restore import Decoder
from perftui.store.streams import Streams

CHUNK_NS = 60_000_000_000
MOST_BYTES = 12 << 20
"""Of packed chunks. 15 minutes of 350 processes at 1 s take about 1 MiB; with far more the oldest go earlier."""


class FlightRecorder:
    """Keeps at least the last ``seconds``, in chunks of a minute. ``add`` and ``ticks`` may run in two threads."""

    def __init__(self, seconds: float = 900.0) -> None:
        self._span_ns = int(seconds * 1e9)
        self._lock = threading.Lock()
        self._chunks: deque[tuple[int, Chunk]] = deque()
        self._encoder = Encoder()
        self._open = Streams()
        self._since_ns = 0

    def add(self, sample: Sample, profiles: Sequence[StackProfile] = ()) -> None:
        """Remember one tick. Costs the tick about a millisecond at 350 processes."""
        now = sample.monotonic_ns
        with self._lock:
            if self._open.records and (now - self._since_ns >= CHUNK_NS or self._encoder.full):
                self._seal(now)
            if not self._open.records:
                self._since_ns = now
            self._encoder.encode(sample, profiles, self._open)

    def ticks(self) -> Iterator[tuple[Sample, tuple[StackProfile, ...]]]:
        """Everything kept, oldest first, one tick at a time. Takes about a millisecond for each."""
        for chunk in self._kept():
            decoder = Decoder(unpack(chunk))
            while decoder.advance():
                yield decoder.sample(), tuple(decoder.profiles())

    def _kept(self) -> list[Chunk]:
        with self._lock:
            chunks = [chunk for _, chunk in self._chunks]
            if self._open.records:
                chunks.append(pack(self._open, FAST))
        return chunks

    def _seal(self, now_ns: int) -> None:
        self._chunks.append((now_ns, pack(self._open, FAST)))
        self._open = Streams()
        self._encoder.begin_chunk()
        while self._chunks and self._is_past(now_ns):
            self._chunks.popleft()

    def _is_past(self, now_ns: int) -> bool:
        ended_ns, _ = self._chunks[0]
        return now_ns - ended_ns >= self._span_ns or sum(len(chunk.body) for _, chunk in self._chunks) > MOST_BYTES
