"""An asyncio server nobody talks to, with a clean-up task every five seconds.

Accepted: idle.
"""

import asyncio

from tests.scenarios.s12_healthy_server import answer
from tests.scenarios.stage import hold, spawn


async def clean_up() -> None:
    while True:
        await asyncio.sleep(5)


async def serve() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    await asyncio.gather(server.serve_forever(), clean_up())


def main() -> int:
    return hold(spawn(lambda: asyncio.run(serve())))


if __name__ == "__main__":
    raise SystemExit(main())
