"""Control groups: v1 as it runs here, v2 from captured trees."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.collect.cgroup import CgroupCollector
from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.group_sections import CgroupCpu, CgroupMemory, CgroupSection
from tests.collect.held import NO_TARGET, held_child
from tests.host.test_target import wait_for

SLEEPER = "print('up', flush=True)\nimport time; time.sleep(1000)"
CPU_V1 = Path("/sys/fs/cgroup/cpu")
MEMORY_V1 = Path("/sys/fs/cgroup/memory")


def collected(host: Host, held: HeldTarget) -> CgroupSection:
    return CgroupCollector().collect(host, Scope(held, (held.process.pid,)), None)


@pytest.fixture
def group() -> Iterator[str]:
    """The name of a group with a child group, in both hierarchies; removed afterwards."""
    if not (CPU_V1 / "cpu.cfs_quota_us").exists() or not (MEMORY_V1 / "memory.limit_in_bytes").exists():
        pytest.skip("no version 1 hierarchy is mounted here")
    name = f"perftui-test-{os.getpid()}"
    folders = [root / name / part for root in (CPU_V1, MEMORY_V1) for part in ("", "inner")]
    for folder in folders:
        folder.mkdir()
    try:
        yield name
    finally:
        for folder in reversed(folders):
            wait_for(lambda: not (folder / "cgroup.procs").read_text())  # noqa: B023 (called at once)
            folder.rmdir()


@pytest.mark.root
def test_version_1_as_it_runs(group: str) -> None:
    (CPU_V1 / group / "cpu.cfs_quota_us").write_text("20000")
    (CPU_V1 / group / "cpu.cfs_period_us").write_text("50000")
    (MEMORY_V1 / group / "memory.limit_in_bytes").write_text("64M")
    with held_child("print('up', flush=True)\nwhile True: pass") as (host, held):
        (CPU_V1 / group / "inner/cgroup.procs").write_text(str(held.process.pid))
        (MEMORY_V1 / group / "cgroup.procs").write_text(str(held.process.pid))
        section = collected(host, held)
        assert section.version == 1
        inner, outer = section.cpu
        assert (inner.path, inner.quota_us) == (f"{CPU_V1}/{group}/inner", None)
        assert (outer.path, outer.quota_us, outer.period_us) == (f"{CPU_V1}/{group}", 20_000, 50_000)
        assert section.memory is not None
        assert section.memory.path == f"{MEMORY_V1}/{group}"
        assert section.memory.limit_bytes == 64 << 20
        assert section.memory.oom_kills_total == 0
        wait_for(lambda: collected(host, held).cpu[1].throttled_periods_total > 3)
        throttled = collected(host, held).cpu[1]
        assert throttled.throttled_ns_total > 1_000_000
        assert throttled.periods_total >= throttled.throttled_periods_total
        os.kill(held.process.pid, signal.SIGKILL)
        wait_for(lambda: held.ended)


@pytest.mark.root
def test_a_target_that_moves_is_followed(group: str) -> None:
    with held_child(SLEEPER) as (host, held):
        collector = CgroupCollector()
        scope = Scope(held, (held.process.pid,))
        before = collector.collect(host, scope, None)
        assert all(group not in level.path for level in before.cpu)
        (CPU_V1 / group / "cgroup.procs").write_text(str(held.process.pid))
        assert collector.collect(host, scope, None).cpu[0].path == f"{CPU_V1}/{group}"
        os.kill(held.process.pid, signal.SIGKILL)
        wait_for(lambda: held.ended)


@pytest.fixture
def sleeper() -> Iterator[HeldTarget]:
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        held = HeldTarget.open(Host(), child.pid)
        try:
            yield held
        finally:
            held.close()
            child.kill()


def captured(root: Path, pid: int, membership: str, mountinfo: str, files: dict[str, str]) -> Host:
    for path, text in {
        f"proc/{pid}/cgroup": membership,
        "proc/self/mountinfo": mountinfo,
        **{f"sys/fs/cgroup/{name}": text for name, text in files.items()},
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Host(root)


V2_MOUNT = "30 20 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V2_STAT = "usage_usec 9\nnr_periods 100\nnr_throttled 40\nthrottled_usec 2500\nnr_bursts 0\n"


def test_version_2(tmp_path: Path, sleeper: HeldTarget) -> None:
    files = {
        "cpu.stat": "usage_usec 9\n",
        "system.slice/cpu.max": "max 100000\n",
        "system.slice/cpu.stat": V2_STAT.replace("40", "0"),
        "system.slice/web.service/cpu.max": "150000 100000\n",
        "system.slice/web.service/cpu.stat": V2_STAT,
        "system.slice/web.service/memory.current": "1000\n",
        "system.slice/web.service/memory.max": "4096\n",
        "system.slice/web.service/memory.high": "max\n",
        "system.slice/web.service/memory.events": "low 0\nhigh 3\nmax 4\noom 1\noom_kill 1\n",
    }
    host = captured(tmp_path, sleeper.process.pid, "0::/system.slice/web.service\n", V2_MOUNT, files)
    own = "/sys/fs/cgroup/system.slice/web.service"
    section = collected(host, sleeper)
    assert section.version == 2
    assert section.cpu == (
        CgroupCpu(
            path=own,
            quota_us=150_000,
            period_us=100_000,
            periods_total=100,
            throttled_periods_total=40,
            throttled_ns_total=2_500_000,
            bursts_total=0,
        ),
        CgroupCpu(
            path="/sys/fs/cgroup/system.slice",
            quota_us=None,
            period_us=100_000,
            periods_total=100,
            throttled_periods_total=0,
            throttled_ns_total=2_500_000,
            bursts_total=0,
        ),
    )
    assert section.memory == CgroupMemory(
        path=own,
        current_bytes=1000,
        limit_bytes=4096,
        high_bytes=None,
        limit_hits_total=7,
        oom_kills_total=1,
        low_events_total=0,
        high_events_total=3,
        max_events_total=4,
        oom_events_total=1,
    )


def test_the_top_of_a_container_counts_when_it_has_a_quota(tmp_path: Path, sleeper: HeldTarget) -> None:
    """With a namespace of its own the target is at ``/``, and so is the limit."""
    files = {"cpu.max": "50000 100000\n", "cpu.stat": V2_STAT}
    section = collected(captured(tmp_path, sleeper.process.pid, "0::/\n", V2_MOUNT, files), sleeper)
    assert [(level.path, level.quota_us) for level in section.cpu] == [("/sys/fs/cgroup", 50_000)]
    assert section.memory is None


def test_hybrid_takes_the_hierarchy_that_has_the_controller(tmp_path: Path, sleeper: HeldTarget) -> None:
    mounts = (
        "26 25 0:23 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        "27 25 0:24 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    )
    files = {
        "unified/job/cpu.max": "max 100000\n",
        "memory/job/memory.usage_in_bytes": "5\n",
        "memory/job/memory.limit_in_bytes": "9223372036854771712\n",
        "memory/job/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
    }
    host = captured(tmp_path, sleeper.process.pid, "3:memory:/job\n0::/job\n", mounts, files)
    section = collected(host, sleeper)
    assert section.version == 2
    assert section.cpu[0].path == "/sys/fs/cgroup/unified/job"
    assert section.memory is not None
    assert (section.memory.limit_bytes, section.memory.oom_kills_total) == (None, 2)


def test_a_group_outside_the_namespace_is_no_data(tmp_path: Path, sleeper: HeldTarget) -> None:
    host = captured(tmp_path, sleeper.process.pid, "0::/../other\n", V2_MOUNT, {})
    with pytest.raises(NoData, match="not visible here"):
        collected(host, sleeper)


def test_no_target_is_no_data() -> None:
    with pytest.raises(NoData):
        CgroupCollector().collect(Host(), NO_TARGET, None)


@pytest.mark.root
def test_a_hostile_name_is_shown_and_its_directory_is_read(group: str) -> None:
    hostile = CPU_V1 / group / "x\x1b[2J\x85\u2028\udcff"
    hostile.mkdir()
    try:
        (hostile / "cpu.cfs_quota_us").write_text("20000")
        with held_child(SLEEPER) as (host, held):
            (hostile / "cgroup.procs").write_text(str(held.process.pid))
            section = collected(host, held)
            assert section.cpu[0].path == f"{CPU_V1}/{group}/x^[[2J\\x85\\u{{2028}}\\xff"
            assert (section.cpu[0].quota_us, section.cpu[0].escaped) == (20_000, True)
            assert not section.cpu[1].escaped
            os.kill(held.process.pid, signal.SIGKILL)
            wait_for(lambda: held.ended)
    finally:
        wait_for(lambda: not (hostile / "cgroup.procs").read_text())
        hostile.rmdir()


UNIFIED = Path("/sys/fs/cgroup/unified")
SPIN = "print('up', flush=True)\nwhile True: pass"


@pytest.mark.root
def test_version_2_counts_cpu_time_and_pressure_of_a_group_live() -> None:
    """Two processes on one CPU: each waits while the other runs. CPU time agrees with what both have used."""
    if not (UNIFIED / "cpu.pressure").exists():
        pytest.skip("no version 2 hierarchy with pressure is mounted here")
    folder = UNIFIED / f"perftui-test-live-{os.getpid()}"
    folder.mkdir()
    try:
        with held_child(SPIN) as (host, held), held_child(SPIN) as (_, other):
            pids = (held.process.pid, other.process.pid)
            for pid in pids:
                os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))})
                (folder / "cgroup.procs").write_text(str(pid))
            marks = [cpu_seconds(*pids)]
            older = collected(host, held)
            marks.append(cpu_seconds(*pids))
            wait_for(lambda: cpu_seconds(*pids) > marks[1] + 0.4, 30)
            marks.append(cpu_seconds(*pids))
            newer = collected(host, held)
            marks.append(cpu_seconds(*pids))
            assert older.usage is not None
            assert newer.usage is not None
            assert newer.usage.path == str(folder)
            used = (newer.usage.usage_ns_total - older.usage.usage_ns_total) / 1e9
            assert marks[2] - marks[1] - 0.05 <= used <= marks[3] - marks[0] + 0.05
            assert older.pressure is not None
            assert newer.pressure is not None
            seconds = (newer.monotonic_ns - older.monotonic_ns) / 1e9
            stalled = (newer.pressure.cpu_some_total_us - older.pressure.cpu_some_total_us) / 1e6
            assert 0.5 * seconds < stalled <= 1.05 * seconds
            assert newer.pressure.memory_full_total_us == older.pressure.memory_full_total_us
    finally:
        wait_for(lambda: not (folder / "cgroup.procs").read_text())
        folder.rmdir()


def cpu_seconds(*pids: int) -> float:
    fields = [Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields) / os.sysconf("SC_CLK_TCK")
