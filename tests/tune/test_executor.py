"""Applying, keeping and undoing on real processes, with a real dead-man."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from perftui.config import DEADLINE_SECONDS
from perftui.errors import Drifted, NotPermitted, Refused, TargetEnded, UsageError
from perftui.host import pidfd
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.journal import EntryState, JournalEntry
from perftui.model.proposal import Proposal, WriteFile
from perftui.model.target import ProcessId
from perftui.store.journal import Journal
from perftui.tune.executor import Executor, approve
from tests.tune.support import (
    autogroup_of,
    cpu_cgroup,
    nices,
    program,
    proposal_of,
    set_autogroup,
    set_nice,
    tids,
    wait_for,
)

pytestmark = pytest.mark.root


@pytest.fixture
def target() -> Iterator[HeldTarget]:
    with program(threads=1) as process:
        held = HeldTarget.open(Host(), process.pid)
        yield held
        held.close()


def apply(executor: Executor, proposal: Proposal, held: HeldTarget | None, seconds: float = 60.0) -> JournalEntry:
    return executor.apply(proposal, approve(proposal, "me"), held, deadline_seconds=seconds)


def nice_of(target: HeldTarget) -> Proposal:
    return proposal_of(set_nice(target.process.pid), subject=f"pid {target.process.pid}")


def guard_of(entry: JournalEntry) -> ProcessId:
    return ProcessId(pid=entry.watchdog_pid, start_ticks=entry.watchdog_start_ticks)


def kill_guard(entry: JournalEntry) -> None:
    os.kill(entry.watchdog_pid, signal.SIGKILL)
    wait_for(lambda: not pidfd.is_alive(guard_of(entry)), "the dead-man is killed")


def test_apply_and_undo(executor: Executor, target: HeldTarget) -> None:
    entry = apply(executor, nice_of(target), target)
    assert (entry.state, entry.approved_by, entry.target) == ("applied", "me", target.target.label)
    assert nices(target.process.pid) == {-5}
    assert pidfd.is_alive(guard_of(entry))
    undone = executor.undo(entry.id)
    assert (undone.state, undone.closed_by) == ("reverted", "perftui")
    assert nices(target.process.pid) == {0}
    assert not pidfd.is_alive(guard_of(entry))
    with pytest.raises(Refused, match="nothing to undo"):
        executor.undo(entry.id)


def test_keep_stands_the_dead_man_down_and_can_be_undone_later(executor: Executor, target: HeldTarget) -> None:
    entry = apply(executor, nice_of(target), target)
    assert executor.keep(entry.id).state == "kept"
    assert not pidfd.is_alive(guard_of(entry))
    assert nices(target.process.pid) == {-5}
    with pytest.raises(Refused, match="only an applied one"):
        executor.keep(entry.id)
    assert executor.undo(entry.id).state == "reverted"
    assert nices(target.process.pid) == {0}


def test_a_session_and_a_control_group(executor: Executor, target: HeldTarget) -> None:
    pid = target.process.pid
    entry = apply(executor, proposal_of(set_autogroup(pid), knob="process.autogroup", subject="session"), target)
    assert autogroup_of(pid)[1] == "-10"
    executor.undo(entry.id)
    assert autogroup_of(pid)[1] == "0"
    with cpu_cgroup(quota_us=20000) as group:
        (group / "cgroup.procs").write_text(str(pid))
        file = group / "cpu.cfs_quota_us"
        action = WriteFile(before="20000", after="40000", path=str(file))
        entry = apply(executor, proposal_of(action, knob="cgroup.cpu-max", subject=str(group)), target)
        assert file.read_text().strip() == "40000"
        executor.undo(entry.id)
        assert file.read_text().strip() == "20000"


def test_only_what_was_approved_is_applied(executor: Executor, target: HeldTarget, journal: Journal) -> None:
    proposal = nice_of(target)
    other = msgspec.structs.replace(proposal, action=set_nice(target.process.pid, after="-9"))
    for approval in (approve(other, "me"), msgspec.structs.replace(approve(proposal, "me"), proposal_id="other")):
        with pytest.raises(Refused, match="another change"):
            executor.apply(proposal, approval, target)
    assert journal.entries() == ()


def test_what_is_refused_before_anything_happens(executor: Executor, target: HeldTarget, journal: Journal) -> None:
    with pytest.raises(UsageError, match="advice"):
        apply(executor, proposal_of(None), target)
    with pytest.raises(NotPermitted, match="CAP_SYS_NICE"):
        apply(executor, msgspec.structs.replace(nice_of(target), permitted=False), target)
    with pytest.raises(UsageError, match="deadline"):
        apply(executor, nice_of(target), target, seconds=DEADLINE_SECONDS[0] - 0.1)
    assert journal.entries() == ()


def test_read_only_writes_nothing(journal: Journal, executor: Executor, target: HeldTarget) -> None:
    entry = apply(executor, nice_of(target), target)
    reader = Executor(Host(), journal, read_only=True)
    with pytest.raises(Refused, match="read-only"):
        apply(reader, nice_of(target), target)
    with pytest.raises(Refused, match="read-only"):
        reader.undo(entry.id)
    assert reader.recover() == ()
    assert nices(target.process.pid) == {-5}


def test_a_value_that_drifted_is_refused_and_left(executor: Executor, target: HeldTarget, journal: Journal) -> None:
    proposal = nice_of(target)
    os.setpriority(os.PRIO_PROCESS, target.process.pid, -5)  # even to what we would have set
    with pytest.raises(Drifted, match=r"is -5, not 0"):
        apply(executor, proposal, target)
    assert os.getpriority(os.PRIO_PROCESS, target.process.pid) == -5
    (entry,) = journal.entries()
    assert (entry.state, entry.closed_by) == ("failed", "perftui")
    assert not pidfd.is_alive(guard_of(entry))


def test_a_target_that_ended_is_not_written(executor: Executor, journal: Journal) -> None:
    with program() as process:
        held = HeldTarget.open(Host(), process.pid)
        proposal = nice_of(held)
    with pytest.raises(TargetEnded):
        apply(executor, proposal, held)
    held.close()
    assert not journal.entries()[0].open  # the dead-man may have seen it first


def test_a_value_that_does_not_take_is_put_back(executor: Executor) -> None:
    """The kernel reads ``+40000`` as ``40000``: that is not what was approved."""
    with cpu_cgroup(quota_us=20000) as group:
        file = group / "cpu.cfs_quota_us"
        entry = apply(executor, proposal_of(WriteFile(before="20000", after="+40000", path=str(file))), None)
        assert entry.state == "failed"
        assert "reads 40000 after +40000 was written" in entry.detail
        assert file.read_text().strip() == "20000"


def test_what_somebody_else_set_is_not_undone(executor: Executor, target: HeldTarget) -> None:
    pid = target.process.pid
    entry = apply(executor, nice_of(target), target)
    os.setpriority(os.PRIO_PROCESS, pid, 4)
    with pytest.raises(Drifted, match="is 4"):
        executor.undo(entry.id)
    assert executor.journal.get(entry.id).state == "conflict"
    assert os.getpriority(os.PRIO_PROCESS, pid) == 4
    os.setpriority(os.PRIO_PROCESS, pid, -5)  # ours again: now it can be put back
    assert executor.undo(entry.id).state == "reverted"
    assert os.getpriority(os.PRIO_PROCESS, pid) == 0


def test_a_signal_reaches_exactly_the_process_that_was_meant(executor: Executor, target: HeldTarget) -> None:
    process = target.process
    with pytest.raises(TargetEnded):
        executor.send_signal(ProcessId(pid=process.pid, start_ticks=process.start_ticks + 1), signal.SIGTERM)
    assert not target.ended
    with pytest.raises(Refused):
        Executor(executor.host, executor.journal, read_only=True).send_signal(process, signal.SIGTERM)
    executor.send_signal(process, signal.SIGKILL)
    assert pidfd.has_ended(target.pidfd, 10.0)


def test_a_change_that_is_not_wholly_in_force_is_not_kept_and_stays_guarded(
    executor: Executor, target: HeldTarget
) -> None:
    pid = target.process.pid
    entry = apply(executor, nice_of(target), target)
    os.setpriority(os.PRIO_PROCESS, pid, 4)  # one of its two threads
    with pytest.raises(Drifted, match="is 4"):
        executor.keep(entry.id)
    assert executor.journal.get(entry.id).state == "applied"
    assert pidfd.is_alive(guard_of(entry))
    os.setpriority(os.PRIO_PROCESS, pid, -5)
    assert executor.undo(entry.id).state == "reverted"
    assert nices(pid) == {0}


def test_a_dead_man_that_acts_during_the_write_leaves_nothing_changed(
    executor: Executor, target: HeldTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its look falls before the write, its word in the journal after the last look at it."""
    proposal, advance = nice_of(target), executor.journal.advance

    def late(entry_id: str, state: EntryState, **fields: Any) -> JournalEntry:
        if state == "applied":
            entry = executor.journal.get(entry_id)
            os.kill(entry.watchdog_pid, signal.SIGTERM)
            wait_for(lambda: not pidfd.is_alive(guard_of(entry)), "the dead-man ends")
            for tid in tids(target.process.pid):
                os.setpriority(os.PRIO_PROCESS, tid, -5)
        return advance(entry_id, state, **fields)

    monkeypatch.setattr(executor.journal, "advance", late)
    entry = apply(executor, proposal, target)
    assert (entry.state, entry.closed_by) == ("failed", "perftui")
    assert "logout or shutdown" in entry.detail
    assert nices(target.process.pid) == {0}


