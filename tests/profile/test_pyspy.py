"""The sampler with the real py-spy on real processes."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError
from itertools import pairwise
from pathlib import Path

import pytest

from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import Mode, StackProfile, merge
from perftui.model.profile_views import hot_functions
from perftui.profile import pyspy
from perftui.profile.pyspy import PySpySampler
from perftui.profile.tree import Node, build
from tests.host.test_target import wait_for
from tests.profile.children import (
    REPOSITORY,
    SLEEPER,
    children_of,
    python_child,
    pythons,
    refusal_as_nobody,
    samplers_of,
    state_of,
    traced,
)

SHARES = """
import time
def spend(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: sum(range(50))
def sixty(): spend(0.006)
def thirty(): spend(0.003)
def ten(): spend(0.001)
def rest():
    time.sleep(0.005)
print("up", flush=True)
while True:
    sixty(); thirty(); ten(); rest()
"""
THREADS = """
import threading, time, queue
def spin():
    while True: sum(range(1000))
def wait_for_work(jobs): jobs.get()
threading.Thread(target=wait_for_work, args=(queue.Queue(),), name="wai;ter (1) 2\\n\\x1b[31m", daemon=True).start()
threading.Thread(target=spin, name="spinner", daemon=True).start()
time.sleep(0.1)
print("up", flush=True)
while True: time.sleep(0.05)
"""
ENDS_WHEN_TOLD = """
import sys, threading
def stand_by(): threading.Event().wait()
threading.Thread(target=stand_by, daemon=True).start()
print("up", flush=True)
sys.stdin.read()
"""


@contextmanager
def sampling(
    pid: int, *, mode: Mode = "nonblocking", rate_hz: int = 100, budget_ratio: float = 10.0, once: bool = False
) -> Iterator[PySpySampler]:
    held = HeldTarget.open(Host(), pid)
    sampler = PySpySampler(Host(), held, mode=mode, rate_hz=rate_hz, budget_ratio=budget_ratio, once=once)
    sampler.start()
    try:
        yield sampler
    finally:
        sampler.stop()
        held.close()


def collect(sampler: PySpySampler, windows: int) -> list[StackProfile]:
    taken: list[StackProfile] = []

    def enough() -> bool:
        taken.extend(sampler.take())
        return len(taken) >= windows

    wait_for(enough, seconds=60)
    return taken


def whole(profiles: list[StackProfile]) -> StackProfile:
    merged = merge(profiles)
    assert merged is not None
    return merged


def unavailable(sampler: PySpySampler) -> str:
    wait_for(lambda: sampler.status.state == "unavailable")
    return f"{sampler.status.reason} | {sampler.status.remedy}"


@pytest.mark.alone
def test_functions_at_60_30_and_10_percent_appear_so(tmp_path: Path) -> None:
    path = tmp_path / "shares.py"
    path.write_text(SHARES)
    program = f"exec(compile({SHARES!r}, {str(path)!r}, 'exec'))"
    with python_child(sys.executable, program) as process, sampling(process.pid, rate_hz=250) as sampler:
        profile = whole(collect(sampler, windows=8))
    totals = {hot.function: hot.total_ratio for hot in hot_functions(profile, limit=100)}
    (module, *_) = [node for node in nodes_of(profile) if any(child.function == "sixty" for child in node.children)]

    assert profile.attempts > 1000
    assert [child.function for child in module.children][:3] == ["sixty", "thirty", "ten"]
    assert [totals[name] for name in ("sixty", "thirty", "ten")] == pytest.approx([0.6, 0.3, 0.1], abs=0.05)
    assert totals.get("rest", 0.0) < 0.05


def nodes_of(profile: StackProfile) -> list[Node]:
    nodes = [build(profile, view="cpu")]
    for node in nodes:
        nodes.extend(node.children)
    return nodes


@pytest.mark.parametrize("python", pythons())
def test_threads_are_told_apart_on_every_version(python: str) -> None:
    with python_child(python, THREADS) as process, sampling(process.pid) as sampler:
        profile = whole(collect(sampler, windows=2))
        tids = {int(name) for name in os.listdir(f"/proc/{process.pid}/task")}
    names = {thread.tid: thread.name for thread in profile.threads}
    running = dict.fromkeys(names, 0.0)
    for row in profile.rows:
        running[row.tid] += row.on_cpu

    assert set(names) == tids
    assert process.pid in names
    assert all(name.isprintable() for name in names.values())
    assert names[max(running, key=running.__getitem__)] == "spinner"
    assert max(running.values()) > 0.8 * profile.on_cpu > 0
    assert all(row.on_cpu <= row.samples for row in profile.rows)


def test_windows_follow_each_other_without_a_gap(sleeper: subprocess.Popen[bytes]) -> None:
    with sampling(sleeper.pid) as sampler:
        windows = collect(sampler, windows=4)
        status = sampler.status

    # One may be late when the machine is so busy that py-spy takes over a second to start.
    assert sum(older.ended_ns == newer.started_ns for older, newer in pairwise(windows)) >= len(windows) - 2
    assert all(window.attempts > 0 and window.sampler_cpu_ns > 0 for window in windows)
    assert (status.state, status.sampler) == ("ok", "py-spy")
    assert status.gap_ratio < 0.5
    assert status.sampler_cpu_ratio > 0


def test_a_small_budget_lowers_the_rate(sleeper: subprocess.Popen[bytes]) -> None:
    with sampling(sleeper.pid, budget_ratio=0.005) as sampler:
        collect(sampler, windows=1)

        assert sampler.status.rate_hz < 100


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_stop_leaves_no_child_and_the_target_running(sleeper: subprocess.Popen[bytes]) -> None:
    with sampling(sleeper.pid) as sampler:
        wait_for(lambda: bool(samplers_of(sleeper.pid)))
        sampler.stop()

        assert samplers_of(sleeper.pid) == []
        assert state_of(sleeper.pid) in "RS"
        assert sampler.status.state == "off"
        sampler.stop()


def test_stop_hands_over_the_window_under_way(sleeper: subprocess.Popen[bytes]) -> None:
    with sampling(sleeper.pid) as sampler:
        (first, *_) = collect(sampler, windows=1)
        wait_for(lambda: monotonic_ns() > first.ended_ns + 500_000_000)  # its successor has looked by then
        sampler.stop()

        assert sum(window.samples for window in sampler.take()) > 0


def test_a_target_that_ends_midway_is_a_clean_end() -> None:
    process = subprocess.Popen([sys.executable, "-c", ENDS_WHEN_TOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdout.readline()
    try:
        with sampling(process.pid) as sampler:
            collect(sampler, windows=1)
            process.stdin.close()
            process.wait()
            wait_for(lambda: sampler.status.state == "off")

            assert sampler.status.reason == f"process {process.pid} has ended"
            wait_for(lambda: samplers_of(process.pid) == [])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_target_that_is_gone_before_the_start() -> None:
    with python_child(sys.executable, SLEEPER) as process:
        held = HeldTarget.open(Host(), process.pid)
    sampler = PySpySampler(Host(), held)
    sampler.start()
    wait_for(lambda: sampler.status.state == "off")
    sampler.stop()
    held.close()

    assert sampler.take() == []


def test_not_a_python_process() -> None:
    process = subprocess.Popen(["/bin/sleep", "60"])
    try:
        wait_for(lambda: b"/sleep" in command_of(process.pid))
        with sampling(process.pid) as sampler:
            assert "is not a Python process" in unavailable(sampler)
            assert sampler.take() == []
    finally:
        process.kill()
        process.wait()


def test_a_stopped_target_is_told_and_sampled_again_when_it_goes_on(sleeper: subprocess.Popen[bytes]) -> None:
    with sampling(sleeper.pid) as sampler:
        collect(sampler, windows=1)
        os.kill(sleeper.pid, signal.SIGSTOP)
        said = unavailable(sampler)
        os.kill(sleeper.pid, signal.SIGCONT)
        wait_for(lambda: sampler.status.state == "ok")
    assert f"process {sleeper.pid} is stopped | kill -CONT {sleeper.pid}" in said


def test_a_traced_target_is_sampled(sleeper: subprocess.Popen[bytes]) -> None:
    with traced(sleeper.pid, let_run=True), sampling(sleeper.pid) as sampler:
        assert collect(sampler, windows=1)[0].samples > 0


@pytest.mark.root
def test_another_users_process_without_rights(sleeper: subprocess.Popen[bytes]) -> None:
    said = refusal_as_nobody(
        "from perftui.host.target import HeldTarget\n"
        f"s = perftui.profile.pyspy.PySpySampler(Host(), HeldTarget.open(Host(), {sleeper.pid}))\n"
        "import time\ns.start()\n"
        "while s.status.state == 'starting': time.sleep(0.01)\n"
        "print(s.status.state, s.status.reason, s.status.remedy)\ns.stop()\n"
    )

    assert "unavailable" in said
    assert f"sudo perftui attach {sleeper.pid}" in said


@pytest.mark.root
def test_a_target_in_another_pid_namespace(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    assert unshare is not None
    outer = subprocess.Popen(
        [unshare, "--pid", "--fork", "--kill-child", sys.executable, "-c", THREADS], stdout=subprocess.PIPE
    )
    assert outer.stdout is not None
    try:
        outer.stdout.readline()
        (pid,) = children_of(outer.pid)
        with sampling(pid) as sampler:
            profile = collect(sampler, windows=1)[0]
        tids = {int(name) for name in os.listdir(f"/proc/{pid}/task")}
    finally:
        outer.kill()
        outer.wait()
        outer.stdout.close()

    assert {row.tid for row in profile.rows} == tids


def test_a_killed_sampler_is_replaced_and_the_target_goes_on(sleeper: subprocess.Popen[bytes]) -> None:
    with sampling(sleeper.pid) as sampler:
        collect(sampler, windows=1)
        for pid in samplers_of(sleeper.pid):
            os.kill(pid, signal.SIGKILL)

        assert "killed by signal 9" in unavailable(sampler)
        assert state_of(sleeper.pid) in "RS"
        sampler.take()
        assert collect(sampler, windows=1)[0].samples > 0


def test_no_sampler_outlives_a_killed_perftui(sleeper: subprocess.Popen[bytes]) -> None:
    program = (
        f"import sys, time\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from perftui.host.procfs import Host\nfrom perftui.host.target import HeldTarget\n"
        "from perftui.profile.pyspy import PySpySampler\n"
        f"sampler = PySpySampler(Host(), HeldTarget.open(Host(), {sleeper.pid}))\n"
        "sampler.start()\nprint('up')\n"
        "while True: time.sleep(1)\n"
    )
    with python_child(sys.executable, program):
        wait_for(lambda: bool(samplers_of(sleeper.pid)))  # leaving kills it with SIGKILL
    wait_for(lambda: samplers_of(sleeper.pid) == [])

    assert state_of(sleeper.pid) in "RS"


def stand_in(path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program in the place of py-spy."""
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setattr(pyspy, "find_py_spy", lambda: str(path))


def test_a_sampler_that_hangs_is_killed(
    sleeper: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path / "py-spy", "trap '' INT; echo 'py-spy> Sampling'; while :; do sleep 0.1; done", monkeypatch)
    with sampling(sleeper.pid) as sampler:
        assert "did not end in time" in unavailable(sampler)


def test_a_sampler_that_talks_without_end_does_not_block(
    sleeper: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(tmp_path / "py-spy", "yes noise | head -c 2000000; echo 'Error: enough' >&2; exit 1", monkeypatch)
    with sampling(sleeper.pid) as sampler:
        assert "py-spy failed: " in unavailable(sampler)


def test_a_missing_py_spy_names_the_remedy(
    sleeper: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr("importlib.metadata.distribution", missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    with sampling(sleeper.pid) as sampler:
        assert "not installed | " in unavailable(sampler)


def missing(name: str) -> None:
    raise PackageNotFoundError(name)
