"""Samples back from what changed: the inverse of ``delta``."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from perftui.host.text import visible
from perftui.model.profile import StackProfile
from perftui.model.sample import Sample
from perftui.model.table import Table
from perftui.store.delta import TEXT_MARK, TIMES, moved
from perftui.store.shape import build, integers_in, tables_in
from perftui.store.streams import MASK, Column, Streams, apply
from perftui.store.windows import STACKS, WindowDecoder

_TYPES: Mapping[str, Any] = {field.name: field.type for field in msgspec.structs.fields(Sample)}
_LONGEST_TEXT = 1 << 16
_MOST_CELLS = 1 << 21
"""Of all tables of a sample, 8 bytes each: 70,000 processes. Two numbers may stand for any number of rows."""

_MOST_COLUMNS = 1 << 12
"""Of all tables of one field, each table itself included."""

_MOST_LEAVES = 1 << 17

Changes = Mapping[str, tuple[Sequence[int], Sequence[int]]]
"""What one record changes, by column: rows and values."""


class _Rows:
    """One table of a field as it stands."""

    def __init__(self, name: str, columns: list[str], texts: list[str]) -> None:
        self._name = name
        self._columns = columns
        self._texts = texts
        self._numbers = {column: array("Q") for column in (*columns, *(TEXT_MARK + text for text in texts))}
        self._streams = [(f"{name}/{column}", column) for column in self._numbers]
        self._table: Table | None = None
        self._shown: dict[str, tuple[str, ...]] = {}
        self.cells = 0

    def advance(self, changed: Changes) -> bool:
        """True when rows came or went, perhaps."""
        moves = changed.get(self._name)
        if moves is not None:
            self._move(list(zip(*moves, strict=True)))
        for stream, column in self._streams:
            change = changed.get(stream)
            if change is not None:
                apply(self._numbers[column], *change)
                self._table = None
                self._shown.pop(column, None)
        return moves is not None

    def table(self, texts: list[str]) -> Table:
        """The same object as long as nothing changes."""
        if self._table is None:
            self._table = Table(
                columns={column: self._numbers[column].tobytes() for column in self._columns},
                texts={text: self._text(TEXT_MARK + text, texts) for text in self._texts},
            )
        return self._table

    def _move(self, moves: list[tuple[int, int]]) -> None:
        rows = sum(length for _, length in moves)
        before = len(next(iter(self._numbers.values()), ()))
        if rows * len(self._numbers) > _MOST_CELLS:
            raise ValueError("too many rows")
        if any(start and start - 1 + length > before for start, length in moves):
            raise ValueError("rows that are not there")
        for column, numbers in self._numbers.items():
            self._numbers[column] = array("Q", moved(numbers.tobytes(), moves))
        self.cells = rows * len(self._numbers)
        self._table = None
        self._shown.clear()

    def _text(self, column: str, texts: list[str]) -> tuple[str, ...]:
        shown = self._shown.get(column)
        if shown is None:
            shown = self._shown[column] = tuple(map(texts.__getitem__, self._numbers[column]))
        return shown


class _Field:
    """One field of the sample as it stands."""

    def __init__(self, name: str, shape: Any, others: list[Any]) -> None:
        self._name = name
        self._shape = shape
        self.others = others
        names_in = list(tables_in(shape))
        integers = integers_in(shape)
        columns = sum(1 + len(columns) + len(texts) for columns, texts in names_in)
        if integers + len(others) > _MOST_LEAVES or columns > _MOST_COLUMNS:
            raise ValueError("too many leaves or columns")
        self._ints = array("Q", bytes(8 * integers))
        self._tables = [_Rows(f"{name}/{at}", *names) for at, names in enumerate(names_in)]
        self.cells = 0
        self._monotonic_ns = 0
        self._stale = True
        self._value: Any = None

    def advance(self, changed: Changes, monotonic_ns: int) -> None:
        change = changed.get(self._name)
        if change is not None:
            apply(self._ints, *change)
        for table in self._tables:
            if table.advance(changed):
                self.cells = sum(table.cells for table in self._tables)
                if self.cells > _MOST_CELLS:
                    raise ValueError("too many rows")
        self._monotonic_ns = monotonic_ns
        self._stale = True

    def value(self, texts: list[str]) -> Any:
        """The same object as long as nothing changes."""
        if self._stale:
            ints = memoryview(self._ints.tobytes()).cast("q").tolist()
            tables = [table.table(texts) for table in self._tables]
            tree = build(self._shape, ints, self.others, tables, self._monotonic_ns)
            self._value = msgspec.convert(tree, _TYPES[self._name])
            self._stale = False
        return self._value


class _Cursor:
    """A column, and how far in it a decoder is."""

    __slots__ = ("counts", "field", "name", "rows", "start", "values")

    def __init__(self, name: str, column: Column) -> None:
        self.name = name
        self.field = name.partition("/")[0]
        self.counts = column.counts
        self.rows = memoryview(column.rows)
        self.values = memoryview(column.values)
        self.start = 0


class Decoder:
    """Goes through the records of a chunk; what is not asked for costs little.

    LookupError, TypeError and ValueError (msgspec's included) for streams that ``Encoder`` did not write.
    """

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._cursors = [_Cursor(name, column) for name, column in streams.columns.items()]
        self._record = -1
        self._times = array("Q", bytes(16))
        self._texts: list[str] = []
        self._windows = WindowDecoder()
        self._seen: Changes = {}
        self._fields: dict[str, _Field] = {}

    @property
    def monotonic_ns(self) -> int:
        """Of the present record; 0 before the first."""
        return self._times[0]

    @property
    def wall_ns(self) -> int:
        """Of the present record; 0 before the first."""
        return (self._times[0] + self._times[1]) & MASK

    def advance(self) -> bool:
        """Go to the next record; False when there is none."""
        if self._record + 1 >= self._streams.records:
            return False
        self._record += 1
        changes = self._changed()
        if TIMES in changes:
            apply(self._times, *changes.pop(TIMES)[TIMES])
        notes = self._streams.notes[self._record]
        self._texts += (visible(text, _LONGEST_TEXT) for text in notes.texts)
        self._seen = changes.pop(STACKS, {})
        self._windows.learn(notes.windows, self._seen)
        for name, (shape, others) in notes.fresh.items():
            if name in _TYPES:  # one that a newer perftui has added is left out
                self._fields[name] = _Field(name, shape, [_shown(leaf) for leaf in others])
        for name, leaves in notes.changed.items():
            for at, leaf in leaves.items():
                self._fields[name].others[at] = _shown(leaf)
        for name in {*changes, *notes.fresh, *notes.changed} & self._fields.keys():
            self._fields[name].advance(changes.get(name, {}), self.monotonic_ns)
        if self.cells > _MOST_CELLS:
            raise ValueError("too many rows")
        return True

    @property
    def cells(self) -> int:
        """Rows times columns of all tables of the present record."""
        return sum(field.cells for field in self._fields.values())

    def _changed(self) -> dict[str, dict[str, tuple[Sequence[int], Sequence[int]]]]:
        """By field, what the present record changes. Asked for record after record: all at once takes far more room."""
        found: dict[str, dict[str, tuple[Sequence[int], Sequence[int]]]] = {}
        ended = False
        for cursor in self._cursors:
            if self._record >= len(cursor.counts):
                ended = True
            elif count := cursor.counts[self._record]:
                stop = cursor.start + count
                change = (cursor.rows[cursor.start : stop], cursor.values[cursor.start : stop])
                found.setdefault(cursor.field, {})[cursor.name] = change
                cursor.start = stop
        if ended:
            self._cursors = [cursor for cursor in self._cursors if self._record < len(cursor.counts)]
        return found

    def sample(self) -> Sample:
        """The present record. Sections that are as before are the same objects as before."""
        values = {name: field.value(self._texts) for name, field in self._fields.items()}
        return Sample(monotonic_ns=self.monotonic_ns, wall_ns=self.wall_ns, **values)

    def profiles(self) -> Iterator[StackProfile]:
        """The stack windows of the present record."""
        return self._windows.decode(self._streams.notes[self._record].windows, self._seen, self._texts)


def times(streams: Streams) -> Iterator[tuple[int, int]]:
    """``monotonic_ns`` and ``wall_ns`` of each record: what ``Decoder`` says, for a hundredth of its work."""
    now, column, start = array("Q", bytes(16)), streams.columns.get(TIMES), 0
    for record in range(streams.records):
        if column is not None and record < len(column.counts):
            stop = start + column.counts[record]
            apply(now, column.rows[start:stop], column.values[start:stop])
            start = stop
        yield now[0], (now[0] + now[1]) & MASK


def _shown(leaf: Any) -> Any:
    """A recording may come from elsewhere: no text of it reaches a terminal as it is."""
    return visible(leaf, _LONGEST_TEXT) if isinstance(leaf, str) else leaf
