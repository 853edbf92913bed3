"""Start a scenario, wait until it is ready, end it."""

import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 20


class NotStarted(Exception):
    """The scenario ended or kept silent instead of saying ``ready``; the message is its own."""


@contextmanager
def playing(module: str) -> Iterator[int]:
    """Run the scenario ``module``, in a session of its own; yields the pid of its target."""
    director = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield _ready_pid(director)
    finally:
        _end(director)


def _ready_pid(director: "subprocess.Popen[str]") -> int:
    assert director.stdout is not None
    assert director.stderr is not None
    ready, _, _ = select.select([director.stdout], [], [], READY_SECONDS)
    line = director.stdout.readline() if ready else ""
    if not line.startswith("ready "):
        director.kill()
        last = director.stderr.read().strip().splitlines()[-1:]
        raise NotStarted(last[0] if last else f"not ready within {READY_SECONDS} s")
    return int(line.split()[1])


def _end(director: "subprocess.Popen[str]") -> None:
    """SIGTERM asks it to end; it clears up after itself, so it is killed only when it does not."""
    director.terminate()
    try:
        director.communicate(timeout=15)
    except subprocess.TimeoutExpired:
        director.kill()
        director.communicate()


def wait_until_calm(busy_ratio: float = 0.15, deadline_seconds: float = 30.0) -> bool:
    """Wait for the host to be less than ``busy_ratio`` busy for a second; False when it stays busier."""
    until = time.monotonic() + deadline_seconds
    while True:
        before = _cpu_ticks()
        time.sleep(1)
        after = _cpu_ticks()
        total = after[0] - before[0]
        if total and 1 - (after[1] - before[1]) / total < busy_ratio:
            return True
        if time.monotonic() > until:
            return False


def _cpu_ticks() -> tuple[int, int]:
    """All ticks and the idle ones (idle, iowait) since boot."""
    with open("/proc/stat") as file:
        ticks = [int(word) for word in file.readline().split()[1:9]]
    return sum(ticks), ticks[3] + ticks[4]
