"""The loop on real processes."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perftui.errors import NoData, NoSuchTarget, Refused, TargetEnded
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.proposal import Proposal, SetNice, ThreadValue, proposal_id
from perftui.model.update import Update
from perftui.session import Session, SessionOptions
from perftui.store.journal import Journal

SPIN = "import time\nwhile True:\n    sum(range(1000))\n    time.sleep(0.001)\n"
QUICK = SessionOptions(interval_seconds=0.2, window_seconds=2.0, profiling=False)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", SPIN])
    yield process
    process.kill()
    process.wait()


class Updates:
    """Collects updates from the session's thread and waits for one that satisfies a condition."""

    def __init__(self) -> None:
        self._latest: Update | None = None
        self.fault: Exception | None = None
        self._changed = threading.Condition()

    def __call__(self, update: Update) -> None:
        with self._changed:
            self._latest = update
            self._changed.notify_all()

    def fail(self, fault: Exception) -> None:
        self.fault = fault

    def wait_for(self, condition: Callable[[Update], bool], seconds: float = 30.0) -> Update:
        deadline = time.monotonic() + seconds
        with self._changed:
            while self._latest is None or not condition(self._latest):
                left = deadline - time.monotonic()
                assert left > 0, "no update satisfied the condition in time"
                self._changed.wait(left)
            return self._latest


def renice(process: subprocess.Popen[bytes], after: str) -> Proposal:
    held = HeldTarget.open(Host(), process.pid)
    identity = held.process
    held.close()
    before = str(os.getpriority(os.PRIO_PROCESS, process.pid))
    return Proposal(
        id=proposal_id(identity, "process.nice", f"pid {process.pid}", before, after),
        knob="process.nice",
        subject=f"pid {process.pid}",
        finding="neighbour-cpu",
        before=before,
        after=after,
        command=f"renice -n {after} -p {process.pid}",
        undo_command=f"renice -n {before} -p {process.pid}",
        privilege="",
        permitted=True,
        risk="low",
        reversible=True,
        settle_seconds=0.1,
        expected_effect="",
        metric="cpu_share_cores",
        action=SetNice(
            before=before,
            after=after,
            process=identity,
            threads=(ThreadValue(tid=process.pid, start_ticks=identity.start_ticks, value=before),),
        ),
    )


def test_a_headless_run_measures_the_target(child: subprocess.Popen[bytes], journal: Journal) -> None:
    held = HeldTarget.open(Host(), child.pid)
    update = Session(Host(), held, QUICK, journal).run(1.5)
    assert update.interval is not None
    assert update.interval.tree is not None
    assert update.interval.tree.processes == 1
    assert update.diagnosis is not None
    assert update.history["target-cpu"]
    assert update.own_cost.rss_bytes > 1_000_000


def test_a_target_that_ends_midway_leaves_what_was_measured(journal: Journal) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3)"]) as process:
        held = HeldTarget.open(Host(), process.pid)
        update = Session(Host(), held, QUICK, journal).run(30)
    assert update.interval is not None
    assert update.interval.tree is not None
    assert update.sample.tree is not None
    assert not update.sample.tree.alive
    assert not update.proposals


def test_a_target_that_ended_before_the_first_look_is_an_error(journal: Journal) -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        held = HeldTarget.open(Host(), process.pid)
        process.kill()
    with pytest.raises(TargetEnded):
        Session(Host(), held, QUICK, journal).run(5)


def test_a_target_that_was_seen_too_briefly_has_not_ended(child: subprocess.Popen[bytes], journal: Journal) -> None:
    update = Session(Host(), HeldTarget.open(Host(), child.pid), QUICK, journal).run(0.01)
    assert update.sample.tree is not None
    assert update.sample.tree.alive


def test_select_moves_to_another_process(child: subprocess.Popen[bytes], journal: Journal) -> None:
    session = Session(Host(), None, QUICK, journal)
    updates = Updates()
    session.start(updates, updates.fail)
    try:
        updates.wait_for(lambda update: update.interval is not None and update.sample.target.kind == "host")
        session.select(child.pid)
        seen = updates.wait_for(lambda update: update.sample.target.pid == child.pid and update.interval is not None)
        assert seen.sample.tree is not None
        with pytest.raises(NoSuchTarget):
            session.select(2**22 + 1)
        updates.wait_for(lambda update: update.sample.target.pid == child.pid)
    finally:
        session.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "perftui-session"]


def test_a_change_is_applied_measured_and_taken_back(child: subprocess.Popen[bytes], journal: Journal) -> None:
    session = Session(Host(), HeldTarget.open(Host(), child.pid), QUICK, journal)
    updates = Updates()
    session.start(updates, updates.fail)
    try:
        updates.wait_for(lambda update: update.interval is not None)
        entry = session.apply(renice(child, "7"), "test")
        assert entry.state == "applied"
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == 7
        updates.wait_for(lambda update: bool(update.journal) and update.journal[0].metric_after is not None)
        assert session.undo(entry.id).state == "reverted"
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == 0
        assert journal.get(entry.id).metric_before is not None
        assert journal.get(entry.id).metric_after is not None
    finally:
        session.stop()


def test_a_source_is_read_as_the_target_sees_it(child: subprocess.Popen[bytes], journal: Journal) -> None:
    session = Session(Host(), HeldTarget.open(Host(), child.pid), QUICK, journal)
    try:
        assert session.source_of(child.pid, __file__)[0] == '"""The loop on real processes."""'
        with pytest.raises(NoData):
            session.source_of(child.pid, "/dev/zero")
    finally:
        session.stop()


