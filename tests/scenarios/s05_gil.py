"""Four threads of pure Python share one GIL.

Accepted: coord-gil. Near miss: cpu-one-core (together they use one core, but there are waiters).
"""

from tests.scenarios.stage import hold, spawn, threads
from tests.scenarios.work import price_basket


def price_orders(_number: int) -> None:
    while True:
        price_basket()


def main() -> int:
    return hold(spawn(lambda: threads(4, price_orders)))


if __name__ == "__main__":
    raise SystemExit(main())
