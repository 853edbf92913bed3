"""What sampling costs the target: the same work with and without py-spy at 100 Hz, in interleaved pairs.

    python -m tests.bench.slowdown [--pairs 12] [--threads 1]

Prints one JSON document. ``median_growth_pct`` is the median over the pairs of (time with / time without − 1);
each pair is measured close together and in alternating order, so that what else goes on hits both. The budget is
off, so that the rate stays at 100 Hz. Exit code 1 when the growth reaches the limit of 3 %.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

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
print("ready", flush=True)
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in range(rounds):
        step(2000, 8)
    print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
"""


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

    def work(self) -> tuple[float, float]:
        """Wall and CPU seconds of one portion."""
        assert self._process.stdin is not None
        print("go", file=self._process.stdin, flush=True)
        wall, cpu = self._line().split()
        return float(wall), float(cpu)

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


def growth_pct(pairs: list[tuple[float, float]]) -> list[float]:
    """Per pair of (without, with), the growth in percent."""
    return [(after / before - 1) * 100 for before, after in pairs]


def measure(pairs: int, threads: int, rate_hz: int, seconds: float) -> dict[str, object]:
    target = Target(threads, seconds)
    without: list[tuple[float, float]] = []
    sampled: list[tuple[float, float]] = []
    ratios = []
    try:
        target.work()
        for pair in range(pairs):
            for with_sampler in (False, True) if pair % 2 else (True, False):
                if not with_sampler:
                    without.append(target.work())
                    continue
                with sampling(target.pid, rate_hz) as sampler:
                    sampled.append(target.work())
                    ratios.append(sampler.status.sampler_cpu_ratio)
    finally:
        target.end()
    wall = growth_pct([(plain[0], with_it[0]) for plain, with_it in zip(without, sampled, strict=True)])
    cpu = growth_pct([(plain[1], with_it[1]) for plain, with_it in zip(without, sampled, strict=True)])
    return {
        "pairs": pairs,
        "threads": threads,
        "rate_hz": rate_hz,
        "work_seconds": round(statistics.median(plain[0] for plain in without), 3),
        "median_growth_pct": round(statistics.median(wall), 2),
        "median_cpu_growth_pct": round(statistics.median(cpu), 2),
        "growth_pct": [round(value, 2) for value in wall],
        "sampler_cpu_pct": round(statistics.median(ratios) * 100, 1),
        "load1": round(os.getloadavg()[0], 2),
        "limit_pct": LIMIT_PCT,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=12, help="at least 8")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=int, default=100, help="looks per second")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one portion of work")
    arguments = parser.parse_args()
    found = measure(max(8, arguments.pairs), arguments.threads, arguments.rate, arguments.seconds)
    print(json.dumps(found, indent=1))
    growth = found["median_growth_pct"]
    return 0 if isinstance(growth, float) and growth < LIMIT_PCT else 1


if __name__ == "__main__":
    sys.exit(main())
