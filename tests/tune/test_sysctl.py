from pathlib import Path

from perftui.host.procfs import Host
from perftui.model.proposal import WriteFile
from perftui.tune.sysctl import Sysctl
from tests.tune.scenes import finding_of, reading_of, sample_at

SWAPPINESS = Sysctl("vm.swappiness")


def test_a_reading_of_this_machine() -> None:
    reading = SWAPPINESS.reading(Host())
    assert (reading.knob, reading.subject) == ("sysctl.vm.swappiness", "host")
    assert reading.value == Path("/proc/sys/vm/swappiness").read_text().strip()


def test_a_kernel_without_it(tmp_path: Path) -> None:
    reading = SWAPPINESS.reading(Host(tmp_path))
    assert not reading.available
    assert "/proc/sys/vm/swappiness is not there" in reading.reason


def test_a_change_names_the_command_and_the_way_back() -> None:
    proposal = SWAPPINESS.change(
        reading_of(SWAPPINESS.id, "60", "host"),
        finding_of("memory-swap"),
        sample_at(1),
        after="10",
        risk="medium",
        settle_seconds=60.0,
        expected_effect="e",
        affects="a",
    )
    assert proposal.action == WriteFile(before="60", after="10", path="/proc/sys/vm/swappiness")
    assert (proposal.command, proposal.undo_command) == ("sysctl -w vm.swappiness=10", "sysctl -w vm.swappiness=60")
