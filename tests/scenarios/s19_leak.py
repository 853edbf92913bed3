"""A list that grows by 5 MB a second and is never emptied.

Accepted: memory-leak, after 60 s of watching. Near miss: the warm-up of ``s19_warm_up``.
"""

import time

from tests.scenarios.stage import hold, spawn
from tests.scenarios.work import price_basket

sessions: list[bytearray] = []


def remember_session() -> None:
    sessions.append(bytearray(b"s" * 500_000))
    price_basket()


def main_loop() -> None:
    while True:
        remember_session()
        time.sleep(0.1)


def main() -> int:
    return hold(spawn(main_loop))


if __name__ == "__main__":
    raise SystemExit(main())
