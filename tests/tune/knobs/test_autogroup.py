from pathlib import Path

import msgspec
import pytest

from perftui.host.procfs import Host
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal, SetAutogroup
from perftui.tune.knobs.autogroup import Autogroup
from tests.tune.scenes import PID, SESSION, finding_of, interval_of, read_live, reading_of, sample_at
from tests.tune.support import autogroup_of, cpu_cgroup, program

AUTOGROUP = Autogroup()
FOUR_BESIDE = tuple((200 + at, SESSION, 0.4) for at in range(4))
FOUR_ELSEWHERE = tuple((200 + at, 300 + at, 0.4) for at in range(4))


def propose(interval: Interval, value: str = "0", rule: str = "neighbour-cpu") -> Proposal | None:
    reading = reading_of("process.autogroup", value, f"session {SESSION}", group="/autogroup-1")
    return AUTOGROUP.propose(finding_of(rule), reading, interval.newer, interval)


def test_it_is_read_per_session() -> None:
    with program() as process:
        (reading,) = read_live(AUTOGROUP, process.pid)
        assert (reading.subject, reading.value) == (f"session {process.pid}", "0")
        assert reading.detail["group"] == autogroup_of(process.pid)[0]


def test_neighbours_in_other_sessions_are_reached() -> None:
    proposal = propose(interval_of(others=FOUR_ELSEWHERE))
    assert proposal is not None
    assert proposal.command == f"echo -10 > /proc/{PID}/autogroup"
    assert proposal.undo_command == f"echo 0 > /proc/{PID}/autogroup"
    assert isinstance(proposal.action, SetAutogroup)
    assert proposal.action.group == "/autogroup-1"
    assert "4 processes of other sessions (4) take 1.60" in proposal.expected_effect
    assert "Nice does nothing across sessions" in proposal.expected_effect
    alone = propose(interval_of(others=FOUR_ELSEWHERE[:1]))
    assert alone is not None
    assert "1 process of another session takes 0.40" in alone.expected_effect
    assert alone.affects.endswith("python 200 loses what it gains")


def test_neighbours_in_the_session_are_not_reached() -> None:
    assert propose(interval_of(others=FOUR_BESIDE)) is None
    mixed = propose(interval_of(others=FOUR_ELSEWHERE[:2] + FOUR_BESIDE[2:]))
    assert mixed is not None
    assert "does nothing against python 202, python 203" in mixed.expected_effect


def test_a_process_without_a_session_of_its_own(tmp_path: Path) -> None:
    """What was never started in a new session (a service of a container's first process) has an empty file."""
    (tmp_path / f"proc/{PID}").mkdir(parents=True)
    (tmp_path / f"proc/{PID}/autogroup").write_text("")
    (reading,) = AUTOGROUP.read(Host(tmp_path), sample_at(1))
    assert not reading.available
    assert "session of its own" in reading.reason


def test_nothing_to_propose() -> None:
    assert propose(interval_of(others=FOUR_ELSEWHERE), value="-20") is None
    assert propose(interval_of(others=FOUR_ELSEWHERE), rule="cpu-quota") is None
    assert propose(interval_of(others=FOUR_ELSEWHERE, delay=0.0)) is None


@pytest.mark.root
def test_in_a_cgroup_it_has_no_say() -> None:
    with program() as process, cpu_cgroup() as group:
        (group / "cgroup.procs").write_text(str(process.pid))
        (reading,) = read_live(AUTOGROUP, process.pid)
    assert not reading.available
    assert "cgroup" in reading.reason


@pytest.mark.parametrize(("enabled", "reason"), [(False, "is 0"), (None, "no autogroup")])
def test_where_it_is_off_it_says_so(enabled: bool | None, reason: str) -> None:
    sample = sample_at(1)
    assert sample.tree is not None
    off = msgspec.structs.replace(sample, tree=msgspec.structs.replace(sample.tree, autogroup_enabled=enabled))
    (reading,) = AUTOGROUP.read(Host(), off)
    assert not reading.available
    assert reason in reading.reason
    assert "process.nice" in reading.remedy
