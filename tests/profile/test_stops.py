"""How much of the time a process stands still."""

import subprocess
from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.profile.stops import StopMeter
from tests.profile.children import traced


def test_a_process_that_runs_is_not_slowed_down(sleeper: subprocess.Popen[bytes]) -> None:
    meter = StopMeter(Host(), sleeper.pid)
    meter.begin({sleeper.pid: 5})
    for _ in range(10):
        meter.look()

    assert meter.slowdown_ratio == 0
    assert meter.due_ns > 0


def test_what_a_tracer_holds_stands_still(sleeper: subprocess.Popen[bytes]) -> None:
    meter = StopMeter(Host(), sleeper.pid)
    meter.begin({sleeper.pid: 5})
    meter.look()
    with traced(sleeper.pid, let_run=False):
        meter.look()

    assert meter.slowdown_ratio == pytest.approx(1.0)  # half of the time: work takes twice as long


def test_the_thread_that_ran_most_since_the_last_window_is_looked_at(tmp_path: Path) -> None:
    for tid, state in ((7, "S"), (8, "t")):
        (tmp_path / f"proc/7/task/{tid}").mkdir(parents=True)
        (tmp_path / f"proc/7/task/{tid}/stat").write_text(f"{tid} (a) b) {state} 1 2")
    meter = StopMeter(Host(tmp_path), 7)

    meter.begin({7: 100, 8: 50})
    meter.look()
    assert meter.slowdown_ratio == 0

    meter.begin({7: 110, 8: 90})
    meter.look()
    assert meter.slowdown_ratio == pytest.approx(99)

    meter.begin({9: 500})
    meter.look()
    assert meter.slowdown_ratio is None
