"""The ways of looking, and what each tells, with the real py-spy on real processes."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from itertools import pairwise

import pytest

from perftui.host.clock import monotonic_ns
from perftui.host.interpreter import Interpreter
from perftui.model.profile import SLOT_NS, StackProfile
from perftui.profile import preflight, window
from tests.host.test_target import wait_for
from tests.profile.children import python_child, samplers_of, state_of
from tests.profile.test_pyspy import collect, sampling, unavailable

BURSTS = """
import time
def burst(end):
    while time.monotonic() < end: pass
print("up", flush=True)
while True:
    burst(time.monotonic() + 0.3)
    time.sleep(0.7)
"""
SPINNER = """
def spin():
    while True: sum(range(100))
print("up", flush=True)
spin()
"""
MANY = (
    """
import threading, time
def wait():
    while True: time.sleep(0.01)
for _ in range(8): threading.Thread(target=wait, daemon=True).start()
"""
    + SPINNER
)


def slots_of(profile: StackProfile, function: str) -> Counter[int]:
    """Slot → samples of the stacks that this function is in."""
    within = {at for at, frame in enumerate(profile.frames) if frame.function == function}
    rows = {at for at, row in enumerate(profile.rows) if within & set(profile.stacks[row.stack])}
    counted: Counter[int] = Counter()
    for row, slot, samples in profile.slots.rows("row", "slot", "samples"):
        if row in rows:
            counted[slot] += samples
    return counted


@pytest.mark.alone
def test_a_burst_is_seen_when_it_was() -> None:
    with python_child(sys.executable, BURSTS) as process, sampling(process.pid) as sampler:
        windows = collect(sampler, windows=4)

    whole = max(windows, key=lambda profile: profile.attempts)
    busy = slots_of(whole, "burst")
    runs = sorted(busy)
    # 300 ms are 6 slots; a window that holds parts of two bursts has a gap of 14 between them.
    gaps = [later - earlier for earlier, later in pairwise(runs) if later - earlier > 2]
    assert 4 <= len(runs) <= 9
    assert len(gaps) <= 1
    assert sum(busy.values()) == pytest.approx(0.3 * whole.attempts, abs=0.15 * whole.attempts)
    assert max(runs) * SLOT_NS < whole.ended_ns - whole.started_ns


def test_exact_windows_do_not_overlap_and_measure_the_slowdown() -> None:
    with python_child(sys.executable, MANY) as process, sampling(process.pid, mode="exact") as sampler:
        windows = collect(sampler, windows=2)
        status = sampler.status

    assert all(older.ended_ns < newer.started_ns for older, newer in pairwise(windows))
    assert {profile.mode for profile in windows} == {"exact"}
    assert status.mode == "exact"
    assert status.slowdown_ratio is not None
    assert status.slowdown_ratio > 0.05  # nine threads at 100 Hz: about a half
    assert all(len(profile.slots) > 0 for profile in windows)


def test_native_frames_come_with_their_library() -> None:
    with python_child(sys.executable, SPINNER) as process, sampling(process.pid, mode="native", rate_hz=20) as sampler:
        profile = collect(sampler, windows=1)[0]

    assert profile.mode == "native"
    assert {frame.function for frame in profile.frames} >= {"spin", "<module>"}
    assert any(".so" in frame.file or frame.file.endswith(sys.executable) for frame in profile.frames)


def test_whoever_holds_the_gil_is_seen_and_how_much_of_the_time() -> None:
    with python_child(sys.executable, SPINNER) as process, sampling(process.pid, mode="gil") as sampler:
        profile = collect(sampler, windows=2)[1]

    assert profile.mode == "gil"
    assert 0.5 < profile.samples / profile.attempts <= 1
    assert len(profile.slots) == 0


def test_nobody_holds_the_gil_of_a_sleeping_process(sleeper: subprocess.Popen[bytes]) -> None:
    with sampling(sleeper.pid, mode="gil") as sampler:
        profile = collect(sampler, windows=2)[1]
        status = sampler.status

    assert status.state == "ok"
    assert profile.pids == {sleeper.pid}
    assert profile.attempts > 0
    assert profile.samples / profile.attempts < 0.2


def test_a_free_threaded_python_has_no_gil(sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "check", lambda *_: Interpreter(version="3.13", free_threaded=True))
    with sampling(sleeper.pid, mode="gil") as sampler:
        assert "free-threaded Python, which has no GIL" in unavailable(sampler)


def test_the_mode_is_switched_from_one_window_to_the_next(sleeper: subprocess.Popen[bytes]) -> None:
    with sampling(sleeper.pid) as sampler:
        collect(sampler, windows=1)
        sampler.switch("exact")
        modes = [profile.mode for profile in collect(sampler, windows=4)]
        wait_for(lambda: sampler.status.mode == "exact")
        sampler.switch("nonblocking")
        wait_for(lambda: sampler.status.mode == "nonblocking")

    assert "exact" in modes
    assert modes == sorted(modes, reverse=True)  # "nonblocking" first


def test_once_is_one_window(sleeper: subprocess.Popen[bytes]) -> None:
    with sampling(sleeper.pid, mode="exact", once=True) as sampler:
        profile = collect(sampler, windows=1)[0]
        wait_for(lambda: sampler._thread is not None and not sampler._thread.is_alive())

        assert samplers_of(sleeper.pid) == []
        assert profile.mode == "exact"


def test_a_window_that_is_too_large_is_left_out_and_told(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "MAX_RESULT_BYTES", 100)
    with sampling(sleeper.pid) as sampler:
        wait_for(lambda: "more than 4 MiB" in sampler.status.reason)
        monkeypatch.undo()
        assert collect(sampler, windows=1)[0].samples > 0
        wait_for(lambda: sampler.status.reason == "")


def test_a_sampler_killed_while_it_pauses_leaves_no_target_stopped() -> None:
    """`make accept ONLY=stopped` does it fifty times."""
    with python_child(sys.executable, MANY) as process, sampling(process.pid, mode="exact", rate_hz=200) as sampler:
        for seed in range(5):
            kill_sampler_of(process.pid, after_ns=random.Random(seed).randrange(50_000_000))
            wait_for(lambda: state_of(process.pid) == "R")
        assert collect(sampler, windows=1)[0].samples > 0


def kill_sampler_of(target: int, after_ns: int) -> None:
    wait_for(lambda: bool(samplers_of(target)), seconds=30)
    (sampler, *_) = samplers_of(target)
    until = monotonic_ns() + after_ns
    wait_for(lambda: monotonic_ns() >= until)
    os.kill(sampler, signal.SIGKILL)
    wait_for(lambda: sampler not in samplers_of(target))
