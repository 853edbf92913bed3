"""One thread computes without a pause while the other CPUs idle.

Accepted: cpu-one-core. Near miss: coord-gil (nobody waits for the GIL).
"""

from tests.scenarios.stage import hold, spawn
from tests.scenarios.work import price_forever


def main() -> int:
    return hold(spawn(price_forever))


if __name__ == "__main__":
    raise SystemExit(main())
