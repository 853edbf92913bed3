"""How much of the time a process stands still."""

import subprocess
from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.profile.stops import StopMeter
from tests.host.test_target import wait_for
from tests.profile.children import state_of, traced


def test_a_process_that_sleeps_is_not_slowed_down(sleeper: subprocess.Popen[bytes]) -> None:
    meter = StopMeter(Host(), sleeper.pid)
    meter.begin({sleeper.pid: 5})
    for _ in range(10):
        meter.look()

    assert meter.end() == 0
    assert meter.due_ns > 0


def test_a_process_that_sleeps_half_of_the_time_and_is_held_in_the_other(sleeper: subprocess.Popen[bytes]) -> None:
    meter = StopMeter(Host(), sleeper.pid)
    wait_for(lambda: state_of(sleeper.pid) == "S")
    meter.begin({sleeper.pid: 5})
    meter.look()
    with traced(sleeper.pid, let_run=False):
        meter.look()

    assert meter.end() == pytest.approx(1.0, abs=0.3)  # work would take twice as long


def test_a_thread_that_always_runs_is_not_held_however_the_looks_fall(tmp_path: Path) -> None:
    write(tmp_path, 7, "t", busy_ns=0)
    meter = StopMeter(Host(tmp_path), 7)
    meter.begin({7: 1})
    meter.look()
    write(tmp_path, 7, "t", busy_ns=10**15)

    assert meter.end() == 0


def test_the_thread_that_ran_most_since_the_last_window_is_looked_at(tmp_path: Path) -> None:
    write(tmp_path, 7, "S")
    write(tmp_path, 8, "t")
    meter = StopMeter(Host(tmp_path), 7)

    meter.begin({7: 100, 8: 50})
    meter.look()
    assert meter.end() == 0

    meter.begin({7: 110, 8: 90})
    meter.look()
    assert meter.end() == pytest.approx(99)

    meter.begin({9: 500})
    meter.look()
    assert meter.end() is None


def write(root: Path, tid: int, state: str, busy_ns: int = 0) -> None:
    task = root / f"proc/7/task/{tid}"
    task.mkdir(parents=True, exist_ok=True)
    (task / "stat").write_text(f"{tid} (a) b) {state} 1 2")
    (task / "schedstat").write_text(f"{busy_ns} 0 9")