def test_two_changes_of_one_thing_do_not_overlap(executor: Executor, target: HeldTarget) -> None:
    """Another perftui has the journal open too."""
    apply(executor, nice_of(target), target)
    beside = Executor(Host(), Journal(executor.journal.path))
    with pytest.raises(Refused, match="unconfirmed change"):
        apply(beside, nice_of(target), target)
    assert beside.recover() == ()  # the first one is alive: it is left alone
    beside.journal.close()


def test_another_process_keeps_it_after_a_hand_over(executor: Executor, target: HeldTarget) -> None:
    """As ``tune apply`` and then ``tune confirm`` do."""
    script = (
        "import sys, msgspec; from pathlib import Path; from perftui.host.procfs import Host\n"
        "from perftui.model.proposal import Proposal; from perftui.store.journal import Journal\n"
        "from perftui.tune.executor import Executor, approve\n"
        "proposal = msgspec.json.decode(sys.argv[2], type=Proposal)\n"
        "executor = Executor(Host(), Journal(Path(sys.argv[1])))\n"
        "entry = executor.apply(proposal, approve(proposal, 'me'), None, deadline_seconds=60)\n"
        "print(executor.hand_over(entry.id).id)\n"
    )
    argv = [sys.executable, "-c", script, str(executor.journal.path), msgspec.json.encode(nice_of(target)).decode()]
    entry_id = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()
    entry = executor.journal.get(entry_id)
    assert pidfd.is_alive(guard_of(entry))
    assert executor.stranded() == ()
    assert executor.keep(entry_id).state == "kept"
    assert not pidfd.is_alive(guard_of(entry))
    assert nices(target.process.pid) == {-5}
    executor.undo(entry_id)
    with pytest.raises(Refused, match="hand over"):
        executor.hand_over(entry_id)


