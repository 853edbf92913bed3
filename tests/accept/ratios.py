"""Programs whose functions take known parts of the CPU: what ``perftui flame`` says of them, beside the truth.

The programs measure the truth themselves: every function works until its thread has used so much CPU time. (64 threads
do nothing else: to wait for the interpreter's lock takes CPU time, too, wherever a thread waits.)
"""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from tests.accept.story import check
from tests.profile.children import python_child
from tests.scenarios.play import ROOT

SECONDS = 20
POINTS = 5.0
TRUTH = {"sixty": 60.0, "thirty": 30.0, "ten": 10.0}

WORKERS = """
import asyncio, ctypes, hashlib, sys, threading, time, zlib

def sixty(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        at = 0
        while at < 200:
            at += 1

def thirty(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        at = 0
        while at < 200:
            at += 1

def ten(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        at = 0
        while at < 200:
            at += 1

def turn(scale=1.0):
    sixty(0.030 * scale)
    thirty(0.015 * scale)
    ten(0.005 * scale)
"""

PROGRAMS = {
    "three functions": "while True: turn()",
    "recursion": """
def deep(levels):
    if levels:
        return deep(levels - 1)
    turn()
while True: deep(40)
""",
    "generators": """
def each(work, seconds):
    while True:
        work(seconds)
        yield
turns = zip(each(sixty, 0.030), each(thirty, 0.015), each(ten, 0.005))
for _ in turns: pass
""",
    "asyncio": """
async def task(work, seconds):
    while True:
        work(seconds)
        await asyncio.sleep(0)
async def main():
    await asyncio.gather(task(sixty, 0.030), task(thirty, 0.015), task(ten, 0.005))
asyncio.run(main())
""",
    "C code without the GIL": """
data = bytes(range(256)) * 2000
def sixty(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        zlib.compress(data, 1)
def thirty(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        hashlib.sha256(data).digest()
def idle():
    while True: time.sleep(1)
threading.Thread(target=idle, daemon=True).start()
while True: turn(4.0)
""",
    "64 threads": """
def serve():
    while True: turn(0.4)
for _ in range(64): threading.Thread(target=serve, daemon=True).start()
time.sleep(600)
""",
    "sleep-heavy": """
def serve():
    while True:
        turn(0.2)
        time.sleep(0.09)
for _ in range(4): threading.Thread(target=serve, daemon=True).start()
time.sleep(600)
""",
    "blocked in C code": """
library = ctypes.CDLL(None)
def query():
    library.usleep(70_000)
def serve():
    while True:
        turn(0.4)
        query()
for _ in range(2): threading.Thread(target=serve, daemon=True).start()
time.sleep(600)
""",
}


def stories() -> Iterator[str]:
    """Yields a line for each program. Failed for the first of which a share is wrong."""
    for name, program in PROGRAMS.items():
        with python_child(sys.executable, f"{WORKERS}\nprint('up', flush=True)\n{program}") as process:
            flame = _flame(process.pid)
        shares = _shares(flame)
        told = ", ".join(f"{function} {shares.get(function, 0.0):.1f}" for function in TRUTH)
        other = 100 - sum(shares.get(function, 0.0) for function in TRUTH)
        told = (
            f"{name}: {told}, others {other:.1f} % of {flame['on_cpu']:.0f} looks on a CPU, {flame['rate_hz']:.0f} Hz"
        )
        for function, truth in TRUTH.items():
            check(abs(shares.get(function, 0.0) - truth) <= POINTS, f"{told}; {function} should be {truth:.0f}")
        yield told


def _flame(pid: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "perftui", "flame", str(pid), "--for", str(SECONDS), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    check(done.returncode == 0, f"flame ended with {done.returncode}: {done.stderr.strip()}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _shares(flame: dict[str, Any]) -> dict[str, float]:
    """Percent of the CPU time of each function itself."""
    shares: dict[str, float] = defaultdict(float)
    for function in flame["functions"]:
        shares[function["function"].rpartition(".")[2]] += 100 * function["self_ratio"]
    return shares
