"""What the screen costs, beside htop and glances in the same run.

    python -m tests.bench.ui [--seconds 30] [--processes 350]

The host is filled up to the number of processes with sleeping children; the target has nine threads. Every
program runs on a private pty of 160x45 in 256 colours through ``ptybench``. Exit code 1 when a budget is missed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tests.scenarios.play import ROOT, wait_until_calm
from tests.scenarios.stage import end_players, spawn

PTYBENCH = Path(__file__).with_name("ptybench.py")
KEYS = ("10:j", "12:j", "14:k", "16:j", "18:k")
KEY_MS_BUDGET = 50.0


class Budget(NamedTuple):
    """What one run may cost; percent of a core, bytes to the terminal per second."""

    own_pct: float
    sampler_pct: float
    bytes_per_s: float
    first_frame_s: float = 0.5
    rss_mib: float = 70.0


BUDGETS = {"perftui": Budget(2.0, 0.0, 4_000), "perftui profiling": Budget(3.0, 5.0, 10_000)}


class Cost(NamedTuple):
    """What one run did cost."""

    name: str
    own_pct: float
    children_pct: float
    bytes_per_s: float
    first_frame_s: float
    rss_mib: float
    key_ms: float


def nine_threads() -> None:
    """Eight workers that compute a little now and then, and a main thread that waits for them."""
    workers = [threading.Thread(target=light_work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def light_work() -> None:
    while True:
        sum(at * at for at in range(2000))
        time.sleep(0.02)


def sleep_long() -> None:
    while True:
        time.sleep(3600)


@contextmanager
def crowd(processes: int) -> Iterator[int]:
    """Top the host up to ``processes`` and add the target; yields its pid."""
    running = sum(name.isdigit() for name in os.listdir("/proc"))
    try:
        for _ in range(max(0, processes - running - 1)):
            spawn(sleep_long)
        yield spawn(nine_threads)
    finally:
        end_players()


def measure(name: str, command: list[str], seconds: float, environment: dict[str, str]) -> Cost:
    """Run ``command`` on a pty. RuntimeError when it did not stay up."""
    wait_until_calm()
    argv = [sys.executable, str(PTYBENCH), "--seconds", str(seconds), "--warmup", "8", "--colorterm", ""]
    for key in KEYS:
        argv += ["--key", key]
    for variable, setting in environment.items():
        argv += ["--env", f"{variable}={setting}"]
    done = subprocess.run([*argv, "--", *command], cwd=ROOT, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    if figures["cpu_pct_steady"] is None:
        raise RuntimeError(f"{name} did not stay up: {figures.get('tail') or figures.get('exec_error')}")
    pauses = [event["ms"] for event in figures["events"] if "ms" in event]
    return Cost(
        name,
        figures["leader_cpu_pct_steady"],
        figures["cpu_pct_steady"] - figures["leader_cpu_pct_steady"],
        figures["bytes_per_s"],
        figures["first_frame_s"] or float("inf"),
        figures["peak_rss_mib"],
        max(pauses, default=float("inf")),
    )


def over_budget(cost: Cost) -> list[str]:
    """What is over, in words; empty for programs without a budget."""
    budget = BUDGETS.get(cost.name)
    if budget is None:
        return []
    pairs = (
        ("own CPU %", cost.own_pct, budget.own_pct),
        ("sampler CPU %", cost.children_pct, max(budget.sampler_pct, 0.1)),
        ("bytes/s", cost.bytes_per_s, budget.bytes_per_s),
        ("first frame s", cost.first_frame_s, budget.first_frame_s),
        ("RSS MiB", cost.rss_mib, budget.rss_mib),
        ("key to paint ms", cost.key_ms, KEY_MS_BUDGET),
    )
    return [f"{what} {got:.2f} > {allowed:g}" for what, got, allowed in pairs if got > allowed]


def runs(pid: int, folder: Path) -> Iterator[tuple[str, list[str], dict[str, str]]]:
    """(name, command, environment) of every program measured."""
    for name, profiling in (("perftui", "false"), ("perftui profiling", "true")):
        config = folder / f"profiling-{profiling}.toml"
        config.write_text(f"profiling = {profiling}\n")
        command = [sys.executable, "-m", "perftui", "attach", str(pid), "--config", str(config)]
        yield name, command, {"XDG_STATE_HOME": str(folder)}
    for other, arguments in (("htop", ["-d", "10"]), ("glances", ["-t", "1"])):
        program = shutil.which(other)
        if program:
            yield other, [program, *arguments], {"HOME": str(folder)}
        else:
            print(f"{other}: not installed (apt-get install {other}), left out")


def main() -> int:
    parser = argparse.ArgumentParser(description="what the screen costs")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--processes", type=int, default=350)
    options = parser.parse_args()
    missed = False
    print(f"{'program':<20}{'own CPU %':>10}{'children %':>11}{'bytes/s':>9}{'first s':>8}{'RSS MiB':>8}{'key ms':>8}")
    with tempfile.TemporaryDirectory(prefix="perftui-bench-") as name, crowd(options.processes) as pid:
        for program, command, environment in runs(pid, Path(name)):
            cost = measure(program, command, options.seconds, environment)
            over = over_budget(cost)
            missed = missed or bool(over)
            word = "" if program not in BUDGETS else f"FAIL: {'; '.join(over)}" if over else "PASS"
            key = f"{cost.key_ms:.1f}" if program in BUDGETS else "-"  # others may not answer these keys
            print(
                f"{cost.name:<20}{cost.own_pct:>10.2f}{cost.children_pct:>11.2f}{cost.bytes_per_s:>9.0f}"
                f"{cost.first_frame_s:>8.2f}{cost.rss_mib:>8.1f}{key:>8}  {word}",
                flush=True,
            )
    for program, budget in BUDGETS.items():
        print(
            f"budget {program:<18} own ≤ {budget.own_pct:g} %, sampler ≤ {budget.sampler_pct:g} %, "
            f"≤ {budget.bytes_per_s:g} bytes/s, first frame ≤ {budget.first_frame_s:g} s, "
            f"RSS ≤ {budget.rss_mib:g} MiB, key to paint ≤ {KEY_MS_BUDGET:g} ms"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