def test_a_killed_dead_man_is_noticed(executor: Executor, target: HeldTarget) -> None:
    entry = apply(executor, nice_of(target), target)
    assert executor.revert_unwatched() == ()
    kill_guard(entry)
    (ended,) = executor.revert_unwatched()
    assert (ended.state, ended.closed_by) == ("reverted", "perftui")
    assert "dead-man was killed" in ended.detail
    assert nices(target.process.pid) == {0}
    assert executor.revert_unwatched() == ()


def test_what_the_dead_man_did_is_told_once(executor: Executor, target: HeldTarget, journal: Journal) -> None:
    entry = apply(executor, nice_of(target), target)
    os.kill(entry.watchdog_pid, signal.SIGTERM)
    wait_for(lambda: not pidfd.is_alive(guard_of(entry)), "the dead-man ends")
    later = Executor(Host(), journal)
    for _ in range(2):  # until somebody has seen it
        assert [one.closed_by for one in later.unreported()] == ["dead-man"]
    later.mark_reported([entry.id])
    assert later.unreported() == ()
    with pytest.raises(Refused, match="is reverted"):
        executor.keep(entry.id)


def stranded_entry(executor: Executor, target: HeldTarget, **fields: object) -> JournalEntry:
    """An applied change whose perftui and dead-man are gone."""
    entry = apply(executor, nice_of(target), target)
    kill_guard(entry)
    executor._guards.clear()
    return executor.journal.update(entry.id, owner_start_ticks=1, **fields)


def test_recover_puts_back_what_nobody_looks_after(executor: Executor, target: HeldTarget) -> None:
    entry = stranded_entry(executor, target)
    assert [one.id for one in executor.stranded()] == [entry.id]
    (recovered,) = executor.recover()
    assert (recovered.state, recovered.closed_by) == ("reverted", "recover")
    assert nices(target.process.pid) == {0}
    assert executor.recover() == ()
    assert [one.id for one in executor.unreported()] == [entry.id]


def test_after_a_restart_of_the_machine_an_entry_expires(executor: Executor, target: HeldTarget) -> None:
    stranded_entry(executor, target, boot_id="another boot")
    (recovered,) = executor.recover()
    assert recovered.state == "expired"
    assert nices(target.process.pid) == {-5}  # nothing was written: it is not the change of this boot
    kept = executor.journal.update(recovered.id, state="kept")
    with pytest.raises(Refused, match="restarted"):
        executor.undo(kept.id)
    assert executor.journal.get(kept.id).state == "expired"


def test_a_target_that_is_gone_needs_no_recovery(executor: Executor) -> None:
    with program() as process:
        held = HeldTarget.open(Host(), process.pid)
        stranded_entry(executor, held)
    (recovered,) = executor.recover()
    assert (recovered.state, "is gone" in recovered.detail) == ("reverted", True)
    held.close()


def test_the_journal_says_what_could_not_be_put_back(executor: Executor, journal: Journal, tmp_path: Path) -> None:
    """A file outside the allowed roots can never be restored: the entry stays open and says why."""
    foreign = proposal_of(WriteFile(before="1", after="2", path=str(tmp_path / "x")))
    entry = JournalEntry(
        id="1",
        state="applied",
        wall_ns=1,
        boot_id=executor.host.boot_id,
        uid=0,
        target="",
        proposal=foreign,
        approved_by="me",
        deadline_seconds=1.0,
        owner_pid=1,
        owner_start_ticks=1,
    )
    journal.add(entry)
    (left,) = executor.recover()
    assert left.open
    assert "not taken back yet" in left.detail
    journal.advance("1", "failed", by="perftui")
