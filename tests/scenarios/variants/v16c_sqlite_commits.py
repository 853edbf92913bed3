"""One SQLite commit per row, each synced to the disk.

Accepted: io-sync-latency.
"""

import sqlite3
from pathlib import Path

from tests.scenarios.stage import disk_folder, hold, spawn


def import_rows(folder: Path) -> None:
    with sqlite3.connect(folder / "orders.sqlite") as base:
        base.execute("PRAGMA synchronous=FULL")
        base.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT)")
        while True:
            store_row(base)


def store_row(base: sqlite3.Connection) -> None:
    base.execute("INSERT INTO orders (note) VALUES ('imported')")
    base.commit()


def main() -> int:
    with disk_folder() as folder:
        return hold(spawn(lambda: import_rows(folder)))


if __name__ == "__main__":
    raise SystemExit(main())
