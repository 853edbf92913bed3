"""Five shell loops in sessions of their own beside a batch job that pauses a little between its items.

Accepted: neighbour-cpu.
"""

import time

from tests.scenarios.stage import hold, spawn, spawn_program
from tests.scenarios.work import compute_for


def convert_images() -> None:
    while True:
        compute_for(0.2)
        time.sleep(0.005)


def main() -> int:
    for _ in range(5):
        spawn_program(["sh", "-c", "while :; do :; done"], own_session=True)
    return hold(spawn(convert_images, own_session=True))


if __name__ == "__main__":
    raise SystemExit(main())
