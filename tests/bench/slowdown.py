"""What sampling costs the target, beside what perftui says that it costs: the same work with and without py-spy.

    python -m tests.bench.slowdown [--threads 1,9,65] [--mode nonblocking|exact|gil] [--pairs 60] [--rate 100]
        [--budget 5]

All chains of py-spy run within their budget, as they do for a user: with many threads they look less often. Without a
budget (``--budget 0``), in another mode than nonblocking, and always where py-spy pauses the target, one chain alone
runs, and its rate stays as asked for. Where py-spy only reads memory,
short portions of work take turns: one while py-spy runs, one while it is held by SIGSTOP. So both sides of a pair are a
fraction of a second apart, and what else goes on hits both. It errs against the sampler: after a hold py-spy makes up
for the looks it missed. Where py-spy pauses the target it may not be held, or the target could stand still with it:
there the sampler is started and stopped, and the pairs are means of some seconds.

Prints one JSON document with an entry for each number of threads. ``median_growth_pct`` is the median over the pairs of
(time with / time without − 1) by the wall clock, ``unqueued`` the same without the time that the target waited for a
CPU (schedstat); ``error_pct`` is the standard error of that median (bootstrap). ``stopped_pct`` is how much longer it
took for neither running nor waiting for a CPU: told apart even on a busy machine, but without what a pause costs
afterwards. ``estimate_pct`` is what the sampler's status said meanwhile (median), ``rate_hz`` and ``sampler_cpu_pct``
how often it looked in the end, and which part of a core that took.

Exit code 1 when the estimate is too far from ``unqueued``: by more than 2 points, in a mode that pauses the target by
more than 30 %, if that is more; or when the machine is too busy to tell: the error is more than half of that. Without a
pause also when the growth reaches the limit of 3 % (2 % within the budget), or the sampler exceeds its budget.
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
from typing import Any, NamedTuple

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import Mode
from perftui.profile.activity import ActivityMeter
from perftui.profile.chains import Chains
from perftui.profile.modes import PAUSING
from perftui.profile.pyspy import PySpySampler
from perftui.profile.sampler import Sampler

LIMIT_PCT = 3.0
"""At 100 Hz, whatever that costs the sampler."""

DEFAULT_LIMIT_PCT = 2.0
"""Within the budget."""

NOISE_PCT = 0.5
"""So much, of a core, may the sampler exceed its budget: it learns what a window costs from the one before."""

NO_BUDGET = 1000.0
NEAR_POINTS = 2.0
NEAR_RATIO = 0.3
PORTIONS = 25
"""Pieces of work in a row on one side of a pair, where the sampler is started and stopped."""

MODES: tuple[Mode, ...] = ("nonblocking", "exact", "native", "gil")
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
    waited, ran, start = queued(), time.thread_time(), time.perf_counter()
    for _ in range(rounds):
        step(2000, 8)
    print(time.perf_counter() - start, queued() - waited, time.thread_time() - ran, flush=True)
"""


class Times(NamedTuple):
    """Seconds by the wall clock, those without waiting for a CPU, and of these the seconds that it did not run."""

    wall: float
    unqueued: float
    stopped: float

    @property
    def stopped_pct(self) -> float:
        """How much longer the work takes for standing still."""
        return 100 * self.stopped / (self.wall - self.stopped)


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
        wall, queued, ran = map(float, self._line().split())
        return Times(wall, wall - queued, max(0.0, wall - queued - ran))

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
def sampling(pid: int, rate_hz: int, mode: Mode, budget_ratio: float = NO_BUDGET) -> Iterator[Sampler]:
    """A sampler that has finished its first window."""
    held = HeldTarget.open(Host(), pid)
    sampler: Sampler
    if mode == "nonblocking" and budget_ratio < NO_BUDGET:
        sampler = Chains(Host(), held, rate_hz=rate_hz, budget_ratio=budget_ratio, activity=ActivityMeter())
    else:
        sampler = PySpySampler(Host(), held, mode=mode, rate_hz=rate_hz, budget_ratio=budget_ratio)
    sampler.start()
    try:
        while sampler.status.state == "starting":
            sampler.take()
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
        _signal(pid, signal.SIGSTOP)
    try:
        times = target.work()
        return times if samplers() == held else None
    finally:
        for pid in held:
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # a window that was held for too long has been ended
        os.kill(pid, number)


class Pair(NamedTuple):
    """The same work without and with the sampler, and how much longer the sampler says that it takes (percent)."""

    without: Times
    sampled: Times
    estimate_pct: float


def paired(target: Target, sampler: Sampler, pairs: int) -> Iterator[Pair]:
    """Portion by portion, in alternating order."""
    done = 0
    while done < pairs:
        first = target.work() if done % 2 else None
        without = unsampled(target)
        sampler.take()
        sampled = first or target.work()
        if without is not None and (estimate := sampler.status.slowdown_ratio) is not None:
            done += 1
            yield Pair(without, sampled, estimate * 100)


