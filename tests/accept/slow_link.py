"""Over a link of 20 kB/s the screen may stutter; a recording started from it misses no sample."""

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from perftui.store.recording import Recording
from tests.accept.story import check
from tests.accept.terminals import fresh_state
from tests.bench.ui import PTYBENCH
from tests.scenarios.play import ROOT, playing, wait_until_calm

BYTES_PER_SECOND = 20_000
SECONDS = 60
RECORD_FROM, RECORD_TO = 5, 50
PANES = "z2z3z1dqz2z1"
"""Keys that repaint the whole screen, typed all along: the link is never idle."""

MISSED_SECONDS = 1.5
"""Two samples this far apart have one between them that is missing."""


def stories() -> Iterator[str]:
    """Yields a line for each claim that holds. Failed for the first that does not."""
    wait_until_calm()
    with playing("tests.scenarios.s12_healthy_server") as target, fresh_state() as environment:
        figures = _watch(target, environment)
        folder = Path(environment["XDG_STATE_HOME"]) / "perftui" / "recordings"
        paths = sorted(folder.glob("*.perftui"))
        check(len(paths) == 1, f"one recording in {folder}, not {len(paths)}; the screen: {figures.get('tail')}")
        recording = Recording(paths[0])
        times = [sample.monotonic_ns / 1e9 for sample in recording.samples(recording.first_ns, recording.last_ns)]
        recording.close()
    rate = figures["bytes_per_s"]
    check(rate > BYTES_PER_SECOND / 4, f"the link was put under load: {rate} bytes/s of {BYTES_PER_SECOND}")
    gaps = [newer - older for older, newer in pairwise(times)]
    missed = [gap for gap in gaps if gap > MISSED_SECONDS]
    check(not missed, f"no sample is missed; {len(missed)} gaps of up to {max(gaps):.2f} s in {len(times)} samples")
    check(times[-1] - times[0] > RECORD_TO - RECORD_FROM - 3, f"recorded {times[-1] - times[0]:.0f} s")
    yield (
        f"{len(times)} samples in {times[-1] - times[0]:.1f} s, longest gap {max(gaps):.2f} s, "
        f"{rate} bytes/s on a link of {BYTES_PER_SECOND}"
    )


def _watch(target: int, environment: dict[str, str]) -> dict[str, Any]:
    argv = [sys.executable, str(PTYBENCH), "--seconds", str(SECONDS), "--throttle", str(BYTES_PER_SECOND)]
    argv += ["--key", f"{RECORD_FROM}:R", "--key", f"{RECORD_TO}:R"]
    for second in range(RECORD_FROM + 1, RECORD_TO):
        argv += ["--key", f"{second}.5:{PANES[second % len(PANES)]}"]
    for variable, setting in environment.items():
        argv += ["--env", f"{variable}={setting}"]
    command = [sys.executable, "-m", "perftui", "attach", str(target)]
    done = subprocess.run([*argv, "--", *command], cwd=ROOT, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures
