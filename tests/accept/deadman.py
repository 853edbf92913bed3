"""kill -9 in the middle of an applied change: the dead-man puts it back; with both killed, the next start offers to."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress

from tests.accept.story import autogroup_nice, check, commands, kill, wait_for
from tests.accept.terminals import Tmux, fresh_state, tmux
from tests.scenarios.play import ROOT, playing

BACK_SECONDS = 10.0
DEAD_MAN = r"perftui-dead-man"


def stories() -> Iterator[str]:
    """Yields a line for each claim that held. Failed for the first that does not."""
    with playing("tests.scenarios.s01_neighbour") as pid:
        old = autogroup_nice(pid)
        with fresh_state() as environment:
            yield from _perftui_killed(pid, old, environment)
        with fresh_state() as environment:
            yield from _both_killed(pid, old, environment)


def _attach(pid: int) -> list[str]:
    return [sys.executable, "-m", "perftui", "attach", str(pid)]


def _apply(window: Tmux, pid: int, old: int) -> int:
    """Apply the proposal by its keys; returns the pid of the dead-man."""
    window.see("neighbour-cpu", seconds=40)
    window.keys("4")
    window.see(r"process\.autogroup .*: -?\d+ → -\d+")
    window.keys("Enter")
    window.see(r"Apply this change\?")
    window.keys("Right", "Enter")
    wait_for(lambda: autogroup_nice(pid) < old, "a lower value in the kernel", 15)
    window.see("APPLIED", 15)
    return wait_for(lambda: next(iter(commands(DEAD_MAN)), None), "the dead-man")


def _perftui_killed(pid: int, old: int, environment: dict[str, str]) -> Iterator[str]:
    with tmux(_attach(pid), environment) as window:
        _apply(window, pid, old)
        kill(window.pid)
        wait_for(lambda: autogroup_nice(pid) == old, "the old value, put back by the dead-man", BACK_SECONDS)
        yield f"kill -9 of perftui: the dead-man put {old} back"
    with tmux(_attach(pid), environment) as window:
        window.see(r"(?i)(put|was) back|reverted", 20)
        yield "the next start tells what happened"
        window.keys("q")
        wait_for(lambda: window.dead, "the end after q", 10)


def _both_killed(pid: int, old: int, environment: dict[str, str]) -> Iterator[str]:
    with tmux(_attach(pid), environment) as window:
        dead_man = _apply(window, pid, old)
        with suppress(ProcessLookupError):
            os.kill(window.pid, signal.SIGSTOP)  # it would notice the end of its dead-man, and put the value back
        kill(dead_man)
        kill(window.pid)
        wait_for(lambda: not commands(DEAD_MAN), "the end of the dead-man", 5)
        changed = autogroup_nice(pid)
        check(changed < old, f"nobody was left to put it back, yet the value is {changed}")
    with tmux(_attach(pid), environment) as window:
        window.see(r"(?i)tune recover|undo", 20)
        yield "both killed: the next start offers the undo"
        window.keys("q")
        wait_for(lambda: window.dead, "the end after q", 10)
    if autogroup_nice(pid) != old:
        argv = [sys.executable, "-m", "perftui", "tune", "recover"]
        done = subprocess.run(
            argv, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True, check=False
        )
        check(done.returncode == 0, f"tune recover: exit code {done.returncode}: {done.stderr.strip()}")
    check(autogroup_nice(pid) == old, f"tune recover left {autogroup_nice(pid)}, not {old}")
    yield f"tune recover put {old} back"
