"""Numbers of many ticks, kept apart by what they count, so that they compress well.

A column of a recording is one quantity (the user ticks of all processes, say). Each record (one tick) adds the rows
that changed and what they changed by; both are kept as unsigned 64-bit integers.
"""

from array import array
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from perftui.model.profile import Mode

MASK = (1 << 64) - 1
_HALF = 1 << 63
_BLOCK = 64
"""So many rows are compared at once."""

_MOST_NUMBERS = 1 << 23
"""A chunk with more numbers than this was not written by perftui: ``Encoder.full`` ends one at a million changes."""

_MOST_RECORDS = 1 << 14
"""A chunk with more records was not written by perftui: 300 s have 1,500 at the shortest interval."""

_Leaf = None | bool | int | float | str


class Window(msgspec.Struct, array_like=True):
    """What a ``StackProfile`` says beyond numbers, see ``windows``.

    What is new was not in the chunk before, and is numbered from where that was. A stack is told by how many frames it
    shares with the one before it, and the others. The last field of ``threads`` is the number of a text. ``places``
    and ``rows`` tell how many numbers of the record's columns are this window's.
    """

    sampler: str
    rate_hz: float
    times: tuple[int, int, int]
    attempts: int
    sampler_cpu_ns: int
    mode: Mode
    new_frames: list[tuple[str, str, int]]
    new_stacks: list[tuple[int, list[int]]]
    new_threads: list[tuple[int, int]]
    places: int
    rows: int
    shares: list[float]
    threads: list[tuple[int, int, int]]
    pid: int


class Notes(msgspec.Struct, array_like=True):
    """What a record says beyond numbers.

    ``texts`` are new ones, numbered from where the chunk was; ``fresh`` has the shape and the other leaves of each
    field that looks different from now on; ``changed`` the leaves that did, by field and place.
    """

    texts: list[str] = []
    fresh: dict[str, tuple[Any, list[_Leaf]]] = {}
    changed: dict[str, dict[int, _Leaf]] = {}
    windows: list[Window] = []


class Column:
    """``counts`` has the number of changes in each record up to the last one with any."""

    __slots__ = ("counts", "rows", "values")

    def __init__(self, counts: "array[int]", rows: "array[int]", values: "array[int]") -> None:
        self.counts = counts
        self.rows = rows
        self.values = values


class _StoredColumn(msgspec.Struct, array_like=True):
    name: str
    records: int
    changes: int
    counts: bytes
    rows: bytes
    values: bytes


class _Stored(msgspec.Struct, array_like=True):
    """Lengths are checked before the entries are read: a byte may stand for a hundred of them."""

    records: int
    columns: Annotated[list[_StoredColumn], msgspec.Meta(max_length=_MOST_RECORDS)]
    notes: Annotated[list[Notes], msgspec.Meta(max_length=_MOST_RECORDS)]


