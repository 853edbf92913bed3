import os
from pathlib import Path

import msgspec
import pytest

from perftui.collect.live import LiveSource
from perftui.host import control
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.group_sections import CgroupCpu
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal, SetNice
from perftui.tune.knob import thread_list, threads_before
from perftui.tune.knobs.nice import Nice
from tests.tune.scenes import PID, SESSION, finding_of, interval_of, read_live, reading_of, sample_at
from tests.tune.support import cpu_cgroup, program, set_nice, tids

NICE = Nice()
FOUR_BESIDE = tuple((200 + at, SESSION, 0.4) for at in range(4))
FOUR_ELSEWHERE = tuple((200 + at, 300 + at, 0.4) for at in range(4))


def propose(interval: Interval, value: str = "0", rule: str = "neighbour-cpu", **detail: str) -> Proposal | None:
    reading = reading_of("process.nice", value, **{"peers": "", **detail})
    return NICE.propose(finding_of(rule), reading, interval.newer, interval)


def test_it_is_read_per_process_with_the_threads_that_differ() -> None:
    with program(threads=2) as process:
        other = tids(process.pid)[-1]
        os.setpriority(os.PRIO_PROCESS, other, 5)
        (reading,) = read_live(NICE, process.pid)
    assert (reading.subject, reading.value, reading.available) == (f"pid {process.pid}", "0", True)
    assert [(one.tid, one.value) for one in threads_before(reading)] == [(process.pid, "0"), (other, "5")]
    assert thread_list(reading) == f"$(ls /proc/{process.pid}/task)"


@pytest.mark.root
def test_it_is_read_from_the_kernel_however_many_threads_there_are() -> None:
    """The collector looks at sleeping threads seldom when there are many of them."""
    host = Host()
    with program(threads=220) as process:
        held = HeldTarget.open(host, process.pid)
        source = LiveSource(host, held)
        try:
            source.sample()
            action = set_nice(process.pid)
            control.write(action)
            (reading,) = NICE.read(host, source.sample())
            assert (reading.value, reading.detail["others"], reading.detail["threads"]) == ("-5", "", "221")
        finally:
            source.close()
            held.close()


def test_neighbours_in_the_session_are_reached() -> None:
    proposal = propose(interval_of(others=FOUR_BESIDE))
    assert proposal is not None
    assert (proposal.before, proposal.after) == ("0", "-10")
    assert proposal.command == f"renice -n -10 -p {PID}"
    assert proposal.undo_command == f"renice -n 0 -p {PID}"
    assert isinstance(proposal.action, SetNice)
    assert proposal.metric == "cpu_share_cores"
    assert "0.40 of the 1.00 cores" in proposal.expected_effect
    assert "4 processes of its session take 1.60" in proposal.expected_effect


def test_neighbours_in_other_sessions_are_not_reached() -> None:
    assert propose(interval_of(others=FOUR_ELSEWHERE)) is None
    mixed = propose(interval_of(others=FOUR_ELSEWHERE[:2] + FOUR_BESIDE[2:]))
    assert mixed is not None
    assert "does nothing against python 200, python 201" in mixed.expected_effect


def test_without_autogroup_sessions_do_not_count() -> None:
    assert propose(interval_of(others=FOUR_ELSEWHERE, autogroup=False)) is not None


def test_in_a_cgroup_only_its_members_are_reached() -> None:
    level = CgroupCpu(
        path="/g", quota_us=None, period_us=100000, periods_total=0, throttled_periods_total=0, throttled_ns_total=0
    )
    interval = interval_of(others=FOUR_ELSEWHERE, cgroup=(level,))
    assert propose(interval, peers=f"{PID}") is None
    assert propose(interval, peers=f"{PID} 200 201 202 203") is not None


@pytest.mark.root
def test_the_members_of_its_cgroup_are_read() -> None:
    with program() as process, cpu_cgroup() as group:
        (group / "cgroup.procs").write_text(str(process.pid))
        (reading,) = read_live(NICE, process.pid)
    assert reading.detail["peers"] == str(process.pid)


def test_the_undo_command_names_each_thread_that_differs() -> None:
    proposal = propose(interval_of(others=FOUR_BESIDE), threads="3", others="101/7/5")
    assert proposal is not None
    assert proposal.undo_command == f"renice -n 0 -p $(ls /proc/{PID}/task); renice -n 5 -p 101"


@pytest.mark.parametrize(("value", "after"), [("5", "-5"), ("-15", "-20")])
def test_it_goes_one_step_at_a_time(value: str, after: str) -> None:
    proposal = propose(interval_of(others=FOUR_BESIDE), value=value)
    assert proposal is not None
    assert proposal.after == after


def test_nothing_to_propose() -> None:
    assert propose(interval_of(others=FOUR_BESIDE), value="-20") is None
    assert propose(interval_of(others=FOUR_BESIDE), rule="cpu-saturated") is None
    assert propose(interval_of(others=FOUR_BESIDE, delay=0.0)) is None
    assert propose(interval_of()) is None


def test_without_a_target_there_is_nothing_to_read(tmp_path: Path) -> None:
    on_host = msgspec.structs.replace(sample_at(1), tree=None)
    assert NICE.read(Host(tmp_path), on_host) == ()
