"""The planted bottlenecks of the demo service, and which of them is on."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

FAULTS = {
    "none": "nothing is planted",
    "gil": "every order is priced in pure Python, in eight threads",
    "lock": "the stock lock is held while the warehouse is asked",
    "loop": "the event loop renders a report itself",
    "fsync": "every order is forced to the disk several times",
    "one-core": "an indexer that cannot use a second core",
    "neighbour": "the indexer again, and unrelated programs that take its CPU",
}

SPINNERS_PER_CPU = 2


class Faults:
    """Exactly one fault is on at a time. Helper processes belong to it and end with it."""

    def __init__(self, name: str) -> None:
        self._indexer: subprocess.Popen[bytes] | None = None
        self._spinners: list[int] = []
        self.name = "none"
        self.switch(name)

    def switch(self, name: str) -> None:
        """KeyError for an unknown name."""
        FAULTS[name]
        self.end_helpers()
        self.name = name
        if name in ("one-core", "neighbour"):
            self._indexer = subprocess.Popen(_job("index"))
        if name == "neighbour":
            for _ in range(SPINNERS_PER_CPU * (os.cpu_count() or 1)):
                self._spinners.append(_start_stranger())

    def end_helpers(self) -> None:
        if self._indexer is not None:
            self._indexer.kill()
            self._indexer.wait()
            self._indexer = None
        while self._spinners:
            pidfd = self._spinners.pop()
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, signal.SIGKILL)
            os.close(pidfd)


def _job(name: str) -> list[str]:
    return [sys.executable, "-m", "tests.demo.jobs", name, str(os.getpid())]


def _start_stranger() -> int:
    """Start a spinner that is no child of ours, in a session of its own; returns its pidfd."""
    done = subprocess.run(_job("spin"), stdout=subprocess.PIPE, check=True)
    return os.pidfd_open(int(done.stdout))


class Stock:
    """The shelf, and the lock around it."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._lock = threading.Lock()
        self._taken: dict[str, int] = {}

    def reserve(self, sku: str, quantity: int) -> int:
        with self._lock:
            if self._faults.name == "lock":
                ask_warehouse()
            self._taken[sku] = self._taken.get(sku, 0) + quantity
            return self._taken[sku]


def ask_warehouse() -> None:
    """A slow call to somebody else: under a lock it makes everybody wait."""
    time.sleep(0.06)


class Audit:
    """A log of orders on disk, started anew when it is full."""

    LIMIT_BYTES = 4 << 20

    def __init__(self, faults: Faults, path: Path) -> None:
        self._faults = faults
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, record: str) -> None:
        if os.fstat(self._fd).st_size > self.LIMIT_BYTES:
            os.ftruncate(self._fd, 0)
        steps = 600 if self._faults.name == "fsync" else 1
        for step in range(steps):
            os.write(self._fd, f"{step} {record}\n".encode())
            if self._faults.name == "fsync":
                os.fsync(self._fd)

    def close(self) -> None:
        os.close(self._fd)