class Streams:
    """Some records in a row. Wall times are the earliest and the latest of them; 0 when there is none."""

    def __init__(self) -> None:
        self.records = 0
        self.columns: dict[str, Column] = {}
        self.notes: list[Notes] = []
        self.first_wall_ns = 0
        self.last_wall_ns = 0

    def begin(self, wall_ns: int) -> Notes:
        """Start the next record and return its notes, to be filled."""
        self._stretch(wall_ns, wall_ns)
        self.records += 1
        self.notes.append(Notes(texts=[], fresh={}, changed={}, windows=[]))
        return self.notes[-1]

    def put(self, name: str, rows: Sequence[int], values: Sequence[int]) -> None:
        """Add to the present record what a column changed by; at most once for each column."""
        column = self._column(name, self.records - 1)
        column.counts.append(len(rows))
        column.rows.extend(rows)
        column.values.extend(values)

    def extend(self, later: "Streams") -> None:
        """Append the records of ``later``. ValueError for more than a chunk can have."""
        padded = len(later.columns) * self.records
        if self.records + later.records > _MOST_RECORDS or self._size() + later._size() + padded > _MOST_NUMBERS:
            raise ValueError("too many records or numbers")
        for name, column in later.columns.items():
            mine = self._column(name, self.records)
            mine.counts.extend(column.counts)
            mine.rows.extend(column.rows)
            mine.values.extend(column.values)
        if later.records:
            self._stretch(later.first_wall_ns, later.last_wall_ns)
        self.records += later.records
        self.notes.extend(later.notes)

    def to_bytes(self) -> bytes:
        """Wall times are left out: whoever stores the bytes needs them beside."""
        columns = [
            _StoredColumn(
                name,
                len(column.counts),
                len(column.rows),
                planes(column.counts),
                planes(column.rows),
                planes(column.values),
            )
            for name, column in sorted(self.columns.items())
        ]
        return msgspec.msgpack.encode(_Stored(self.records, columns, self.notes))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Streams":
        """ValueError (msgspec's included) for bytes that are not from ``to_bytes``."""
        stored = msgspec.msgpack.decode(data, type=_Stored)
        if len(stored.notes) != stored.records:
            raise ValueError("a record without notes")
        if sum(column.records + column.changes for column in stored.columns) > _MOST_NUMBERS:
            raise ValueError("too many numbers")
        streams = cls()
        streams.records = stored.records
        streams.notes = stored.notes
        for column in stored.columns:
            counts = numbers(column.counts, column.records)
            if sum(counts) != column.changes or column.records > stored.records:
                raise ValueError(f"column {column.name} does not add up")
            rows, values = numbers(column.rows, column.changes), numbers(column.values, column.changes)
            streams.columns[column.name] = Column(counts, rows, values)
        return streams

    def _size(self) -> int:
        return sum(len(column.counts) + len(column.rows) for column in self.columns.values())

    def _column(self, name: str, records: int) -> Column:
        """The column, with no changes in all records up to ``records`` that it does not know of."""
        column = self.columns.get(name)
        if column is None:
            column = self.columns[name] = Column(array("Q"), array("Q"), array("Q"))
        column.counts.frombytes(bytes(8 * (records - len(column.counts))))
        return column

    def _stretch(self, first_ns: int, last_ns: int) -> None:
        self.first_wall_ns = min(self.first_wall_ns, first_ns) if self.records else first_ns
        self.last_wall_ns = max(self.last_wall_ns, last_ns) if self.records else last_ns


def planes(integers: "array[int]") -> bytes:
    """All lowest bytes, then all second lowest and so on, as far as any has such a byte: zeros stand together."""
    width = (max(integers, default=0).bit_length() + 7) // 8
    raw = integers.tobytes()
    return b"".join(raw[at::8] for at in range(width))


def numbers(stored: bytes, count: int) -> "array[int]":
    """The inverse of ``planes``. ValueError when the bytes are not ``count`` numbers."""
    if count < 0 or (len(stored) % count or len(stored) > 8 * count if count else stored):
        raise ValueError("a column of the wrong length")
    raw = bytearray(8 * count)
    for at in range(len(stored) // count if count else 0):
        raw[at::8] = stored[at * count : (at + 1) * count]
    return array("Q", bytes(raw))


def changes(before: bytes, now: bytes) -> tuple[list[int], list[int]]:
    """Rows that differ, as gaps between them, and by how much, folded so that small is near 0 on either side.

    Both are equally many 64-bit integers; a difference wraps around as they do.
    """
    if len(before) != len(now):
        raise ValueError("two columns of different lengths")
    gaps: list[int] = []
    differences: list[int] = []
    last = -1
    old, new = memoryview(before).cast("Q"), memoryview(now).cast("Q")
    for start in range(0, len(new), _BLOCK):
        end = start + _BLOCK
        if before[8 * start : 8 * end] == now[8 * start : 8 * end]:
            continue  # most of thousands of processes: as bytes they are compared a hundred times as fast
        for row, (was, is_now) in enumerate(zip(old[start:end], new[start:end], strict=True), start):
            if was != is_now:
                gaps.append(row - last - 1)
                last = row
                apart = (is_now - was) & MASK
                differences.append(apart << 1 if apart < _HALF else ((MASK - apart) << 1) + 1)
    return gaps, differences


def apply(column: "array[int]", gaps: Sequence[int], differences: Sequence[int]) -> None:
    """The inverse of ``changes``, in place. IndexError when there is no such row."""
    row = -1
    for gap, folded in zip(gaps, differences, strict=True):
        row += gap + 1
        column[row] = (column[row] + ((folded >> 1) ^ -(folded & 1))) & MASK
