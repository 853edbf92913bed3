"""What sampling costs the target: the same work with and without py-spy at 100 Hz, in interleaved pairs.

    python -m tests.bench.slowdown [--pairs 200] [--threads 1]

The sampler runs all the time, with its budget off so that the rate stays at 100 Hz. Short portions of work take turns:
one while py-spy runs, one while it is held by SIGSTOP. So both sides of a pair are a fraction of a second apart, and
what else goes on hits both. It errs against the sampler: after a hold py-spy makes up for the looks it missed.

Prints one JSON document. ``median_growth_pct`` is the median over the pairs of (time with / time without − 1) by the
wall clock, ``unqueued`` the same without the time that the target waited for a CPU (schedstat); ``error_pct`` is the
standard error of that median (bootstrap). Exit code 1 when the growth reaches the limit of 3 %.
"""

import argparse
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.profile.pyspy import PySpySampler

LIMIT_PCT = 3.0
WORKER = """
import sys, threading, time

def leaf(n):
    return sum(i * i for i in range(n))

def step(n, depth):
    return step(n, depth - 1) if depth else leaf(n)

def wait(depth):
    if depth:
        wait(depth - 1)
    while True:
        time.sleep(0.05)

for _ in range(int(sys.argv[1]) - 1):
    threading.Thread(target=wait, args=(10,), daemon=True).start()
rounds = 1
while True:
    start = time.perf_counter()
    for _ in range(rounds):
        step(2000, 8)
    if time.perf_counter() - start > 0.2:
        break
    rounds *= 2
rounds = int(rounds * float(sys.argv[2]) / (time.perf_counter() - start))
def queued():
    with open("/proc/thread-self/schedstat") as file:
        return int(file.read().split()[1]) / 1e9

print("ready", flush=True)
for _ in sys.stdin:
    waited, start = queued(), time.perf_counter()
    for _ in range(rounds):
        step(2000, 8)
    print(time.perf_counter() - start, queued() - waited, flush=True)
"""


class Times(NamedTuple):
    """Seconds by the wall clock, and without waiting for a CPU."""

    wall: float
    unqueued: float


class Target:
    """A process that does one portion of fixed work each time it is asked."""

    def __init__(self, threads: int, seconds: float) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(threads), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.pid = self._process.pid
        self._line()

    def work(self) -> Times:
        """How long one portion takes."""
        assert self._process.stdin is not None
        print("go", file=self._process.stdin, flush=True)
        wall, queued = map(float, self._line().split())
        return Times(wall, wall - queued)

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the target ended")
        return line


@contextmanager
def sampling(pid: int, rate_hz: int) -> Iterator[PySpySampler]:
    """A sampler that has finished its first window."""
    held = HeldTarget.open(Host(), pid)
    sampler = PySpySampler(Host(), held, rate_hz=rate_hz, budget_ratio=1000.0)
    sampler.start()
    try:
        while sampler.status.state == "starting":
            time.sleep(0.05)
        if sampler.status.state != "ok":
            raise RuntimeError(f"{sampler.status.reason} ({sampler.status.remedy})")
        yield sampler
    finally:
        sampler.stop()
        held.close()


def samplers() -> list[int]:
    """The children of this process: py-spy, two of them while one follows the other."""
    return [
        int(word)
        for task in Path("/proc/self/task").iterdir()
        for word in (task / "children").read_text().split()
        if b"py-spy" in _command(int(word))
    ]


def _command(pid: int) -> bytes:
    with suppress(OSError):  # it may end between the two looks
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def unsampled(target: Target) -> Times | None:
    """A portion while py-spy is held; None when another py-spy was started meanwhile."""
    held = samplers()
    for pid in held:
        os.kill(pid, signal.SIGSTOP)
    try:
        times = target.work()
        return times if samplers() == held else None
    finally:
        for pid in held:
            os.kill(pid, signal.SIGCONT)


def paired(target: Target, pairs: int) -> Iterator[tuple[Times, Times]]:
    """(without, with), in alternating order."""
    done = 0
    while done < pairs:
        first = target.work() if done % 2 else None
        without = unsampled(target)
        sampled = first or target.work()
        if without is not None:
            done += 1
            yield without, sampled


def summary(growth: list[float]) -> dict[str, float]:
    draw = random.Random(1)
    medians = [statistics.median(draw.choices(growth, k=len(growth))) for _ in range(500)]
    return {
        "median_growth_pct": round(statistics.median(growth), 2),
        "error_pct": round(statistics.stdev(medians), 2),
    }


def measure(pairs: int, threads: int, rate_hz: int, seconds: float) -> dict[str, object]:
    target = Target(threads, seconds)
    try:
        with sampling(target.pid, rate_hz) as sampler:
            found = list(paired(target, pairs))
            status = sampler.status
            looks = sum(window.attempts for window in sampler.take())
    finally:
        target.end()
    return {
        "pairs": pairs,
        "threads": threads,
        "rate_hz": rate_hz,
        "looks": looks,
        "portion_seconds": round(statistics.median(without.wall for without, _ in found), 3),
        **summary([(sampled.wall / without.wall - 1) * 100 for without, sampled in found]),
        "unqueued": summary([(sampled.unqueued / without.unqueued - 1) * 100 for without, sampled in found]),
        "sampler_cpu_pct": round(status.sampler_cpu_ratio * 100, 1),
        "load1": round(os.getloadavg()[0], 2),
        "limit_pct": LIMIT_PCT,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200, help="at least 8")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=int, default=100, help="looks per second")
    parser.add_argument("--seconds", type=float, default=0.12, help="length of one portion of work")
    arguments = parser.parse_args()
    found = measure(max(8, arguments.pairs), arguments.threads, arguments.rate, arguments.seconds)
    print(json.dumps(found, indent=1))
    growth = found["median_growth_pct"]
    return 0 if isinstance(growth, float) and growth < LIMIT_PCT else 1


if __name__ == "__main__":
    sys.exit(main())
