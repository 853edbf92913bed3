"""A process that sleeps.

Accepted: idle. Near miss: coord-poll-loop.
"""

import time

from tests.scenarios.stage import hold, spawn


def wait_for_midnight() -> None:
    while True:
        time.sleep(3600)


def main() -> int:
    return hold(spawn(wait_for_midnight))


if __name__ == "__main__":
    raise SystemExit(main())
