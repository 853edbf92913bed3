"""A loop of 4 KiB write and fsync.

Accepted: io-sync-latency. Near miss: io-device-saturated (one write at a time does not fill the device).
"""

import os
from pathlib import Path

from tests.scenarios.stage import disk_folder, hold, spawn


def append_journal(folder: Path) -> None:
    record = b"x" * 4096
    fd = os.open(folder / "journal", os.O_WRONLY | os.O_CREAT)
    while True:
        for _ in range(256):
            os.write(fd, record)
            os.fsync(fd)
        os.lseek(fd, 0, os.SEEK_SET)


def main() -> int:
    with disk_folder() as folder:
        return hold(spawn(lambda: append_journal(folder)))


if __name__ == "__main__":
    raise SystemExit(main())
