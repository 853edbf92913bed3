"""kill -9 of the sampler, of perftui and of both while the target is paused for each look: it never stays stopped."""

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.accept.story import check, kill, wait_for
from tests.profile.children import REPOSITORY, python_child, samplers_of
from tests.profile.test_pyspy_modes import MANY

KILLS = 50
MOST_WAIT_SECONDS = 0.3
SAMPLER_ENDS_SECONDS = 30.0
"""One whose perftui is gone ends by itself after its window and two seconds, later on a busy machine."""

PERFTUI = f"""
import sys, time
sys.path.insert(0, {str(REPOSITORY)!r})
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.profile.pyspy import PySpySampler
held = HeldTarget.open(Host(), int(sys.argv[1]))
sampler = PySpySampler(Host(), held, mode="exact", rate_hz=100, budget_ratio=100.0)
sampler.start()
print("up", flush=True)
while True: time.sleep(1)
"""


def stories() -> Iterator[str]:
    """Yields a line for each claim that holds. Failed for the first that does not."""
    draw = random.Random(4)
    with python_child(sys.executable, MANY) as target:
        for number in range(KILLS):
            victims = ("sampler", "perftui", "both")[number % 3]
            _kill_one(target.pid, victims, draw.uniform(0, MOST_WAIT_SECONDS))
            states = _states(target.pid)
            check(set(states) <= set("RSD"), f"after kill {number} of {victims} the target's threads are in {states}")
        yield f"{KILLS} times killed at a random moment, the target goes on"


def _kill_one(target: int, victims: str, after_seconds: float) -> None:
    with python_child(sys.executable, PERFTUI, str(target)) as perftui:
        wait_for(lambda: bool(samplers_of(target)), "a sampler")
        time.sleep(after_seconds)
        samplers = samplers_of(target)
        if victims != "sampler":
            kill(perftui.pid, signal.SIGKILL)
        if victims != "perftui":
            for pid in samplers:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not samplers_of(target), "the end of the samplers", SAMPLER_ENDS_SECONDS)


def _states(pid: int) -> str:
    """The letters of all threads."""
    stats = [(task / "stat").read_text() for task in Path(f"/proc/{pid}/task").iterdir()]
    return "".join(stat.rpartition(") ")[2][:1] for stat in stats)
