"""A threaded server with eight connections that each ask now and then.

Accepted: healthy.
"""

import socket
import threading

from tests.scenarios.stage import hold, listener, load, spawn
from tests.scenarios.work import digest, price_basket


def answer(connection: socket.socket) -> None:
    while connection.recv(4096):
        total = sum(price_basket() for _ in range(8))
        connection.sendall(digest(str(total)).encode())


def serve(sock: socket.socket) -> None:
    while True:
        connection, _ = sock.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def main() -> int:
    sock, port = listener()
    target = spawn(lambda: serve(sock))
    for _ in range(8):
        spawn(load(port, 10, b"quote\n"), own_session=True)
    return hold(target)


if __name__ == "__main__":
    raise SystemExit(main())
