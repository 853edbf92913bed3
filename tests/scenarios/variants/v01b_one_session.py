"""Four spinners in the session of the target itself: here the target's own nice value decides.

Accepted: neighbour-cpu.
"""

import os

from tests.scenarios.stage import hold, spawn
from tests.scenarios.work import price_forever


def backup() -> None:
    price_forever()


def main() -> int:
    if os.getsid(0) != os.getpid() and os.getpgid(0) != os.getpid():
        os.setsid()
    for _ in range(4):
        spawn(backup)
    return hold(spawn(price_forever))


if __name__ == "__main__":
    raise SystemExit(main())
