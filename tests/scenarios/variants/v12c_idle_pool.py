"""Sixteen pool threads idle in queue.get() while the main thread ticks.

Accepted: idle, healthy. The waiters of one address stand still: nobody contends.
"""

import queue
import threading
import time

from tests.scenarios.stage import hold, spawn

jobs: queue.Queue[int] = queue.Queue()


def wait_for_jobs() -> None:
    while True:
        jobs.get()


def serve() -> None:
    for at in range(16):
        threading.Thread(target=wait_for_jobs, name=f"pool-{at}", daemon=True).start()
    while True:
        time.sleep(0.5)


def main() -> int:
    return hold(spawn(serve))


if __name__ == "__main__":
    raise SystemExit(main())
