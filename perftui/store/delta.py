"""Samples as what changed since the last one.

A field that is the same as before takes nothing (a slow section rides along in many samples). Of one that changed,
every integer column takes the rows that changed and by how much. Rows of a table are matched by what identifies them
when some came or went. Texts are numbered and kept once. A chunk begins from nothing, so it can be read alone.
"""

from array import array
from collections.abc import Iterable, Sequence
from itertools import compress
from operator import ne

from perftui.host.text import visible
from perftui.model.profile import StackProfile
from perftui.model.sample import Sample
from perftui.model.table import Table
from perftui.store.shape import flatten
from perftui.store.streams import MASK, Notes, Streams, changes
from perftui.store.windows import MOST_PLACES, WindowEncoder

TIMES = "times"
"""The column of ``monotonic_ns`` and of what ``wall_ns`` is ahead of it."""

FIELDS = tuple(name for name in Sample.__struct_fields__ if name not in ("monotonic_ns", "wall_ns"))
IDENTITY = (
    "pid",
    "tid",
    "fd",
    "start_ticks",
    "cpu",
    "syscall",
    "futex_op",
    "timed",
    "address",
    "region",
    "node",
    "inode",
)
"""Integer columns that tell one row of a table from another. A table without any is told by its texts.

A wrong guess costs bytes in ticks where rows come or go, never a figure.
"""

TEXT_MARK = ":"
MOST_KEPT = 50_000
"""An encoder that remembers so many texts, frames and stacks (some MiB) should begin anew."""

MOST_NUMBERS = 1 << 20
"""A chunk with so many changes should end: a seek takes them one after the other, 0.2 µs each."""

MOST_CHARACTERS = 4 << 20
"""A chunk with so much text should end: what unpacks to a lot is taken for no chunk of perftui."""

_LONGEST_TEXT = 1 << 16


class _Columns:
    """The last state of one table: every column as 64-bit integers, texts by their numbers."""

    def __init__(self) -> None:
        self.table = Table()
        self.numbers: dict[str, bytes] = {}
        self.rows = 0


class _Field:
    """The last state of one field of the sample."""

    def __init__(self) -> None:
        self.value: object = None
        self.shape: object = None
        self.ints = b""
        self.others: list[object] = []
        self.tables: list[_Columns] = []


class Encoder:
    """Writes samples and stack windows into ``Streams``, one record each. Remembers the last sample."""

    def __init__(self) -> None:
        self.begin_chunk()

    def begin_chunk(self) -> None:
        """Forget everything: the next record can be read without those before it."""
        self._fields: dict[str, _Field] = {}
        self._texts: dict[str, int] = {}
        self._times = bytes(16)
        self._numbers = 0
        self._characters = 0
        self._notes = Notes()
        self._windows = WindowEncoder(self._number_of)

    @property
    def full(self) -> bool:
        """True when the chunk has so much in it that a new one should begin."""
        return (
            self._numbers + self._windows.numbers > MOST_NUMBERS
            or self._windows.frames_in_stacks > MOST_PLACES
            or self._characters > MOST_CHARACTERS
            or len(self._texts) + self._windows.kept > MOST_KEPT
        )

    def encode(self, sample: Sample, profiles: Sequence[StackProfile], streams: Streams) -> None:
        """Add one record. All records of a chunk go to the same streams, or to some that are joined later."""
        self._notes = streams.begin(sample.wall_ns)
        times = _as_integers((sample.monotonic_ns, sample.wall_ns - sample.monotonic_ns))
        self._put(streams, TIMES, self._times, times)
        self._times = times
        for name in FIELDS:
            value = getattr(sample, name)
            field = self._fields.get(name)
            if field is None:
                field = self._fields[name] = _Field()
            elif value is field.value or value == field.value:
                continue
            self._encode_field(name, field, value, sample.monotonic_ns, streams)
        self._notes.windows = self._windows.encode(profiles, streams)

    def _encode_field(self, name: str, field: _Field, value: object, monotonic_ns: int, streams: Streams) -> None:
        flat = flatten(value, monotonic_ns)
        others = [visible(leaf, _LONGEST_TEXT) if isinstance(leaf, str) else leaf for leaf in flat.others]
        ints = _as_integers(flat.ints)
        numbers = self._numbers
        if flat.shape != field.shape:
            self._notes.fresh[name] = (flat.shape, others)
            field.ints = bytes(len(ints))
            field.tables = [_Columns() for _ in flat.tables]
        elif others != field.others:
            pairs = enumerate(zip(field.others, others, strict=True))
            self._notes.changed[name] = {at: new for at, (old, new) in pairs if new != old}
        self._put(streams, name, field.ints, ints)
        for at, (columns, table) in enumerate(zip(field.tables, flat.tables, strict=True)):
            self._encode_table(f"{name}/{at}", columns, table, streams)
        if self._numbers == numbers and name not in self._notes.fresh:
            # Only its time is new, and as far from the sample's as before: a reader must know that it was read again.
            self._notes.changed.setdefault(name, {})
        field.value, field.shape, field.others, field.ints = value, flat.shape, others, ints

    def _encode_table(self, name: str, columns: _Columns, table: Table, streams: Streams) -> None:
        now = dict(table.columns)
        for text, values in table.texts.items():
            known = columns.table.texts.get(text)
            now[TEXT_MARK + text] = columns.numbers[TEXT_MARK + text] if known == values else self._numbered(values)
        rows = len(table)
        before = columns.numbers or dict.fromkeys(now, b"")
        moves = _moves(before, columns.rows, now, rows)
        if moves:
            streams.put(name, [start for start, _ in moves], [length for _, length in moves])
            before = {column: moved(numbers, moves) for column, numbers in before.items()}
        for column, numbers in now.items():
            self._put(streams, f"{name}/{column}", before[column], numbers)
        columns.table, columns.numbers, columns.rows = table, now, rows

    def _put(self, streams: Streams, name: str, before: bytes, now: bytes) -> None:
        if before != now:
            gaps, differences = changes(before, now)
            streams.put(name, gaps, differences)
            self._numbers += len(gaps)

    def _numbered(self, values: Sequence[str]) -> bytes:
        return array("Q", map(self._number_of, values)).tobytes()

    def _number_of(self, text: str) -> int:
        number = self._texts.get(text)
        if number is None:
            number = self._texts[text] = len(self._texts)
            self._notes.texts.append(visible(text, _LONGEST_TEXT))
            self._characters += len(self._notes.texts[-1])
        return number


