"""An event loop kept busy by many small handlers, none of them long.

Accepted: coord-loop-cpu, cpu-one-core: the loop has no time left to wait, and one thread is all it has.
"""

import asyncio

from tests.scenarios.stage import hold, spawn
from tests.scenarios.work import price_basket


async def handle_message(inbox: asyncio.Queue[int]) -> None:
    while True:
        number = await inbox.get()
        price_basket(100 + number % 50)
        inbox.task_done()


async def feed(inbox: asyncio.Queue[int]) -> None:
    number = 0
    while True:
        number += 1
        await inbox.put(number)


async def serve() -> None:
    inbox: asyncio.Queue[int] = asyncio.Queue(maxsize=100)
    await asyncio.gather(feed(inbox), *(handle_message(inbox) for _ in range(20)))


def main() -> int:
    return hold(spawn(lambda: asyncio.run(serve())))


if __name__ == "__main__":
    raise SystemExit(main())
