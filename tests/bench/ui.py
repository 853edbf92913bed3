"""What the screen costs, beside htop and glances in the same run.

    python -m tests.bench.ui [--seconds 30] [--repeats 3] [--processes 350] [--threads 9]
    python -m tests.bench.ui --crowd [--processes 5000] [--threads 1000]

The host is filled up to the number of processes with sleeping children; the target has so many threads. Every
program runs on a private pty of 160x45 in 256 colours through ``ptybench``, ``--repeats`` times in turn. What else runs
on a shared machine only adds to a figure: each is the lowest of the repeats, with the median of the own CPU beside it.
Exit code 1 when a budget is missed.

With ``--crowd`` the measure is htop: perftui must need less than half of its CPU in the same run, miss no tick and
answer keys as fast as ever.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from tests.scenarios.play import ROOT, wait_until_calm
from tests.scenarios.stage import end_players, spawn, spawn_program

PTYBENCH = Path(__file__).with_name("ptybench.py")
KEYS = ("10:j", "12:j", "14:j", "16:j", "18:j")
"""Down only: a row that has risen to the top meanwhile has none above it, and nothing would be drawn."""

LEFT = r"\x1b[D"
MISSED = re.compile(r"(\d+) missed so far")
KEY_MS_BUDGET = 50.0
CROWD_RATIO = 0.5
"""perftui's CPU in a crowd, as a part of htop's."""


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
    missed_ticks: int | None
    median_own_pct: float

    @classmethod
    def lowest(cls, runs: Sequence["Cost"]) -> "Cost":
        """The least disturbed figures of several runs of one program; missed ticks are the most of any."""
        missed = [run.missed_ticks for run in runs if run.missed_ticks is not None]
        return cls(
            runs[0].name,
            min(run.own_pct for run in runs),
            min(run.children_pct for run in runs),
            min(run.bytes_per_s for run in runs),
            min(run.first_frame_s for run in runs),
            min(run.rss_mib for run in runs),
            min(run.key_ms for run in runs),
            max(missed, default=None),
            statistics.median(run.own_pct for run in runs),
        )


def many_threads(threads: int) -> None:
    """Workers that compute a little now and then, 400 times a second together, and a main thread that waits."""
    workers = [threading.Thread(target=light_work, args=((threads - 1) / 400,)) for _ in range(threads - 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def light_work(pause: float) -> None:
    while True:
        sum(at * at for at in range(2000))
        time.sleep(pause)


@contextmanager
def crowd(processes: int, threads: int) -> Iterator[int]:
    """Top the host up to ``processes`` and add the target; yields its pid."""
    running = sum(name.isdigit() for name in os.listdir("/proc"))
    try:
        for _ in range(max(0, processes - running - 1)):
            spawn_program(["sleep", "infinity"])
        yield spawn(partial(many_threads, threads))
    finally:
        end_players()


def measure(
    name: str, command: list[str], seconds: float, environment: dict[str, str], *, count_missed: bool = False
) -> Cost:
    """Run ``command`` on a pty. RuntimeError when it did not stay up.

    ``count_missed``: shortly before the end perftui is asked for the sheet that says how many ticks were missed. It
    fills the screen, so it weighs on the bytes and the CPU.
    """
    wait_until_calm()
    argv = [sys.executable, str(PTYBENCH), "--seconds", str(seconds), "--warmup", "8", "--colorterm", ""]
    argv += ["--memory-every", "5", "--quit", "qq"]
    sheet = (f"{seconds - 1.5}:d", f"{seconds - 1}:{LEFT}") if count_missed else ()
    for key in (*KEYS, *sheet):
        argv += ["--key", key]
    for variable, setting in environment.items():
        argv += ["--env", f"{variable}={setting}"]
    with tempfile.NamedTemporaryFile("r") as screen:
        argv += ["--screen", screen.name, "--", *command]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
        last_screen = screen.read()
    figures: dict[str, Any] = json.loads(done.stdout)
    if figures["cpu_pct_steady"] is None:
        raise RuntimeError(f"{name} did not stay up: {figures.get('tail') or figures.get('exec_error')}")
    pauses = [event["ms"] for event in figures["events"][: len(KEYS)] if "ms" in event]
    missed = MISSED.search(last_screen)
    return Cost(
        name,
        figures["leader_cpu_pct_steady"],
        figures["cpu_pct_steady"] - figures["leader_cpu_pct_steady"],
        figures["bytes_per_s"],
        figures["first_frame_s"] or float("inf"),
        figures["peak_rss_mib"],
        max(pauses, default=float("inf")),
        int(missed[1]) if missed else None,
        figures["leader_cpu_pct_steady"],
    )


def over_budget(cost: Cost) -> list[str]:
    """What is over, in words; empty for programs without a budget.

    Without profiling the only children are those that ask the mounts: their CPU counts as our own.
    """
    budget = BUDGETS.get(cost.name)
    if budget is None:
        return []
    sampler_pct = cost.children_pct if budget.sampler_pct else 0.0
    pairs = (
        ("own CPU %", cost.own_pct + cost.children_pct - sampler_pct, budget.own_pct),
        ("sampler CPU %", sampler_pct, budget.sampler_pct),
        ("bytes/s", cost.bytes_per_s, budget.bytes_per_s),
        ("first frame s", cost.first_frame_s, budget.first_frame_s),
        ("RSS MiB", cost.rss_mib, budget.rss_mib),
        ("key to paint ms", cost.key_ms, KEY_MS_BUDGET),
    )
    return [f"{what} {got:.2f} > {allowed:g}" for what, got, allowed in pairs if got > allowed]


Program = tuple[str, list[str], dict[str, str]]
"""Name, command, environment."""


def runs(pid: int, folder: Path) -> Iterator[Program]:
    """Every program measured."""
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


def over_htop(perftui: Cost, htop: Cost) -> list[str]:
    """What perftui owes in a crowd, in words."""
    ratio = perftui.own_pct / htop.own_pct
    owed = [f"{ratio:.2f} of htop's CPU > {CROWD_RATIO:g}"] if ratio > CROWD_RATIO else []
    if perftui.missed_ticks != 0:
        owed.append(f"missed ticks: {perftui.missed_ticks}")
    if perftui.key_ms > KEY_MS_BUDGET:
        owed.append(f"key to paint {perftui.key_ms:.1f} ms > {KEY_MS_BUDGET:g}")
    return owed


def show(cost: Cost, word: str) -> None:
    key = f"{cost.key_ms:.1f}" if cost.name in BUDGETS else "-"  # others may not answer these keys
    missed = "-" if cost.missed_ticks is None else str(cost.missed_ticks)
    print(
        f"{cost.name:<20}{cost.own_pct:>10.2f}{cost.children_pct:>11.2f}{cost.bytes_per_s:>9.0f}"
        f"{cost.first_frame_s:>8.2f}{cost.rss_mib:>8.1f}{key:>8}{missed:>7}{cost.median_own_pct:>8.2f}  {word}",
        flush=True,
    )


Round = Callable[[], Iterator[Cost]]
"""Every program once, on a target of its own: one that a test starts ends by itself after five minutes."""


def in_turn(once: Round, repeats: int) -> Iterator[Cost]:
    """Each program's lowest figures. They take turns, so that a busy minute of the machine hits all of them."""
    return map(Cost.lowest, zip(*(list(once()) for _ in range(repeats)), strict=True))


