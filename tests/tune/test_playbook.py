"""perftui dies at any moment of a change's life: the value is back, or the change was kept and the journal says so."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perftui.host import pidfd
from perftui.host.procfs import Host
from perftui.model.target import ProcessId
from perftui.store.journal import Journal
from perftui.tune.executor import Executor
from tests.tune.support import nices, program, wait_for

pytestmark = pytest.mark.root

MOMENTS = 44
"""Moments before and after each step; a run that is not struck takes fewer and ends in peace."""


@settings(max_examples=24, deadline=None)
@given(
    moment=st.integers(0, MOMENTS),
    how=st.sampled_from(["self", "group", "both"]),
    ending=st.sampled_from(["keep", "undo"]),
)
@example(moment=14, how="self", ending="undo")
@example(moment=1000, how="self", ending="keep")
@example(moment=1000, how="self", ending="undo")
def test_a_kill_at_any_moment(moment: int, how: str, ending: str) -> None:
    with tempfile.TemporaryDirectory() as folder, program(threads=1) as target:
        path = Path(folder) / "journal.sqlite"
        argv = [sys.executable, "-m", "tests.tune.doomed", str(path), str(target.pid), str(moment), how, ending]
        done = subprocess.run(argv, check=False, process_group=0)
        journal = Journal(path)
        executor = Executor(Host(), journal)
        for entry in journal.entries():
            guard = ProcessId(pid=entry.watchdog_pid, start_ticks=entry.watchdog_start_ticks)
            wait_for(lambda guard=guard: not pidfd.is_alive(guard), "the dead-man is done")  # type: ignore[misc]  # the default binds the loop variable
        wait_for(lambda: guards_of(journal) == [], "a dead-man that the journal does not know yet is done")
        if how != "both" and ending == "undo":
            assert nices(target.pid) == {0}, "the dead-man alone puts it back"
        executor.recover()
        states = [entry.state for entry in journal.entries()]
        if done.returncode == 0:
            assert states == ["kept" if ending == "keep" else "reverted"]
        assert done.returncode in (0, -signal.SIGKILL)
        assert states in ([], ["kept"], ["reverted"])
        assert nices(target.pid) == ({-5} if states == ["kept"] else {0})
        journal.close()


def guards_of(journal: Journal) -> list[int]:
    """Dead-men that carry the id of one of our entries in their command line."""
    ids = {entry.id for entry in journal.entries()}
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                words = Path(f"/proc/{name}/cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if "perftui-dead-man" in words and ids & set(words):
                found.append(int(name))
    return found
