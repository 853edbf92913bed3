"""An event loop with tickers, and one coroutine that calls time.sleep(0.2).

Accepted: coord-loop-sync. Near miss: idle.
"""

import asyncio
import time

from tests.scenarios.stage import hold, spawn


async def heartbeat() -> None:
    while True:
        await asyncio.sleep(0.01)


async def poll_printer() -> None:
    while True:
        time.sleep(0.2)  # the planted mistake
        await asyncio.sleep(0.01)


async def serve() -> None:
    await asyncio.gather(*(heartbeat() for _ in range(10)), poll_printer())


def main() -> int:
    return hold(spawn(lambda: asyncio.run(serve())))


if __name__ == "__main__":
    raise SystemExit(main())
