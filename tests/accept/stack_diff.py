"""A real program grows slower in one of its twenty functions: the diff finds it, and finds nothing else.

One recording of thirteen minutes serves for all: eleven minutes as it was, then one function does more, so that a round
takes a tenth longer. An A/A run compares two of the eleven: neighbours, then those with one between, then with two.
The recording is kept in ``.accept`` until the code changes: a story that was broken off goes on with it.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from tests.accept.story import Failed, check, kill
from tests.scenarios.play import ROOT
from tests.scenarios.run import code_digest

FUNCTIONS = 20
PLANTED = 6
MORE = 0.10
MINUTE_SECONDS = 60
MINUTES = 11
RUNS = 20
SETTLE_SECONDS = 5
ROUND_STEPS = 200_000
"""Of a loop, in a round: some hundredths of a second."""

FUNCTION = """
def f{at}(steps):
    total = 0
    while steps:
        total ^= steps
        steps -= 1
    return total
"""
MAIN = """
import signal, sys
more = 0

def grow(*_):
    global more
    more = {more}

signal.signal(signal.SIGUSR1, grow)
print("up", flush=True)
while True:
{calls}
"""


class Kept(NamedTuple):
    """A recording, and how many seconds after its start the function began to do more."""

    path: Path
    switched_seconds: float


def stories() -> Iterator[str]:
    """Yields a line for each claim that holds. Failed for the first that does not."""
    files = _files()
    kept = _kept(*files) or _recorded(*files)
    yield f"{kept.switched_seconds:.0f} s of a program with {FUNCTIONS} functions, and a minute in which one does more"
    yield _planted(kept)
    yield _alike(kept)


def program() -> str:
    """Its source. Shares are as Zipf's: the first function takes about a quarter."""
    whole = sum(1 / rank for rank in range(1, FUNCTIONS + 1))
    steps = [round(ROUND_STEPS / rank / whole) for rank in range(1, FUNCTIONS + 1)]
    calls = [f"    f{at}({count}{' + more' if at == PLANTED else ''})" for at, count in enumerate(steps)]
    return "".join(FUNCTION.format(at=at) for at in range(FUNCTIONS)) + MAIN.format(
        more=round(MORE * sum(steps)), calls="\n".join(calls)
    )


def _files() -> tuple[Path, Path]:
    """The recording, and the file that is written when it is complete: both are of this very code."""
    folder = ROOT / ".accept"
    folder.mkdir(exist_ok=True)
    name = f"stack-diff-{code_digest()}"
    return folder / f"{name}.perftui", folder / f"{name}.json"


def _kept(path: Path, when: Path) -> Kept | None:
    return Kept(path, float(json.loads(when.read_text()))) if when.exists() and path.exists() else None


def _recorded(path: Path, when: Path) -> Kept:
    path.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "program.py")
        source.write_text(program())
        with subprocess.Popen([sys.executable, source], stdout=subprocess.PIPE) as target:
            try:
                assert target.stdout is not None
                target.stdout.readline()
                switched_ns = _record(target.pid, path)
            finally:
                kill(target.pid)
    kept = Kept(path, (switched_ns - _since_ns(path)) / 1e9)
    when.write_text(json.dumps(kept.switched_seconds))
    return kept


def _record(pid: int, path: Path) -> int:
    """When the function began to do more, as a wall-clock time in nanoseconds."""
    argv = [sys.executable, "-m", "perftui", "record", str(pid), "-o", str(path)]
    with subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.PIPE, text=True) as recorder:
        try:
            time.sleep(2 * SETTLE_SECONDS + MINUTES * MINUTE_SECONDS)
            os.kill(pid, signal.SIGUSR1)
            switched_ns = time.time_ns()
            time.sleep(2 * SETTLE_SECONDS + MINUTE_SECONDS)
            recorder.send_signal(signal.SIGINT)
            _, said = recorder.communicate(timeout=60)
        finally:
            recorder.kill()
    check(path.exists(), f"nothing was recorded: {said}")
    return switched_ns


def _since_ns(path: Path) -> int:
    """When the recording begins, as the document says: in whole seconds."""
    since = _diff(path, (0, 30), (30, 60))["a"]["since"]
    return int(datetime.fromisoformat(since).timestamp() * 1e9)


def _diff(path: Path, before: tuple[float, float], after: tuple[float, float]) -> dict[str, Any]:
    ranges = [f"{path}@+{since:.1f}..+{until:.1f}" for since, until in (before, after)]
    argv = [sys.executable, "-m", "perftui", "diff", *ranges, "--json"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode != 0:
        raise Failed(f"perftui diff ended with {done.returncode}: {done.stderr}")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def _minute(kept: Kept, number: int) -> tuple[float, float]:
    """One of the minutes before the switch, or ``MINUTES`` for the one after it."""
    since = kept.switched_seconds + SETTLE_SECONDS - (MINUTES - number) * MINUTE_SECONDS
    since -= 0 if number == MINUTES else 2 * SETTLE_SECONDS
    return since, since + MINUTE_SECONDS


def _changed(document: dict[str, Any], time_of: str) -> dict[str, str]:
    """Function → verdict, of those that are said to have changed: by their ``own`` time, or in ``total``."""
    return {
        function["function"]: function[time_of]["verdict"]
        for function in document["functions"]
        if function[time_of]["verdict"] not in ("alike", "too few samples")
    }


def _planted(kept: Kept) -> str:
    document = _diff(kept.path, _minute(kept, MINUTES - 1), _minute(kept, MINUTES))
    changed, verdict = _changed(document, "own"), document["stacks"]["verdict"]
    check(changed == {f"f{PLANTED}": "grew"}, f"planted in f{PLANTED}, said to have changed: {changed}")
    check(verdict == "worse", f"a function that grew: the verdict is {verdict}: {document['stacks']['reason']}")
    own = document["functions"][0]["own"]
    low, high = 100 * own["low_ratio"], 100 * own["high_ratio"]
    truth = 100 * MORE / (1 + MORE)
    check(low <= truth <= high, f"{truth:.1f} points were planted, the interval is {low:.1f} to {high:.1f}")
    return f"f{PLANTED} grew by {100 * own['change_ratio']:.1f} points ({low:.1f} to {high:.1f}), nothing else changed"


def _alike(kept: Kept) -> str:
    pairs = [(first, first + apart) for apart in (1, 2, 3) for first in range(MINUTES - apart)][:RUNS]
    alarms = []
    largest = 0.0
    for first, second in pairs:
        document = _diff(kept.path, _minute(kept, first), _minute(kept, second))
        stacks = document["stacks"]
        changed = _changed(document, "own") | _changed(document, "total")
        if changed or stacks["vanished"] or stacks["verdict"] in ("worse", "better"):
            alarms.append(f"minutes {first} and {second}: {stacks['verdict']}, {changed}, {stacks['vanished']}")
        largest = max([largest, *(abs(function["own"]["change_ratio"]) for function in document["functions"])])
    check(not alarms, f"{len(alarms)} of {len(pairs)} A/A runs cry wolf: {'; '.join(alarms)}")
    return f"{len(pairs)} A/A runs accuse no function, by its own time or in total (at most {100 * largest:.1f} points)"
