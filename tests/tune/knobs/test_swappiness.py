from pathlib import Path

import msgspec
import pytest

from perftui.host.procfs import Host
from perftui.model.proposal import Proposal, WriteFile
from perftui.model.sample import MemorySection
from perftui.tune.knobs.swappiness import SETTING, Swappiness
from tests.tune.scenes import finding_of, interval_of, reading_of, sample_at

SWAPPINESS = Swappiness()


def propose(value: str, rule: str = "memory-swap") -> Proposal | None:
    interval = interval_of(swap_bytes=64 << 20)
    reading = reading_of("sysctl.vm.swappiness", value, "host")
    return SWAPPINESS.propose(finding_of(rule), reading, interval.newer, interval)


def test_it_is_read_on_this_machine() -> None:
    (reading,) = SWAPPINESS.read(Host(), sample_at(1))
    assert reading.value == Path(SETTING.path).read_text().strip()
    assert reading.subject == "host"


def test_without_swap_it_has_no_effect() -> None:
    memory = MemorySection(monotonic_ns=1, **dict.fromkeys(MemorySection.__struct_fields__[1:], 0))
    (reading,) = SWAPPINESS.read(Host(), msgspec.structs.replace(sample_at(1), memory=memory))
    assert not reading.available
    assert "no swap" in reading.reason


def test_where_the_file_is_missing_it_says_so(tmp_path: Path) -> None:
    (reading,) = SWAPPINESS.read(Host(tmp_path), sample_at(1))
    assert not reading.available
    assert SETTING.path in reading.reason


def test_ten_is_proposed() -> None:
    proposal = propose("60")
    assert proposal is not None
    assert proposal.action == WriteFile(before="60", after="10", path=SETTING.path)
    assert (proposal.command, proposal.undo_command) == ("sysctl -w vm.swappiness=10", "sysctl -w vm.swappiness=60")
    assert "64 MiB of the target are swapped out" in proposal.expected_effect


@pytest.mark.parametrize(("value", "rule"), [("10", "memory-swap"), ("0", "memory-swap"), ("60", "memory-leak")])
def test_nothing_to_propose(value: str, rule: str) -> None:
    assert propose(value, rule) is None
