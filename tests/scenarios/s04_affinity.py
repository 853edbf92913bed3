"""Pinned to one CPU, four threads compress (zlib lets the GIL go), and the other CPUs have nothing to do.

Accepted: cpu-affinity. Near miss: coord-gil.
"""

import os
import random
import zlib

from tests.scenarios.stage import hold, spawn, threads


def compress_archive(number: int) -> None:
    block = random.Random(number).randbytes(1 << 20)
    while True:
        zlib.compress(block, 6)


def pinned() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    threads(4, compress_archive, "archive")


def main() -> int:
    return hold(spawn(pinned))


if __name__ == "__main__":
    raise SystemExit(main())
