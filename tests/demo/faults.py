"""The planted bottlenecks of the demo service, and which of them is on."""

import os
import subprocess
import sys
import threading
import time
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
        self._helpers: list[subprocess.Popen[bytes]] = []
        self.name = "none"
        self.switch(name)

    def switch(self, name: str) -> None:
        """KeyError for an unknown name."""
        FAULTS[name]
        self.end_helpers()
        self.name = name
        if name in ("one-core", "neighbour"):
            self._start("index")
        if name == "neighbour":
            for _ in range(SPINNERS_PER_CPU * (os.cpu_count() or 1)):
                self._start("spin", own_session=True)

    def end_helpers(self) -> None:
        for helper in self._helpers:
            helper.kill()
            helper.wait()
        self._helpers.clear()

    def _start(self, job: str, *, own_session: bool = False) -> None:
        argv = [sys.executable, "-m", "tests.demo.jobs", job, str(os.getpid())]
        self._helpers.append(subprocess.Popen(argv, start_new_session=own_session))


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
    time.sleep(0.03)


class Audit:
    """A log of orders on disk, started anew when it is full."""

    LIMIT_BYTES = 4 << 20

    def __init__(self, faults: Faults, path: Path) -> None:
        self._faults = faults
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def append(self, record: str) -> None:
        if os.fstat(self._fd).st_size > self.LIMIT_BYTES:
            os.ftruncate(self._fd, 0)
        steps = 20 if self._faults.name == "fsync" else 1
        for step in range(steps):
            os.write(self._fd, f"{step} {record}\n".encode())
            if self._faults.name == "fsync":
                os.fsync(self._fd)

    def close(self) -> None:
        os.close(self._fd)
