"""Eight threads share a lock that each holds across a computation.

Accepted: coord-lock. Near miss: coord-gil (the waiters wait for the lock, not for the interpreter).
"""

import threading

from tests.scenarios.stage import hold, spawn, threads
from tests.scenarios.work import compute_for

catalogue_lock = threading.Lock()


def rebuild_index() -> int:
    with catalogue_lock:
        return compute_for(0.02)


def indexer(_number: int) -> None:
    while True:
        rebuild_index()


def main() -> int:
    return hold(spawn(lambda: threads(8, indexer, "indexer")))


if __name__ == "__main__":
    raise SystemExit(main())
