"""A target that does a bit of everything a process can do: ``python -m tests.accept.process_load FOLDER``.

It says ``ready PORT`` and goes on until it is killed. Threads: ``spin`` and ``doze`` use two different shares of a
CPU, ``write`` syncs to a file, ``talk`` sends itself data, ``push`` sends to somebody who does not read. A child maps
the same memory.
"""

import mmap
import os
import random
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable

MIB = 1 << 20
BACKLOG = 4


def burn(busy_seconds: float, idle_seconds: float) -> None:
    while True:
        until = time.monotonic() + busy_seconds
        while time.monotonic() < until:
            sum(range(200))
        time.sleep(idle_seconds)


def write(folder: str) -> None:
    with tempfile.TemporaryFile(dir=folder) as file:  # has no name from the start: a deleted file that stays open
        while True:
            file.seek(0)
            file.write(random.randbytes(MIB))
            file.flush()
            os.fsync(file.fileno())
            time.sleep(0.1)


def talk(one: socket.socket) -> None:
    while True:
        one.sendall(bytes(100_000))
        time.sleep(0.1)


def listen(other: socket.socket) -> None:
    while other.recv(MIB):
        pass


def push(stalled: socket.socket) -> None:
    while True:
        stalled.sendall(bytes(MIB))


def connected(server: socket.socket, receive_buffer: int = 0) -> tuple[socket.socket, socket.socket]:
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect(server.getsockname())
    return client, server.accept()[0]


def start(name: str, work: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=work, args=arguments, name=name, daemon=True).start()


def main(folder: str) -> None:
    held = random.randbytes(60 * MIB)
    shared = mmap.mmap(-1, 40 * MIB)
    shared.write(b"x" * 40 * MIB)
    if os.fork() == 0:
        shared.seek(0)
        shared.read()
        time.sleep(3600)
        os._exit(0)
    server = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    talking, hearing = connected(server)
    reader, pushing = connected(server, 8192)
    crowd = [socket.socket() for _ in range(BACKLOG + 4)]
    for each in crowd:  # nobody accepts them: the queue is full
        each.setblocking(False)
        each.connect_ex(server.getsockname())
    kept = [os.eventfd(0), os.memfd_create("held"), *os.pipe(), reader.fileno(), len(held)]
    start("spin", burn, 0.06, 0.04)
    start("doze", burn, 0.01, 0.09)
    start("write", write, folder)
    start("talk", talk, talking)
    start("listen", listen, hearing)
    start("push", push, pushing)
    print(f"ready {server.getsockname()[1]}", flush=True)
    threading.Event().wait()
    print(kept)


if __name__ == "__main__":
    main(sys.argv[1])
