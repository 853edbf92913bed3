"""The target forks four spinners: its own tree wants more CPUs than there are.

Accepted: cpu-saturated. Near miss: neighbour-cpu (the competition is its own children).
"""

import os

from tests.scenarios.stage import die_with_parent, hold, spawn
from tests.scenarios.work import price_forever


def supervise() -> None:
    supervisor = os.getpid()
    for _ in range(2 * (os.cpu_count() or 1)):
        if os.fork() == 0:
            die_with_parent(supervisor)
            price_forever()
    while True:
        os.wait()


def main() -> int:
    return hold(spawn(supervise))


if __name__ == "__main__":
    raise SystemExit(main())
