"""Three threads share an RLock held over file and socket I/O; a pool of eight idles in queue.get().

Accepted: coord-lock.
"""

import queue
import threading
import time
from pathlib import Path

from tests.scenarios.stage import disk_folder, hold, spawn, threads

cache_lock = threading.RLock()
jobs: queue.Queue[int] = queue.Queue()


def fetch_remote(number: int) -> bytes:
    time.sleep(0.015)  # the far side thinks
    return b"%d" % number


def refresh_entry(path: Path, number: int) -> None:
    with cache_lock:
        path.write_bytes(fetch_remote(number) * 1000)
        verify_entry(path)


def verify_entry(path: Path) -> None:
    with cache_lock:
        path.read_bytes()


def wait_for_jobs() -> None:
    while True:
        jobs.get()


def serve(folder: Path) -> None:
    for at in range(8):
        threading.Thread(target=wait_for_jobs, name=f"pool-{at}", daemon=True).start()

    def refresher(number: int) -> None:
        while True:
            refresh_entry(folder / f"entry-{number}", number)

    threads(3, refresher, "refresher")


def main() -> int:
    with disk_folder() as folder:
        return hold(spawn(lambda: serve(folder)))


if __name__ == "__main__":
    raise SystemExit(main())
