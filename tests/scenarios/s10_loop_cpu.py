"""An event loop with tickers, and one coroutine that computes 200 ms at a stretch.

Accepted: coord-loop-cpu. Near miss: cpu-one-core.
"""

import asyncio

from tests.scenarios.stage import hold, spawn
from tests.scenarios.work import compute_for


async def heartbeat() -> None:
    while True:
        await asyncio.sleep(0.01)


async def monthly_report() -> None:
    while True:
        compute_for(0.2)
        await asyncio.sleep(0.01)


async def serve() -> None:
    await asyncio.gather(*(heartbeat() for _ in range(10)), monthly_report())


def main() -> int:
    return hold(spawn(lambda: asyncio.run(serve())))


if __name__ == "__main__":
    raise SystemExit(main())