def moved(numbers: bytes, moves: Iterable[tuple[int, int]]) -> bytes:
    """A column with its rows in another order.

    Each move takes ``length`` rows: from row ``start - 1`` on, or, for 0, new ones that are all zero.
    """
    return b"".join(
        numbers[8 * (start - 1) : 8 * (start - 1 + length)] if start else bytes(8 * length) for start, length in moves
    )


def _moves(before: dict[str, bytes], rows_before: int, now: dict[str, bytes], rows: int) -> list[tuple[int, int]]:
    """What ``moved`` needs to bring the rows of ``before`` in the places they have now; nothing when they are."""
    names = [name for name in IDENTITY if name in now] or [name for name in now if name.startswith(TEXT_MARK)]
    if rows == rows_before and all(before[name] == now[name] for name in names):
        return []
    old, new = _keys(before, names, rows_before), _keys(now, names, rows)
    both = min(rows_before, rows)
    strays = [*compress(range(both), map(ne, old, new)), *range(both, rows)]
    places: dict[tuple[int, ...], list[int]] = {}
    for row in reversed((*strays[: len(strays) - (rows - both)], *range(both, rows_before))):
        places.setdefault(old[row], []).append(row)  # the first one last: rows that are alike keep their order
    moves: list[tuple[int, int]] = []
    stayed = 0
    for row in (*strays, rows):
        if stayed < row:
            _move(moves, stayed + 1, row - stayed)
        if row < rows:
            candidates = places.get(new[row])
            _move(moves, candidates.pop() + 1 if candidates else 0, 1)
        stayed = row + 1
    return moves or [(0, 0)]


def _move(moves: list[tuple[int, int]], start: int, length: int) -> None:
    """Add a move, to the last one where it goes on."""
    if moves and start == (moves[-1][0] + moves[-1][1] if moves[-1][0] else 0):
        moves[-1] = (moves[-1][0], moves[-1][1] + length)
    else:
        moves.append((start, length))


def _keys(columns: dict[str, bytes], names: Sequence[str], rows: int) -> list[tuple[int, ...]]:
    if not names:
        return [()] * rows
    return list(zip(*(memoryview(columns[name]).cast("Q") for name in names), strict=True))


def _as_integers(values: Iterable[int]) -> bytes:
    return array("Q", [value & MASK for value in values]).tobytes()
