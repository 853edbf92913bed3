from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.model.proposal import Proposal, WriteFile
from perftui.tune.knobs.task_delayacct import SETTING, TaskDelayacct
from tests.tune.scenes import finding_of, interval_of, reading_of, sample_at

KNOB = TaskDelayacct()


def propose(value: str, rule: str = "io-sync-latency") -> Proposal | None:
    interval = interval_of()
    return KNOB.propose(finding_of(rule), reading_of(KNOB.id, value, "host"), interval.newer, interval)


@pytest.mark.skipif(not Path(SETTING.path).exists(), reason="the kernel is older than 5.14")
def test_it_is_read_on_this_machine() -> None:
    (reading,) = KNOB.read(Host(), sample_at(1))
    assert reading.available
    assert reading.value == Path(SETTING.path).read_text().strip()
    assert reading.subject == "host"


def test_where_the_file_is_missing_it_says_so(tmp_path: Path) -> None:
    (reading,) = KNOB.read(Host(tmp_path), sample_at(1))
    assert not reading.available
    assert SETTING.path in reading.reason
    assert "5.14" in reading.remedy


def test_switching_it_on_is_proposed() -> None:
    proposal = propose("0")
    assert proposal is not None
    assert proposal.action == WriteFile(before="0", after="1", path=SETTING.path)
    assert proposal.command == "sysctl -w kernel.task_delayacct=1"
    assert proposal.undo_command == "sysctl -w kernel.task_delayacct=0"
    assert "nothing gets faster" in proposal.expected_effect


@pytest.mark.parametrize(("value", "rule"), [("1", "io-sync-latency"), ("0", "cpu-saturated")])
def test_nothing_to_propose(value: str, rule: str) -> None:
    assert propose(value, rule) is None
