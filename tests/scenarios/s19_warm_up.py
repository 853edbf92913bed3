"""A cache that fills for some twenty seconds and then stays as it is, while requests go on.

Accepted: healthy, after 60 s of watching. Near miss of memory-leak.
"""

import time

from tests.scenarios.stage import hold, spawn
from tests.scenarios.work import price_basket

ENTRIES = 200
cache: dict[int, bytearray] = {}


def lookup(key: int) -> bytearray:
    if key not in cache:
        cache[key] = bytearray(b"c" * 500_000)
    for _ in range(20):
        price_basket()
    return cache[key]


def main_loop() -> None:
    request = 0
    while True:
        lookup(request % ENTRIES)
        request += 1
        time.sleep(0.1)


def main() -> int:
    return hold(spawn(main_loop))


if __name__ == "__main__":
    raise SystemExit(main())
