"""A pre-fork server without a request: a master that looks after its workers once a second, workers in select.

Accepted: idle, healthy.
"""

import os
import select
import socket
import time

from tests.scenarios.stage import die_with_parent, hold, listener, spawn


def accept_requests(sock: socket.socket) -> None:
    while True:
        ready, _, _ = select.select([sock], [], [], 1.0)
        if ready:
            sock.accept()[0].close()


def master(sock: socket.socket) -> None:
    pid = os.getpid()
    for _ in range(4):
        if os.fork() == 0:
            die_with_parent(pid)
            accept_requests(sock)
    while True:
        time.sleep(1)


def main() -> int:
    sock, _ = listener()
    return hold(spawn(lambda: master(sock)))


if __name__ == "__main__":
    raise SystemExit(main())
