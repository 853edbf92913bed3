"""Two busy threads share the GIL; six workers idle in queue.get().

Accepted: coord-gil. The idle workers look like lock waiters to a careless eye.
"""

import queue
import threading

from tests.scenarios.stage import hold, spawn, threads
from tests.scenarios.work import price_basket

jobs: queue.Queue[int] = queue.Queue()


def wait_for_jobs() -> None:
    while True:
        jobs.get()


def price_orders(_number: int) -> None:
    while True:
        price_basket()


def serve() -> None:
    for at in range(6):
        threading.Thread(target=wait_for_jobs, name=f"idle-{at}", daemon=True).start()
    threads(2, price_orders)


def main() -> int:
    return hold(spawn(serve))


if __name__ == "__main__":
    raise SystemExit(main())
