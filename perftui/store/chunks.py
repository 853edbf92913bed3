"""A chunk of a recording: some records that can be read alone, compressed with zstd.

The library is loaded when the first chunk is made or read.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import NamedTuple

from perftui.store.streams import Streams
from perftui.store.weight import require_light

FAST, SMALL = 3, 19
"""Levels of zstd. 300 s take 2 ms of CPU at 3 and 80 ms at 19, which saves 7 % more (measured at 350 processes)."""

_FASTEST = 1
_HASH_LOG = 17
_WINDOW_LOGS = range(17, 23)
"""A ``Packer`` looks back on 128 KiB to 4 MiB: the last sample is found also where there are 7,000 processes."""

_MOST_BYTES = 32 << 20
"""A chunk whose parts unpack to more was not written by perftui: ``Encoder.full`` ends one at about 10 MiB."""

_WINDOW_LOG_MAX = 23
"""``SMALL`` looks back on so much, 8 MiB; a frame may ask for 128 MiB before it has said anything."""


class Chunk(NamedTuple):
    """Wall times of its first and last sample in nanoseconds, how many there are, and the packed records."""

    first_ns: int
    last_ns: int
    samples: int
    body: bytes


def pack(streams: Streams, level: int) -> Chunk:
    """Compress with a checksum, so that damage is noticed."""
    zstd = _zstd()
    options = {
        zstd.CompressionParameter.compression_level: level,
        zstd.CompressionParameter.checksum_flag: 1,
    }
    body: bytes = zstd.compress(streams.to_bytes(), options=options)
    return Chunk(streams.first_wall_ns, streams.last_wall_ns, streams.records, body)


def unpack(chunk: Chunk) -> Streams:
    """ValueError for a damaged or foreign chunk."""
    return join((chunk,))


def join(parts: Iterable[Chunk]) -> Streams:
    """The records of all parts of a chunk. ValueError when one is damaged or foreign, or all are too large together."""
    whole, room = Streams(), _MOST_BYTES
    for part in parts:
        data = _decompressed(part.body, room)
        require_light(data)
        room -= len(data)
        streams = Streams.from_bytes(data)
        streams.first_wall_ns, streams.last_wall_ns = part.first_ns, part.last_ns
        whole.extend(streams)
    return whole


class Packer:
    """Packs records as they come, each with what is like the records before it. ``unpacked`` is the inverse.

    ``record_bytes`` is how long they are, about. It holds memory for three of them: packed alike with more, and with
    less than two four times as large.
    """

    def __init__(self, record_bytes: int) -> None:
        zstd = _zstd()
        window_log = min(max((3 * record_bytes).bit_length(), _WINDOW_LOGS.start), _WINDOW_LOGS[-1])
        options = {
            zstd.CompressionParameter.compression_level: _FASTEST,
            zstd.CompressionParameter.window_log: window_log,
            zstd.CompressionParameter.hash_log: _HASH_LOG,
        }
        self._stream = zstd.ZstdCompressor(options=options)

    def add(self, record: bytes) -> bytes:
        """What the record adds to the packed bytes."""
        part: bytes = self._stream.compress(record, self._stream.FLUSH_BLOCK)
        return part


def unpacked(sizes: Sequence[int], parts: Iterable[bytes]) -> Iterator[bytes]:
    """The records of one ``Packer``, one at a time; ``sizes`` are their lengths."""
    stream = _zstd().ZstdDecompressor()
    for size, part in zip(sizes, parts, strict=True):
        record: bytes = stream.decompress(part)
        if len(record) != size:
            raise ValueError("a record of the wrong length")
        yield record


def _decompressed(body: bytes, most: int) -> bytes:
    zstd = _zstd()
    unpacker = zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _WINDOW_LOG_MAX})
    try:
        data: bytes = unpacker.decompress(body, max_length=most)
    except zstd.ZstdError as error:
        raise ValueError(str(error)) from error
    if not unpacker.eof:
        raise ValueError("a chunk that does not end")
    return data


def _zstd() -> ModuleType:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd
