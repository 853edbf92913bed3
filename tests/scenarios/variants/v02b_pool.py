"""A multiprocessing pool with three times as many workers as CPUs, all computing.

Accepted: cpu-saturated.
"""

import multiprocessing
import os

from tests.scenarios.stage import die_with_parent, hold, spawn
from tests.scenarios.work import compute_for


def score(batch: int) -> int:
    return batch + compute_for(0.3)


def run_pool() -> None:
    workers = 3 * (os.cpu_count() or 1)
    fork = multiprocessing.get_context("fork")
    with fork.Pool(workers, initializer=die_with_parent, initargs=(os.getpid(),)) as pool:
        while True:
            pool.map(score, range(10 * workers), chunksize=1)


def main() -> int:
    return hold(spawn(run_pool))


if __name__ == "__main__":
    raise SystemExit(main())