def in_blocks(target: Target, pairs: int, rate_hz: int, mode: Mode) -> Iterator[Pair]:
    """Some seconds with the sampler, between some without."""
    before = typical(target)
    for _ in range(pairs):
        with sampling(target.pid, rate_hz, mode) as sampler:
            sampled = typical(target)
            sampler.take()
            while not sampler.take():  # the window that saw the last portions
                target.work()
            estimate = sampler.status.slowdown_ratio
        after = typical(target)
        assert estimate is not None
        yield Pair(
            Times(*(statistics.mean(sides) for sides in zip(before, after, strict=True))), sampled, estimate * 100
        )
        before = after


def typical(target: Target) -> Times:
    """The means of some portions: a pause now and then is long, and counts."""
    times = [target.work() for _ in range(PORTIONS)]
    return Times(*(statistics.fmean(side) for side in zip(*times, strict=True)))


def summary(growth: list[float]) -> dict[str, float]:
    draw = random.Random(1)
    if len(growth) < 2:
        return {"median_growth_pct": round(growth[0], 2), "error_pct": 0.0}
    medians = [statistics.median(draw.choices(growth, k=len(growth))) for _ in range(500)]
    return {
        "median_growth_pct": round(statistics.median(growth), 2),
        "error_pct": round(statistics.stdev(medians), 2),
    }


def measure(pairs: int, threads: int, rate_hz: int, seconds: float, mode: Mode, budget_pct: float) -> dict[str, Any]:
    target, cpu_pct = Target(threads, seconds), 0.0
    try:
        if mode in PAUSING:
            found = list(in_blocks(target, pairs, rate_hz, mode))
        else:
            with sampling(target.pid, rate_hz, mode, budget_pct / 100 or NO_BUDGET) as sampler:
                found = list(paired(target, sampler, pairs))
                rate_hz, cpu_pct = int(sampler.status.rate_hz), 100 * sampler.status.sampler_cpu_ratio
    finally:
        target.end()
    unqueued = summary([(pair.sampled.unqueued / pair.without.unqueued - 1) * 100 for pair in found])
    estimate = statistics.median(pair.estimate_pct for pair in found)
    return {
        "threads": threads,
        "mode": mode,
        "pairs": len(found),
        "rate_hz": rate_hz,
        "sampler_cpu_pct": round(cpu_pct, 2),
        "portion_seconds": round(statistics.median(pair.without.wall for pair in found), 3),
        **summary([(pair.sampled.wall / pair.without.wall - 1) * 100 for pair in found]),
        "unqueued": unqueued,
        "stopped_pct": round(statistics.median(pair.sampled.stopped_pct for pair in found), 2),
        "estimate_pct": round(estimate, 2),
        "estimate_is_near": is_near(estimate, unqueued["median_growth_pct"], unqueued["error_pct"], mode),
        "load1": round(os.getloadavg()[0], 2),
        "limit_pct": DEFAULT_LIMIT_PCT if budget_pct else LIMIT_PCT,
    }


def is_near(estimate_pct: float, growth_pct: float, error_pct: float, mode: Mode) -> bool | None:
    """None when that cannot be told."""
    allowed = max(NEAR_POINTS, NEAR_RATIO * growth_pct if mode in PAUSING else 0.0)
    return None if error_pct > allowed / 2 else abs(estimate_pct - growth_pct) <= allowed


def fails(found: dict[str, Any], mode: Mode, budget_pct: float) -> bool:
    if mode in PAUSING:
        return not found["estimate_is_near"]
    too_slow = found["median_growth_pct"] >= found["limit_pct"]
    too_dear = bool(budget_pct) and found["sampler_cpu_pct"] > budget_pct + NOISE_PCT
    return too_slow or too_dear or not found["estimate_is_near"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=60, help="at least 8; a tenth of them in a mode that pauses")
    parser.add_argument("--threads", default="1,9,65", help="numbers, separated by commas")
    parser.add_argument("--mode", choices=MODES, default="nonblocking")
    parser.add_argument("--rate", type=int, default=100, help="looks per second")
    parser.add_argument("--seconds", type=float, default=0.12, help="length of one portion of work")
    parser.add_argument("--budget", type=float, default=5.0, help="percent of a core; 0: none")
    arguments = parser.parse_args()
    mode: Mode = arguments.mode
    pairs = max(8, arguments.pairs) // (10 if mode in PAUSING else 1) or 1
    found = [
        measure(pairs, int(threads), arguments.rate, arguments.seconds, mode, arguments.budget)
        for threads in arguments.threads.split(",")
    ]
    print(json.dumps(found, indent=1))
    return int(any(fails(entry, mode, arguments.budget) for entry in found))


if __name__ == "__main__":
    sys.exit(main())
