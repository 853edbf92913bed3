"""kill -9 while it records: all but the last five seconds can be replayed."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from perftui.store.recording import Recording
from tests.accept.story import check, kill, wait_for
from tests.accept.terminals import fresh_state
from tests.scenarios.play import ROOT, playing

RECORD_SAMPLES = 20
"""A verdict looks back on ten."""

RECORD_DEADLINE_SECONDS = 90.0
LOST_SECONDS = 6.0
"""A part is written every 5 s; the sample that it waits for comes within one more."""


def stories() -> Iterator[str]:
    """Yields a line for each claim that holds. Failed for the first that does not."""
    with playing("tests.scenarios.s05_gil") as target, fresh_state() as environment:
        path = Path(environment["XDG_STATE_HOME"]) / "killed.perftui"
        killed_ns = _record_and_kill(target, path, environment)
        recording = Recording(path)
        samples = list(recording.samples(recording.first_ns, recording.last_ns))
        lost = (killed_ns - recording.last_ns) / 1e9
        recording.close()
        check(0 <= lost <= LOST_SECONDS, f"at most {LOST_SECONDS:g} s are lost, not {lost:.1f} s")
        check(len(samples) >= RECORD_SAMPLES, f"{len(samples)} samples can be read, {RECORD_SAMPLES} were there before")
        yield f"{len(samples)} samples are there, {lost:.1f} s are lost"

        argv = [sys.executable, "-m", "perftui", "replay", str(path), "--json"]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
        check(done.returncode == 0, f"the replay ended with {done.returncode}: {done.stderr}")
        verdict = json.loads(done.stdout)["verdict"]
        check(verdict is not None and verdict["rule"] == "coord-gil", f"the replay's verdict is {verdict}")
        yield "the replay has the verdict coord-gil"


def _record_and_kill(target: int, path: Path, environment: dict[str, str]) -> int:
    """When it was killed, as a wall-clock time in nanoseconds."""
    argv = ["env", *(f"{name}={folder}" for name, folder in environment.items())]
    argv += [sys.executable, "-m", "perftui", "record", str(target), "-o", str(path)]
    with subprocess.Popen(argv, cwd=ROOT, stderr=subprocess.DEVNULL) as recorder:
        try:
            wait_for(path.exists, "a recording")
            wait_for(
                lambda: _count(path) >= RECORD_SAMPLES, f"{RECORD_SAMPLES} samples on disk", RECORD_DEADLINE_SECONDS
            )
        finally:
            kill(recorder.pid, signal.SIGKILL)
            killed_ns = time.time_ns()
    return killed_ns


def _count(path: Path) -> int:
    with closing(Recording(path)) as recording:
        return recording.count
