"""An asyncio server under light load.

Accepted: healthy. Near miss: coord-poll-loop.
"""

import asyncio
import socket

from tests.scenarios.stage import hold, listener, load, spawn
from tests.scenarios.work import digest, price_basket


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readline():
        total = sum(price_basket() for _ in range(5))
        writer.write(digest(str(total)).encode() + b"\n")
        await writer.drain()
    writer.close()


async def serve(sock: socket.socket) -> None:
    server = await asyncio.start_server(answer, sock=sock)
    await server.serve_forever()


def main() -> int:
    sock, port = listener()
    target = spawn(lambda: asyncio.run(serve(sock)))
    for _ in range(4):
        spawn(load(port, 25, b"quote\n"), own_session=True)
    return hold(target)


if __name__ == "__main__":
    raise SystemExit(main())
