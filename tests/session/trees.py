"""A real server of workers that burn the CPU, each in the same function or one in another."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

SERVER = """
import ctypes, os, sys, time

def spend(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(50))

def usual():
    spend(0.01)

def slow():
    spend(0.01)

count, odd, pause = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
workers = []
for number in range(count):
    worker = os.fork()
    if not worker:
        ctypes.CDLL(None).prctl(1, 9)  # it ends with the server
        while True:
            slow() if number == odd else usual()
            time.sleep(pause)
    workers.append(worker)
print(*workers, flush=True)
time.sleep(600)
"""


@contextmanager
def server(workers: int, *, odd: int = -1, pause: float = 0.05) -> Iterator[tuple[int, list[int]]]:
    """PID of the server and of its workers, which run for 10 ms, wait for ``pause`` seconds, and so on."""
    argv = [sys.executable, "-c", SERVER, str(workers), str(odd), str(pause)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield process.pid, [int(pid) for pid in process.stdout.readline().split()]
    finally:
        process.kill()
        process.stdout.close()
        process.wait()
