"""Writes of 16 KiB to a file opened with O_SYNC: no fsync call is ever made.

Accepted: io-sync-latency.
"""

import os
from pathlib import Path

from tests.scenarios.stage import disk_folder, hold, spawn


def write_ahead(folder: Path) -> None:
    record = b"w" * 16384
    fd = os.open(folder / "wal", os.O_WRONLY | os.O_CREAT | os.O_SYNC)
    while True:
        for _ in range(256):
            os.write(fd, record)
        os.lseek(fd, 0, os.SEEK_SET)


def main() -> int:
    with disk_folder() as folder:
        return hold(spawn(lambda: write_ahead(folder)))


if __name__ == "__main__":
    raise SystemExit(main())
