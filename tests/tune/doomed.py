"""Applies a change and kills itself at a given step. Run by ``test_playbook``; the steps are all calls that leave the
executor: journal, dead-man, target, system."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from perftui.host import control
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.store.journal import Journal
from perftui.tune import watchdog
from perftui.tune.executor import Executor, approve
from tests.tune.support import proposal_of, set_nice

STEPS: tuple[tuple[Any, str], ...] = (
    (Journal, "add"),
    (Journal, "update"),
    (Journal, "advance"),
    (watchdog, "arm"),
    (HeldTarget, "check"),
    (control, "places"),
    (control, "write"),
    (control, "restore"),
    (os, "setpriority"),
)


class Doom:
    """Counts the moments before and after each step, and strikes at one of them."""

    def __init__(self, moment: int, strike: Callable[[], None]) -> None:
        self.left = moment
        self.strike = strike

    def __call__(self) -> None:
        if self.left == 0:
            self.strike()
        self.left -= 1

    def around(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def doomed(*args: Any, **kwargs: Any) -> Any:
            self()
            result = step(*args, **kwargs)
            self()
            return result

        return doomed


def kill_self() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_group() -> None:
    os.killpg(0, signal.SIGKILL)


def kill_both() -> None:
    """The dead-man first, so that nobody is left."""
    for entry in Journal(Path(sys.argv[1])).entries(open_only=True):
        if entry.watchdog_pid:
            os.kill(entry.watchdog_pid, signal.SIGKILL)
    kill_self()


def main() -> None:
    path, pid, moment, how, ending = sys.argv[1:]
    doom = Doom(int(moment), {"self": kill_self, "group": kill_group, "both": kill_both}[how])
    held = HeldTarget.open(Host(), int(pid))
    proposal = proposal_of(set_nice(int(pid)))
    executor = Executor(Host(), Journal(Path(path)))
    for owner, name in STEPS:
        setattr(owner, name, doom.around(getattr(owner, name)))
    entry = executor.apply(proposal, approve(proposal, "me"), held, deadline_seconds=30)
    if ending == "keep":
        executor.keep(entry.id)
    else:
        executor.undo(entry.id)


if __name__ == "__main__":
    main()
