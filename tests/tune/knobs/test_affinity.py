import os
from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal, SetAffinity
from perftui.tune.knob import threads_before
from perftui.tune.knobs.affinity import Affinity, _Usable
from tests.tune.scenes import PID, finding_of, interval_of, read_live, reading_of, sample_at
from tests.tune.support import identity, program, tids, wait_for

AFFINITY = Affinity()
CPUSETS = Path("/sys/fs/cgroup/cpuset")


def propose(interval: Interval, value: str = "0", usable: str = "0-1", rule: str = "cpu-affinity") -> Proposal | None:
    reading = reading_of("process.affinity", value, usable=usable)
    return AFFINITY.propose(finding_of(rule), reading, interval.newer, interval)


def test_it_is_read_per_process_with_the_threads_that_differ() -> None:
    with program(threads=1) as process:
        other = tids(process.pid)[-1]
        os.sched_setaffinity(process.pid, {0})
        (reading,) = read_live(AFFINITY, process.pid)
        assert reading.value == "0"
        assert [one.tid for one in threads_before(reading)] == [process.pid, other]
        assert reading.detail["usable"] == Path("/sys/devices/system/cpu/online").read_text().strip()


@pytest.mark.root
def test_the_cpuset_is_the_limit() -> None:
    folder = CPUSETS / f"perftui-test-{os.getpid()}"
    folder.mkdir()
    try:
        (folder / "cpuset.cpus").write_text("0")
        (folder / "cpuset.mems").write_text("0")
        with program() as process:
            (folder / "cgroup.procs").write_text(str(process.pid))
            (reading,) = read_live(AFFINITY, process.pid)
    finally:
        wait_for(lambda: (folder / "cgroup.procs").read_text() == "", "the cpuset is empty")
        folder.rmdir()
    assert (reading.value, reading.detail["usable"]) == ("0", "0")


class _Counting(Host):
    """Keeps the paths that were read."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def read(self, path: str) -> bytes:
        self.seen.append(path)
        return super().read(path)


def test_what_all_processes_share_is_read_once() -> None:
    """It is read with every tick; where nothing is pinned a process's cpuset need not be looked at."""
    host, own = _Counting(), identity(os.getpid())
    everything = Path("/sys/devices/system/cpu/online").read_text().strip()
    usable = _Usable(host)
    for _ in range(3):
        assert usable.cpus(own, everything) == everything
    assert host.seen == ["/sys/devices/system/cpu/online"]
    for _ in range(3):
        assert usable.cpus(own, "0")
    assert host.seen.count("/sys/devices/system/cpu/online") == host.seen.count("/proc/self/mountinfo") == 1


def test_all_usable_cpus_are_proposed() -> None:
    proposal = propose(interval_of())
    assert proposal is not None
    assert proposal.after == "0-1"
    assert proposal.command == f"taskset -acp 0-1 {PID}"
    assert proposal.undo_command == f"taskset -acp 0 {PID}"
    assert isinstance(proposal.action, SetAffinity)
    assert "on CPU 0 only, while CPU 1 has 0.50 cores idle: up to 0.90 cores" in proposal.expected_effect


def test_nothing_to_propose() -> None:
    assert propose(interval_of(), value="0-1") is None
    assert propose(interval_of(), usable="") is None
    assert propose(interval_of(), usable="1") is None
    assert propose(interval_of(), rule="cpu-saturated") is None
    assert propose(interval_of(delay=0.0)) is None


def test_a_captured_tree_shows_the_main_thread(tmp_path: Path) -> None:
    (reading,) = AFFINITY.read(Host(tmp_path), sample_at(1))
    assert (reading.value, reading.detail["usable"]) == ("0", "")
