"""Eight threads share a lock that each holds across a slow call.

Accepted: coord-lock. Near miss: net-downstream.
"""

import threading
import time

from tests.scenarios.stage import hold, spawn, threads

ledger_lock = threading.Lock()
ledger: list[int] = []


def book_entry(number: int) -> None:
    with ledger_lock:
        time.sleep(0.02)  # the slow call that should be outside the lock
        ledger.append(number)
        del ledger[:-100]


def clerk(number: int) -> None:
    while True:
        book_entry(number)


def main() -> int:
    return hold(spawn(lambda: threads(8, clerk, "clerk")))


if __name__ == "__main__":
    raise SystemExit(main())
