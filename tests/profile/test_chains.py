"""All that looks at the stacks of one process, on real ones."""

import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from perftui.host.interpreter import Interpreter
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import StackProfile
from perftui.profile import chains as chains_module
from perftui.profile import preflight
from perftui.profile.activity import ActivityMeter
from perftui.profile.chains import Chains
from tests.host.test_target import wait_for
from tests.profile.children import SLEEPER, python_child, samplers_of
from tests.profile.test_truth import window

SPINNER = "def spin():\n    while True: sum(range(100))\nprint('up', flush=True)\nspin()\n"


@contextmanager
def watching(process: subprocess.Popen[bytes], activity: ActivityMeter | None = None) -> Iterator[Chains]:
    held = HeldTarget.open(Host(), process.pid)
    chains = Chains(Host(), held, rate_hz=100, budget_ratio=1.0, activity=activity or ActivityMeter())
    chains.start()
    try:
        yield chains
    finally:
        chains.stop()
        held.close()
        assert samplers_of(process.pid) == []


def test_both_chains_run_and_exact_looks_tell_how_true_the_stacks_are() -> None:
    taken: list[StackProfile] = []

    def known(chains: Chains) -> bool:
        taken.extend(chains.take())
        return chains.status.suspect_ratio is not None and "gil" in {window.mode for window in taken}

    with python_child(sys.executable, SPINNER) as process, watching(process) as chains:
        wait_for(lambda: known(chains), seconds=60)
        status = chains.status

    assert status.suspect_ratio is not None
    assert status.suspect_ratio < 0.3
    assert status.slowdown_ratio is not None
    assert 0 <= status.slowdown_ratio < 0.1
    assert {window.mode for window in taken} == {"nonblocking", "gil"}  # the exact window is no part of the past


BLOCKER = """
import ctypes, threading, time, zlib
lib = ctypes.CDLL(None)

def spend(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(50))

def squeeze(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        zlib.compress(bytes(300_000))

def query():
    lib.usleep(50_000)

def serve():
    while True:
        spend(0.02)
        squeeze(0.02)
        query()

threading.Thread(target=serve, daemon=True).start()
print("up", flush=True)
time.sleep(300)
"""


@pytest.mark.alone
def test_what_blocks_in_c_code_is_not_taken_for_work() -> None:
    """Nothing in its name or source tells that ``query`` waits; ``squeeze`` runs without the GIL, too."""
    selves: dict[str, float] = defaultdict(float)
    activity = ActivityMeter()

    def enough(chains: Chains) -> bool:
        for found in chains.take():
            for row in activity.weighed(found).rows if found.mode == "nonblocking" else ():
                selves[found.frames[found.stacks[row.stack][-1]].function] += row.on_cpu
        return sum(selves.values()) >= 200

    with python_child(sys.executable, BLOCKER) as process, watching(process, activity) as chains:
        wait_for(lambda: enough(chains), seconds=120)

    shares = {function: looks / sum(selves.values()) for function, looks in selves.items()}
    assert shares.get("query", 0.0) < 0.1, shares
    assert shares["spend"] == pytest.approx(0.5, abs=0.15)
    assert shares["squeeze"] == pytest.approx(0.5, abs=0.15)


def test_a_program_that_sleeps_is_seen_from_the_start() -> None:
    taken: list[StackProfile] = []
    with python_child(sys.executable, SLEEPER) as process, watching(process) as chains:
        wait_for(lambda: chains._wall.status.state == "ok", seconds=60)
        chains.stop()
        taken = chains.take()
        assert chains.take() == []
        assert not chains._active.running
    assert "nonblocking" in {found.mode for found in taken}


def test_in_exact_mode_no_stack_is_suspect() -> None:
    taken: list[StackProfile] = []

    def exact(chains: Chains) -> bool:
        taken.extend(chains.take())
        return chains.status.mode == "exact"

    with python_child(sys.executable, SPINNER) as process, watching(process) as chains:
        chains.switch("exact")
        wait_for(lambda: exact(chains), seconds=60)
        assert chains.status.suspect_ratio == 0.0


def test_a_target_with_many_threads_is_not_paused_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chains_module, "MOST_THREADS", 0)
    taken: list[StackProfile] = []

    def sampled(chains: Chains) -> bool:
        taken.extend(chains.take())
        return sum(window.mode == "nonblocking" for window in taken) >= 2

    with python_child(sys.executable, SLEEPER) as process, watching(process) as chains:
        wait_for(lambda: sampled(chains), seconds=60)
        assert not chains._exact.running
        assert chains.status.suspect_ratio is None


def test_why_there_is_no_view_of_the_gil_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Interpreter(version="3.13", free_threaded=True)
    monkeypatch.setattr(preflight, "check", lambda *_: found)
    with python_child(sys.executable, SLEEPER) as process, watching(process) as chains:
        wait_for(lambda: chains.status.reason.startswith("GIL: ") and chains.status.state == "ok", seconds=60)
        assert "free-threaded" in chains.status.reason


def test_a_long_exact_watch_is_not_learned_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    learned: list[StackProfile] = []
    with python_child(sys.executable, SLEEPER) as process:
        held = HeldTarget.open(Host(), process.pid)
        chains = Chains(Host(), held, rate_hz=100, budget_ratio=1.0, activity=ActivityMeter())
        monkeypatch.setattr(chains._wall, "take", lambda: [window("exact", ("ab", 10))])
        learn = chains._truth.learn

        def noted(found: StackProfile) -> None:
            learned.append(found)
            learn(found)

        monkeypatch.setattr(chains._truth, "learn", noted)
        monkeypatch.setattr(chains._activity, "holds", lambda _: False)
        taken = [found for _ in range(20) for found in chains.take()]
        chains.stop()
        held.close()
    assert len(taken) == 20
    assert 0 < len(learned) < 10