def test_a_fault_in_the_loop_is_handed_over_not_swallowed(child: subprocess.Popen[bytes], journal: Journal) -> None:
    session = Session(Host(), HeldTarget.open(Host(), child.pid), QUICK, journal)
    faults: list[Exception] = []
    handed_over = threading.Event()

    def broken(_: Update) -> None:
        raise RuntimeError("planted")

    def failed(fault: Exception) -> None:
        faults.append(fault)
        handed_over.set()

    session.start(broken, failed)
    try:
        assert handed_over.wait(30)
        assert str(faults[0]) == "planted"
    finally:
        session.stop()


def test_read_only_refuses_every_change(child: subprocess.Popen[bytes], journal: Journal) -> None:
    options = SessionOptions(interval_seconds=0.2, profiling=False, read_only=True)
    session = Session(Host(), HeldTarget.open(Host(), child.pid), options, journal)
    try:
        with pytest.raises(Refused):
            session.apply(renice(child, "7"), "test")
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == 0
    finally:
        session.stop()


SUPERVISOR = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "def crunch():\\n    while True: sum(range(1000))\\ncrunch()"])
try:
    time.sleep(600)
finally:
    child.kill()
"""


@pytest.mark.parametrize(
    "root", [[sys.executable, "-c", SUPERVISOR], ["/bin/sh", "-c", f"'{sys.executable}' -c '{SPIN}'; :"]]
)
def test_the_stacks_are_of_the_process_that_uses_the_cpu(root: list[str], journal: Journal) -> None:
    """The root sleeps, or is no Python process at all."""
    options = SessionOptions(interval_seconds=0.2, window_seconds=4.0)
    with subprocess.Popen(root) as supervisor:
        session = Session(Host(), HeldTarget.open(Host(), supervisor.pid), options, journal)
        updates = Updates()
        session.start(updates, updates.fail)
        try:
            seen = updates.wait_for(
                lambda update: (
                    update.profile is not None
                    and any(row.pid != supervisor.pid and row.on_cpu > 0 for row in update.profile.rows)
                ),
                60,
            )
            child = seen.profile_status.pid
            assert child != supervisor.pid
            assert (seen.profile_status.cpu_share_ratio or 0) > 0.5
            session.set_profiling(False)
            updates.wait_for(lambda update: update.profile_status.state == "off")
        finally:
            session.stop()
            for pid in _children(supervisor.pid):
                os.kill(pid, signal.SIGKILL)
            supervisor.kill()


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_profiling_can_be_switched(child: subprocess.Popen[bytes], journal: Journal) -> None:
    session = Session(Host(), HeldTarget.open(Host(), child.pid), QUICK, journal)
    updates = Updates()
    session.start(updates, updates.fail)
    try:
        assert updates.wait_for(lambda update: update.interval is not None).profile_status.state == "off"
        session.set_profiling(True)
        seen = updates.wait_for(lambda update: update.profile is not None and update.profile.samples > 0)
        assert seen.profile is not None
        assert any(frame.function == "<module>" for frame in seen.profile.frames)
        session.set_profiling(False)
        updates.wait_for(lambda update: update.profile_status.state == "off")
    finally:
        session.stop()


def test_an_effect_is_measured_on_its_own_target_only(child: subprocess.Popen[bytes], journal: Journal) -> None:
    session = Session(Host(), HeldTarget.open(Host(), child.pid), QUICK, journal)
    updates = Updates()
    with subprocess.Popen(["/bin/sleep", "60"]) as other:
        session.start(updates, updates.fail)
        try:
            updates.wait_for(lambda update: update.interval is not None)
            entry = session.apply(renice(child, "7"), "test")
            updates.wait_for(lambda update: bool(update.journal) and update.journal[0].metric_after is not None)
            session.select(other.pid)
            seen = updates.wait_for(lambda u: u.sample.target.pid == other.pid and u.interval is not None)
            after = seen.journal[0].metric_after
            assert after is not None
            assert after > 0.01
            session.undo(entry.id)
        finally:
            session.stop()
            other.kill()


def test_what_the_dead_man_takes_back_is_measured_and_not_manual(
    child: subprocess.Popen[bytes], journal: Journal
) -> None:
    options = SessionOptions(interval_seconds=0.2, window_seconds=2.0, profiling=False, deadline_seconds=2.0)
    session = Session(Host(), HeldTarget.open(Host(), child.pid), options, journal)
    updates = Updates()
    session.start(updates, updates.fail)
    try:
        updates.wait_for(lambda update: update.interval is not None)
        entry = session.apply(renice(child, "7"), "test")
        seen = updates.wait_for(lambda update: bool(update.journal) and update.journal[0].state == "reverted")
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == 0
        updates.wait_for(lambda update: update.sample.monotonic_ns > seen.sample.monotonic_ns + 10**9)
        assert journal.get(entry.id).metric_after is not None
        assert not session.manual
        assert updates.fault is None
    finally:
        session.stop()


def test_a_knob_that_somebody_else_sets_turns_manual(child: subprocess.Popen[bytes], journal: Journal) -> None:
    session = Session(Host(), HeldTarget.open(Host(), child.pid), QUICK, journal)
    updates = Updates()
    session.start(updates, updates.fail)
    try:
        updates.wait_for(lambda update: update.interval is not None)
        session.apply(renice(child, "7"), "test")
        os.setpriority(os.PRIO_PROCESS, child.pid, 9)
        updates.wait_for(lambda _: f"process.nice pid {child.pid}" in session.manual)
    finally:
        session.stop()
        os.setpriority(os.PRIO_PROCESS, child.pid, 7)