def against_budgets(once: Round, repeats: int) -> bool:
    """True when every budget is kept."""
    kept = True
    for cost in in_turn(once, repeats):
        over = over_budget(cost)
        kept = kept and not over
        show(cost, "" if cost.name not in BUDGETS else f"FAIL: {'; '.join(over)}" if over else "PASS")
    for name, budget in BUDGETS.items():
        print(
            f"budget {name:<18} own ≤ {budget.own_pct:g} %, sampler ≤ {budget.sampler_pct:g} %, "
            f"≤ {budget.bytes_per_s:g} bytes/s, first frame ≤ {budget.first_frame_s:g} s, "
            f"RSS ≤ {budget.rss_mib:g} MiB, key to paint ≤ {KEY_MS_BUDGET:g} ms"
        )
    return kept


def against_htop(once: Round, repeats: int) -> bool:
    """True when perftui keeps up with htop in a crowd."""
    costs = {cost.name: cost for cost in in_turn(once, repeats)}
    for cost in costs.values():
        show(cost, "")
    if "htop" not in costs:
        return False
    owed = over_htop(costs["perftui"], costs["htop"])
    ratio = costs["perftui"].own_pct / costs["htop"].own_pct
    print(f"{'FAIL: ' + '; '.join(owed) if owed else 'PASS'}: perftui takes {ratio:.2f} of htop's CPU")
    return not owed


def main() -> int:
    parser = argparse.ArgumentParser(description="what the screen costs")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--crowd", action="store_true", help="compare with htop among thousands of processes")
    parser.add_argument("--processes", type=int, help="350, or 5000 in a crowd")
    parser.add_argument("--threads", type=int, help="9, or 1000 in a crowd")
    options = parser.parse_args()
    processes = options.processes or (5000 if options.crowd else 350)
    threads = options.threads or (1000 if options.crowd else 9)
    print(
        f"{'program':<20}{'own CPU %':>10}{'children %':>11}{'bytes/s':>9}{'first s':>8}{'RSS MiB':>8}{'key ms':>8}"
        f"{'missed':>7}{'median':>8}"
    )
    with tempfile.TemporaryDirectory(prefix="perftui-bench-") as name:

        def once() -> Iterator[Cost]:
            with crowd(processes, threads) as pid:
                for program, command, environment in runs(pid, Path(name)):
                    if not options.crowd or program in ("perftui", "htop"):
                        yield measure(program, command, options.seconds, environment, count_missed=options.crowd)

        judge = against_htop if options.crowd else against_budgets
        return 0 if judge(once, options.repeats) else 1


if __name__ == "__main__":
    raise SystemExit(main())
