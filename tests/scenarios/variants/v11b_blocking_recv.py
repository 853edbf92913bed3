"""A coroutine asks another service through a blocking socket, as a synchronous HTTP library does.

Accepted: coord-loop-sync.
"""

import asyncio
import socket
import time

from tests.scenarios.stage import hold, listener, spawn


def slow_service(sock: socket.socket) -> None:
    connection, _ = sock.accept()
    while connection.recv(1024):
        time.sleep(0.15)
        connection.sendall(b"stock 12\n")


def ask_stock(connection: socket.socket) -> bytes:
    connection.sendall(b"stock?\n")
    return connection.recv(1024)


async def check_orders(connection: socket.socket) -> None:
    while True:
        ask_stock(connection)
        await asyncio.sleep(0.02)


async def heartbeat() -> None:
    while True:
        await asyncio.sleep(0.01)


async def serve(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        await asyncio.gather(heartbeat(), heartbeat(), check_orders(connection))


def main() -> int:
    sock, port = listener()
    spawn(lambda: slow_service(sock))
    return hold(spawn(lambda: asyncio.run(serve(port))))


if __name__ == "__main__":
    raise SystemExit(main())
