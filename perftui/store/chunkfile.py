"""The SQLite file of a recording: whole chunks, the parts of the chunk that is being written, marks and a header.

Parts are committed as they come, without waiting for the disk: killing the program loses none of them, and a power cut
no more than the last ones. A closed file has no companions (``-wal``, ``-shm``) and can be read from anywhere.
"""

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from perftui.errors import StoreError
from perftui.host.text import visible
from perftui.model.incident import Incident
from perftui.store.chunks import Chunk

APPLICATION = 0x70667472
VERSION = 3
_MOST_NS = 1 << 62
"""No clock of a session shows more: the year 2116."""

_MOST_BYTES = 40 << 20
"""Of one value in the file: packed records are no more than what they unpack to."""

MOST_CHUNKS = 1 << 17
"""A chunk is 300 s, and some seconds where there is far more to keep than usual."""

MOST_MARKS = 1 << 14
_MOST_HEADER = 2 << 20
"""An incident's diagnosis and journal take some 100 KiB."""

_BUSY_SECONDS = 5.0
_SCHEMA = """
CREATE TABLE header (document BLOB NOT NULL) STRICT;
CREATE TABLE mark (monotonic_ns INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE chunk (
    number INTEGER PRIMARY KEY,
    first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    first_wall_ns INTEGER NOT NULL,
    last_wall_ns INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
CREATE TABLE part (
    id INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    first_ns INTEGER NOT NULL,
    last_ns INTEGER NOT NULL,
    first_wall_ns INTEGER NOT NULL,
    last_wall_ns INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;
"""
_HEADER = "SELECT document FROM header WHERE length(document) <= ?"
_MARKS = "SELECT monotonic_ns, substr(text, 1, 4096) FROM mark ORDER BY monotonic_ns, rowid"
_INDEX = """
SELECT number, first_ns, last_ns, first_wall_ns, last_wall_ns, samples FROM chunk
UNION ALL
SELECT number, min(first_ns), max(last_ns), min(first_wall_ns), max(last_wall_ns), sum(samples) FROM part
WHERE number NOT IN (SELECT number FROM chunk) GROUP BY number
ORDER BY number
"""
_PARTS = """
SELECT 0 AS id, first_wall_ns, last_wall_ns, samples, body FROM chunk WHERE number = :number
UNION ALL
SELECT id, first_wall_ns, last_wall_ns, samples, body FROM part
WHERE number = :number AND number NOT IN (SELECT number FROM chunk)
ORDER BY id
"""
"""One statement sees one state of the file: between two, the parts may have become a chunk."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """Where and with what a recording was made. ``facts`` are further lines about the host, name and text.

    ``version`` is perftui's, ``wall_ns`` when it began, ``target`` as the user would name it, ``window_seconds`` what a
    verdict looked back on. ``incident`` makes it an incident bundle.
    """

    version: str
    wall_ns: int
    boot_id: str
    hostname: str
    kernel: str
    machine: str
    cpus: int
    target: str
    interval_seconds: float
    window_seconds: float = 10.0
    facts: dict[str, str] = {}
    incident: Incident | None = None


class Mark(NamedTuple):
    """A moment that somebody wanted to find again; a CLOCK_MONOTONIC in the file."""

    at_ns: int
    text: str

    def later(self, by_ns: int) -> "Mark":
        return Mark(self.at_ns + by_ns, visible(self.text))


class Entry(NamedTuple):
    """A line of the index: CLOCK_MONOTONIC of the first and the last sample of a chunk, and what wall times it spans.

    The wall clock may have been set back in it: its earliest time need not be that of the first sample.
    """

    number: int
    first_ns: int
    last_ns: int
    first_wall_ns: int
    last_wall_ns: int
    samples: int

    def later(self, by_ns: int) -> "Entry":
        """The same by another clock; wall times stay."""
        return self._replace(first_ns=self.first_ns + by_ns, last_ns=self.last_ns + by_ns)


class ChunkFile:
    """One open file. For one thread at a time; StoreError, naming the file, for whatever goes wrong with it."""

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self.path = path
        self._database = database

    @classmethod
    def create(cls, path: Path, header: Header) -> "ChunkFile":
        """A new file with mode 0600. StoreError when there is one of that name already."""
        _claim(path)
        with as_store_errors(path):
            # Absolute: ":memory:" is a file's name here, too.
            place = path.absolute()
            database = sqlite3.connect(place, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        made = cls(path, database)
        try:
            made._prepare(header)
        except BaseException:
            database.close()
            path.unlink(missing_ok=True)
            raise
        return made

    @classmethod
    def open(cls, path: Path) -> "ChunkFile":
        """A recording to be read, perhaps one that is still being written. Its owner and mode do not matter."""
        try:
            regular = stat.S_ISREG(path.stat().st_mode)
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}") from error
        if not regular:
            raise StoreError(f"{path}: not a plain file")
        with as_store_errors(path):
            place = f"{path.absolute().as_uri()}?mode=ro"
            database = sqlite3.connect(place, uri=True, timeout=_BUSY_SECONDS, check_same_thread=False)
        opened = cls(path, database)
        try:
            opened._check()
        except StoreError as error:
            database.close()
            log = Path(f"{path}-wal")
            if isinstance(error.__cause__, sqlite3.OperationalError) and log.exists():
                raise StoreError(f"{error}: copy it with {log.name} to a folder you can write to") from error
            raise
        return opened

    # ---- writing

    def add_part(self, number: int, span: tuple[int, int], part: Chunk) -> None:
        """The next part of chunk ``number``; ``span`` is CLOCK_MONOTONIC of its first and its last sample."""
        with self._writing():
            self._database.execute("INSERT INTO part VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", (number, *span, *part))

    def add_chunk(self, number: int, span: tuple[int, int], chunk: Chunk) -> None:
        """A whole chunk, which takes the place of its parts."""
        with self._writing():
            self._database.execute("INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *span, *chunk))
            self._database.execute("DELETE FROM part WHERE number = ?", (number,))

    def add_mark(self, mark: Mark) -> None:
        with self._writing():
            self._database.execute("INSERT INTO mark VALUES (?, ?)", mark)

    def finish(self) -> None:
        """Leave one plain file. While somebody reads it, its companions stay."""
        with suppress(sqlite3.OperationalError):
            self._database.execute("PRAGMA journal_mode=DELETE")

    def close(self) -> None:
        self._database.close()

    # ---- reading

    def header(self) -> Header:
        with as_store_errors(self.path):
            row = self._database.execute(_HEADER, (_MOST_HEADER,)).fetchone()
            if row is None:
                raise StoreError(f"{self.path}: a recording without a header, or with a huge one: the file is damaged")
            return msgspec.msgpack.decode(row[0], type=Header)

    def index(self) -> list[Entry]:
        """All chunks in the order they were recorded in, the one that is being written last; their times go on."""
        with as_store_errors(self.path):
            entries = [Entry(*row) for row in self._bounded(_INDEX, MOST_CHUNKS)]
            for entry in entries:
                _require_sane(entry)
            if any(older.last_ns >= newer.first_ns for older, newer in pairwise(entries)):
                raise ValueError("chunks that are not in order")
            return entries

    def marks(self) -> list[Mark]:
        with as_store_errors(self.path):
            marks = [Mark(*row) for row in self._bounded(_MARKS, MOST_MARKS)]
            if not all(0 <= mark.at_ns < _MOST_NS for mark in marks):
                raise ValueError("a mark of no time")
            return marks

    def parts(self, number: int) -> Iterator[Chunk]:
        """What chunk ``number`` consists of, one after the other: one piece once it is whole."""
        with as_store_errors(self.path):
            for _, *row in self._database.execute(_PARTS, {"number": number}):
                yield Chunk(*row)

    # ---- inside

    def _bounded(self, query: str, most: int) -> list[tuple[Any, ...]]:
        """ValueError for more rows than that."""
        rows = self._database.execute(query).fetchmany(most + 1)
        if len(rows) > most:
            raise ValueError(f"more than {most} rows")
        return rows

    def _prepare(self, header: Header) -> None:
        with as_store_errors(self.path):
            with self._writing():
                for statement in _SCHEMA.split(";"):
                    self._database.execute(statement)
                self._database.execute("INSERT INTO header VALUES (?)", (msgspec.msgpack.encode(header),))
                self._database.execute(f"PRAGMA application_id={APPLICATION}")
                self._database.execute(f"PRAGMA user_version={VERSION}")
            # Only now: whatever happens to the companions, the file itself says what it is.
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            with self._writing():
                self._database.execute("UPDATE header SET document = document")  # makes the companions
            for companion in _companions(self.path):
                if os.path.lexists(companion) and companion.lstat().st_uid != os.geteuid():
                    raise StoreError(f"{companion}: somebody else put it there: record to a folder of your own")

    def _check(self) -> None:
        with as_store_errors(self.path):
            self._database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
            self._database.execute("PRAGMA trusted_schema=OFF")
            (application,) = self._database.execute("PRAGMA application_id").fetchone()
            (version,) = self._database.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION:
            raise StoreError(f"{self.path}: not a recording of perftui")
        if version > VERSION:
            raise StoreError(f"{self.path}: recorded by a newer perftui (format {version}): update perftui")
        if version < VERSION:
            raise StoreError(
                f"{self.path}: recorded by an older perftui (format {version}), which this one cannot read"
            )
        with as_store_errors(self.path):
            if _tables(self._database) != _tables_of_ours():
                raise ValueError("other tables than a recording has")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with as_store_errors(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:  # a full disk has ended it already
                    self._database.execute("ROLLBACK")
                raise


def _tables(database: sqlite3.Connection) -> list[tuple[str, str]]:
    """A file from elsewhere may have views that never end under these names."""
    return database.execute("SELECT type, sql FROM sqlite_schema ORDER BY sql LIMIT 100").fetchall()


def _tables_of_ours() -> list[tuple[str, str]]:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(_SCHEMA)
        return _tables(database)


def _require_sane(entry: Entry) -> None:
    """ValueError for times and counts that no recording has."""
    in_order = 0 <= entry.first_ns <= entry.last_ns < _MOST_NS and 0 <= entry.number < _MOST_NS
    if not (in_order and 0 <= entry.first_wall_ns <= entry.last_wall_ns < _MOST_NS and 0 < entry.samples < _MOST_NS):
        raise ValueError(f"times or counts of chunk {entry.number}")


@contextmanager
def as_store_errors(path: Path) -> Iterator[None]:
    """What SQLite, MessagePack and a damaged chunk raise becomes a StoreError that names the file."""
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise StoreError(f"{path}: damaged, or not a recording of perftui ({error})") from error


def _claim(path: Path) -> None:
    """Make the empty file. Companions of an earlier one would be taken for its own."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        raise StoreError(f"{path}: is there already: choose another name, or move it away") from None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error
    for companion in _companions(path):
        if os.path.lexists(companion):
            path.unlink()
            raise StoreError(f"{companion}: is left from another recording: move it away")


def _companions(path: Path) -> list[Path]:
    return [Path(f"{path}{ending}") for ending in ("-wal", "-shm", "-journal")]
