from pathlib import Path

import msgspec
import pytest

from perftui.host.procfs import Host
from perftui.model.group_sections import CgroupCpu
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal, WriteFile
from perftui.tune.knobs.cpu_max import CpuMax, cores_text
from tests.tune.scenes import finding_of, interval_of, read_live, reading_of, sample_at
from tests.tune.support import cpu_cgroup, program

CPU_MAX = CpuMax()


def level(path: str, quota_us: int | None, periods: int = 0, throttled: int = 0, seconds: float = 0.0) -> CgroupCpu:
    return CgroupCpu(
        path=path,
        quota_us=quota_us,
        period_us=100_000,
        periods_total=periods,
        throttled_periods_total=throttled,
        throttled_ns_total=int(seconds * 1e9),
    )


def throttled(quota_us: int, asked: float = 1.0, parent: int | None = None) -> Interval:
    """A second in which the group asked for ``asked`` cores."""
    missing = asked - quota_us / 100_000
    older = sample_at(1, cgroup=(level("/g/own", quota_us), level("/g", parent)))
    newer = sample_at(2, cgroup=(level("/g/own", quota_us, 10, 9, missing), level("/g", parent, 10)))
    return Interval.between(older, newer)


def propose(
    interval: Interval, value: str, *, subject: str = "/g/own", v2: bool = False, rule: str = "cpu-quota"
) -> Proposal | None:
    quota = int(float(value) * 100_000) if value != "max" else -1
    raw, name = (f"{quota} 100000", "cpu.max") if v2 else (str(quota), "cpu.cfs_quota_us")
    reading = reading_of("cgroup.cpu-max", value, subject, path=f"{subject}/{name}", raw=raw, period_us="100000")
    return CPU_MAX.propose(finding_of(rule), reading, interval.newer, interval)


@pytest.mark.root
def test_it_is_read_on_a_real_group() -> None:
    with program() as process, cpu_cgroup(quota_us=20000) as group:
        (group / "cgroup.procs").write_text(str(process.pid))
        (reading,) = read_live(CPU_MAX, process.pid)
    assert (reading.subject, reading.value, reading.permitted) == (str(group), "0.2", True)
    assert reading.detail["path"] == f"{group}/cpu.cfs_quota_us"
    assert reading.detail["raw"] == "20000"


def test_a_target_in_no_group_of_its_own_is_told_how_to_get_one() -> None:
    (reading,) = CPU_MAX.read(Host(), sample_at(1, cgroup=()))
    assert not reading.available
    assert "systemd-run --scope" in reading.remedy


def test_the_limit_is_doubled_on_the_level_that_throttles() -> None:
    proposal = propose(throttled(20_000), "0.2")
    assert proposal is not None
    assert (proposal.before, proposal.after) == ("0.2", "0.4")
    assert proposal.command == "echo 40000 > /g/own/cpu.cfs_quota_us"
    assert proposal.undo_command == "echo 20000 > /g/own/cpu.cfs_quota_us"
    assert proposal.action == WriteFile(before="20000", after="40000", path="/g/own/cpu.cfs_quota_us")
    assert "throttled in 90% of its periods" in proposal.expected_effect
    assert propose(throttled(20_000), "0.2", subject="/g") is None


def test_version_two_keeps_its_period() -> None:
    proposal = propose(throttled(20_000), "0.2", v2=True)
    assert proposal is not None
    assert proposal.action == WriteFile(before="20000 100000", after="40000 100000", path="/g/own/cpu.max")
    assert proposal.undo_command == "echo '20000 100000' > /g/own/cpu.max"


@pytest.mark.parametrize(
    ("quota", "asked", "parent", "after"),
    [
        (80_000, 1.0, None, "1"),  # what it asks for, not twice
        (150_000, 9.0, None, "2"),  # the CPUs there are
        (50_000, 2.0, 70_000, "0.7"),  # what the level above allows
        (80_000, 0.81, None, "1"),  # at least a quarter more
    ],
)
def test_the_bounds(quota: int, asked: float, parent: int | None, after: str) -> None:
    proposal = propose(throttled(quota, asked, parent), cores_text(quota / 100_000))
    assert proposal is not None
    assert proposal.after == after


def test_nothing_to_propose() -> None:
    assert propose(throttled(20_000), "max") is None
    assert propose(throttled(200_000, 9.0), "2") is None
    assert propose(throttled(20_000, parent=20_000), "0.2") is None
    assert propose(throttled(20_000), "0.2", rule="cpu-saturated") is None
    assert propose(interval_of(), "0.2") is None


def test_version_two_and_gaps_in_a_captured_tree(tmp_path: Path) -> None:
    (tmp_path / "g").mkdir()
    (tmp_path / "g/cpu.max").write_text("max 100000\n")
    sample = sample_at(1, cgroup=(level("/g", None), level("/gone", 10), level("/\N{RIGHT-TO-LEFT OVERRIDE}", 10)))
    assert sample.cgroup is not None
    two, gone, odd = (CPU_MAX._read(Host(tmp_path), 2, one) for one in sample.cgroup.cpu)
    assert (two.value, two.detail["raw"], two.permitted) == ("max", "max 100000", False)
    assert not gone.available
    assert not odd.available
    assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in odd.subject


def test_a_level_that_is_shown_with_another_name_is_not_written(tmp_path: Path) -> None:
    # A hostile group next to one whose real name is what the hostile one looks like when it is shown.
    (tmp_path / "g^[[2J").mkdir()
    (tmp_path / "g^[[2J/cpu.max").write_text("100 100000\n")
    shown = msgspec.structs.replace(level("/g^[[2J", 100), escaped=True)

    reading = CPU_MAX._read(Host(tmp_path), 2, shown)

    assert (reading.available, reading.reason) == (False, "its name cannot be written safely")
    assert CPU_MAX._read(Host(tmp_path), 2, level("/g^[[2J", 100)).available
