"""The journal of changes: what was going to be written, by whom, and what became of it.

SQLite with ``synchronous=FULL``: when ``add`` returns, the intent is on the disk, and only then is anything
written to the system. Several perftui processes and their dead-men share it.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from perftui.errors import StoreError, UsageError
from perftui.host import clock
from perftui.model.journal import OPEN_STATES, Closer, EntryState, JournalEntry
from perftui.store.files import open_private, state_dir

_VERSION = 1
_BUSY_SECONDS = 5.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS change (
    id TEXT PRIMARY KEY,
    wall_ns INTEGER NOT NULL,
    state TEXT NOT NULL,
    document BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS change_by_time ON change (wall_ns);
"""


class Journal:
    """One open journal. Safe from several threads and several processes; StoreError when the file is not usable."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or state_dir() / "journal.sqlite"
        self._lock = threading.Lock()
        self._read: dict[tuple[int, bool], tuple[JournalEntry, ...]] = {}
        self._read_state = (-1, -1)
        open_private(self.path)
        with _as_store_errors(self.path):
            self._database = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        with _as_store_errors(self.path):
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=FULL")
        with self._writing() as database:
            (version,) = database.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise StoreError(f"{self.path}: written by a newer perftui (format {version}): update perftui")
            for statement in _SCHEMA.split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version={_VERSION}")

    def add(self, entry: JournalEntry) -> None:
        """Write a new entry; it is on the disk when this returns. StoreError when the id is taken."""
        with self._writing() as database:
            database.execute(
                "INSERT INTO change VALUES (?, ?, ?, ?)",
                (entry.id, entry.wall_ns, entry.state, msgspec.json.encode(entry)),
            )

    def update(self, entry_id: str, **fields: object) -> JournalEntry:
        """Replace some fields. UsageError when there is no such entry."""
        with self._writing() as database:
            return self._store(database, msgspec.structs.replace(self._find(database, entry_id), **fields))

    def advance(self, entry_id: str, state: EntryState, *, by: Closer = "", detail: str = "") -> JournalEntry:
        """Move an open entry on to ``state``. One that has ended stays as it is: the first word counts.

        Returns the entry as it stands then. UsageError when there is no such entry.
        """
        with self._writing() as database:
            entry = self._find(database, entry_id)
            if not entry.open:
                return entry
            closed = 0 if state in OPEN_STATES else clock.wall_ns()
            moved = msgspec.structs.replace(entry, state=state, closed_by=by, detail=detail, closed_wall_ns=closed)
            return self._store(database, moved)

    def get(self, entry_id: str) -> JournalEntry:
        """UsageError when there is no such entry."""
        with self._lock, _as_store_errors(self.path):
            return self._find(self._database, entry_id)

    def entries(self, limit: int = 100, open_only: bool = False) -> tuple[JournalEntry, ...]:
        """The latest entries, newest first; with ``open_only`` those that nobody has ended."""
        chosen = f"WHERE state IN ({', '.join('?' * len(OPEN_STATES))})" if open_only else ""
        asked = (limit, open_only)
        query = f"SELECT document FROM change {chosen} ORDER BY wall_ns DESC, rowid DESC LIMIT ?"  # noqa: S608 - only question marks are put in
        values = (*sorted(OPEN_STATES), limit) if open_only else (limit,)
        with self._lock, _as_store_errors(self.path):
            # Asked every second and hardly ever new: others' writes change the one number, our own the other.
            (others,) = self._database.execute("PRAGMA data_version").fetchone()
            state = (others, self._database.total_changes)
            if state != self._read_state:
                self._read, self._read_state = {}, state
            if asked not in self._read:
                rows = self._database.execute(query, values).fetchall()
                self._read[asked] = tuple(msgspec.json.decode(document, type=JournalEntry) for (document,) in rows)
            return self._read[asked]

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that other processes see wholly or not at all."""
        with self._lock, _as_store_errors(self.path):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield self._database
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    def _find(self, database: sqlite3.Connection, entry_id: str) -> JournalEntry:
        row = database.execute("SELECT document FROM change WHERE id = ?", (entry_id,)).fetchone()
        if row is None:
            raise UsageError(f"no change {entry_id!r} in {self.path}: `perftui tune history` lists them")
        return msgspec.json.decode(row[0], type=JournalEntry)

    @staticmethod
    def _store(database: sqlite3.Connection, entry: JournalEntry) -> JournalEntry:
        database.execute(
            "UPDATE change SET state = ?, document = ? WHERE id = ?",
            (entry.state, msgspec.json.encode(entry), entry.id),
        )
        return entry


@contextmanager
def _as_store_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, msgspec.DecodeError) as error:
        raise StoreError(f"{path}: {error}: move the file away to start a new journal") from error
