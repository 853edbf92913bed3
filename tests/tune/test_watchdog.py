"""The dead-man on its own: when it acts, when it does not, and what it leaves behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from perftui.errors import NotDeliverable
from perftui.host import clock, control, pidfd
from perftui.model.journal import JournalEntry
from perftui.model.proposal import SetNice
from perftui.model.target import ProcessId
from perftui.store.journal import Journal
from perftui.tune import watchdog
from tests.tune.support import identity, nices, program, proposal_of, set_nice, wait_for

pytestmark = pytest.mark.root


@pytest.fixture
def target() -> Iterator[subprocess.Popen[str]]:
    with program(threads=1) as process:
        yield process


def armed(
    journal: Journal, action: SetNice, *, owner: ProcessId | None = None, seconds: float = 60.0
) -> watchdog.Orders:
    """Orders, with a journal entry that they belong to."""
    own = identity(os.getpid())
    journal.add(
        JournalEntry(
            id="abc",
            state="intent",
            wall_ns=1,
            boot_id="",
            uid=0,
            target="",
            proposal=proposal_of(action),
            approved_by="me",
            deadline_seconds=seconds,
            owner_pid=own.pid,
            owner_start_ticks=own.start_ticks,
        )
    )
    return watchdog.Orders(
        entry_id="abc",
        journal=str(journal.path),
        owner=owner or own,
        target=action.process,
        deadline_seconds=seconds,
        action=action,
    )


def wait_until_gone(guard: ProcessId) -> None:
    wait_for(lambda: not pidfd.is_alive(guard), "the dead-man ends")


def test_the_deadline(journal: Journal, target: subprocess.Popen[str]) -> None:
    action = set_nice(target.pid)
    orders = armed(journal, action, seconds=1.0)
    time.sleep(1.1)  # however long its start takes: it counts from when it is on guard
    started = clock.boottime_ns()
    guard = watchdog.arm(orders)
    control.write(action)
    wait_until_gone(guard)
    assert clock.boottime_ns() >= started + 1e9
    assert nices(target.pid) == {0}
    entry = journal.get("abc")
    assert (entry.state, entry.closed_by) == ("reverted", "dead-man")
    assert "nobody confirmed it in time" in entry.detail


def test_sigterm_reverts_at_once(journal: Journal, target: subprocess.Popen[str]) -> None:
    action = set_nice(target.pid)
    guard = watchdog.arm(armed(journal, action))
    control.write(action)
    os.kill(guard.pid, signal.SIGTERM)
    wait_until_gone(guard)
    assert nices(target.pid) == {0}
    assert "logout or shutdown" in journal.get("abc").detail


def test_disarmed_it_leaves_the_change(journal: Journal, target: subprocess.Popen[str]) -> None:
    action = set_nice(target.pid)
    guard = watchdog.arm(armed(journal, action))
    control.write(action)
    os.kill(guard.pid, watchdog.DISARM)
    wait_until_gone(guard)
    assert nices(target.pid) == {-5}
    assert journal.get("abc").open


def test_hangup_and_interrupt_are_ignored(journal: Journal, target: subprocess.Popen[str]) -> None:
    guard = watchdog.arm(armed(journal, set_nice(target.pid)))
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
        os.kill(guard.pid, number)
    time.sleep(0.2)
    assert pidfd.is_alive(guard)
    os.kill(guard.pid, watchdog.DISARM)
    wait_until_gone(guard)


def test_it_acts_when_its_owner_ends_but_not_after_a_hand_over(journal: Journal, target: subprocess.Popen[str]) -> None:
    action = set_nice(target.pid)
    with program() as owner:
        guard = watchdog.arm(armed(journal, action, owner=identity(owner.pid)))
        os.kill(guard.pid, watchdog.HAND_OVER)
        control.write(action)
    time.sleep(0.2)
    assert pidfd.is_alive(guard)
    assert nices(target.pid) == {-5}
    os.kill(guard.pid, signal.SIGTERM)
    wait_until_gone(guard)
    assert nices(target.pid) == {0}


def test_it_may_be_handed_over_twice(journal: Journal, target: subprocess.Popen[str]) -> None:
    action = set_nice(target.pid)
    with program() as owner:
        guard = watchdog.arm(armed(journal, action, owner=identity(owner.pid)))
        for _ in range(2):
            os.kill(guard.pid, watchdog.HAND_OVER)
            time.sleep(0.1)  # so that they are heard one after the other
        control.write(action)
    assert pidfd.is_alive(guard)
    os.kill(guard.pid, signal.SIGTERM)
    wait_until_gone(guard)
    assert nices(target.pid) == {0}


BROKEN = """
import sys
from perftui.tune import watchdog
def wait(self): raise KeyError("no such thing")
watchdog.DeadMan.wait = wait
watchdog.main(sys.stdin.buffer.read())
"""


def test_a_dead_man_that_fails_takes_the_change_back(journal: Journal, target: subprocess.Popen[str]) -> None:
    action = set_nice(target.pid)
    orders = armed(journal, action)
    control.write(action)
    done = subprocess.run([sys.executable, "-c", BROKEN], input=msgspec.json.encode(orders), stdout=-1, check=True)
    wait_until_gone(msgspec.json.decode(done.stdout, type=ProcessId))
    assert nices(target.pid) == {0}
    assert journal.get("abc").detail == "the dead-man failed: the value before is back"


def test_its_owner_ends(journal: Journal, target: subprocess.Popen[str]) -> None:
    action = set_nice(target.pid)
    with program() as owner:
        guard = watchdog.arm(armed(journal, action, owner=identity(owner.pid)))
        control.write(action)
    wait_until_gone(guard)
    assert nices(target.pid) == {0}
    assert "perftui ended" in journal.get("abc").detail


def test_an_owner_that_is_gone_already(journal: Journal, target: subprocess.Popen[str]) -> None:
    own = identity(os.getpid())
    earlier = ProcessId(pid=own.pid, start_ticks=own.start_ticks - 1)
    wait_until_gone(watchdog.arm(armed(journal, set_nice(target.pid), owner=earlier)))
    assert journal.get("abc").detail == "perftui ended: the value before was in place"


def test_the_target_ends(journal: Journal) -> None:
    with program() as target:
        action = set_nice(target.pid)
        guard = watchdog.arm(armed(journal, action))
        control.write(action)
    wait_until_gone(guard)
    assert journal.get("abc").detail == "the target ended: what it was set on is gone"


def test_what_somebody_else_set_is_left_and_reported(journal: Journal, target: subprocess.Popen[str]) -> None:
    action = set_nice(target.pid)
    guard = watchdog.arm(armed(journal, action))
    control.write(action)
    os.setpriority(os.PRIO_PROCESS, target.pid, 6)
    os.kill(guard.pid, signal.SIGTERM)
    wait_until_gone(guard)
    assert os.getpriority(os.PRIO_PROCESS, target.pid) == 6
    assert journal.get("abc").state == "conflict"


def test_it_needs_no_journal_to_act(journal: Journal, target: subprocess.Popen[str]) -> None:
    action = set_nice(target.pid)
    guard = watchdog.arm(armed(journal, action))
    control.write(action)
    for file in journal.path.parent.glob("journal.sqlite*"):
        file.unlink()
    journal.path.mkdir()
    os.kill(guard.pid, signal.SIGTERM)
    wait_until_gone(guard)
    assert nices(target.pid) == {0}


def test_it_is_detached(journal: Journal, target: subprocess.Popen[str]) -> None:
    guard = watchdog.arm(armed(journal, set_nice(target.pid)))
    folder = Path(f"/proc/{guard.pid}")
    fields = (folder / "stat").read_text().rpartition(") ")[2].split()
    parent, session = int(fields[1]), int(fields[3])
    assert parent != os.getpid()
    assert session not in (guard.pid, os.getsid(0))  # its own, and not as leader: it can get no terminal
    assert os.readlink(folder / "cwd") == "/"
    opened = [os.readlink(fd) for fd in (folder / "fd").iterdir()]
    assert opened.count("/dev/null") == 3
    assert all(name.startswith(("/dev/null", "pipe:", "anon_inode:[pidfd]")) for name in opened)
    os.kill(guard.pid, watchdog.DISARM)
    wait_until_gone(guard)


def test_no_dead_man_no_change(
    journal: Journal, target: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(NotDeliverable, match="nothing was changed"):
        watchdog.arm(armed(journal, set_nice(target.pid)))
