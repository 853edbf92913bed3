"""Files of version 2: from a captured host, and those that this kernel has."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.host import cgroup_v2
from perftui.host.procfs import Host
from perftui.model.group_sections import CgroupCpu, CgroupCpuset, CgroupPids, CgroupPressure, CgroupUsage
from tests.captured import captured

NGINX = "/sys/fs/cgroup/system.slice/nginx.service"
NOWHERE = "/sys/fs/cgroup/user.slice"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return captured("systemd_v2", tmp_path)


def test_cpu(host: Host) -> None:
    assert cgroup_v2.cpu(host, NGINX) == CgroupCpu(
        path=NGINX,
        quota_us=150_000,
        period_us=100_000,
        periods_total=1200,
        throttled_periods_total=300,
        throttled_ns_total=4_500_000_000,
        weight=250,
        burst_us=20_000,
        bursts_total=12,
        burst_ns_total=34_000_000,
    )
    assert cgroup_v2.usage(host, NGINX) == CgroupUsage(
        path=NGINX, usage_ns_total=7_000_000_000, user_ns_total=5_000_000_000, system_ns_total=2_000_000_000
    )


def test_memory(host: Host) -> None:
    memory = cgroup_v2.memory(host, NGINX)
    assert memory is not None
    assert (memory.current_bytes, memory.peak_bytes) == (384 << 20, 450 << 20)
    assert (memory.limit_bytes, memory.high_bytes) == (512 << 20, 400 << 20)
    assert (memory.low_bytes, memory.min_bytes, memory.soft_limit_bytes) == (64 << 20, 0, None)
    assert (memory.swap_bytes, memory.swap_limit_bytes) == (4096, None)
    events = (memory.low_events_total, memory.high_events_total, memory.max_events_total, memory.oom_events_total)
    assert (events, memory.limit_hits_total, memory.oom_kills_total) == ((1, 25, 3, 1), 28, 1)
    stat = memory.stat
    assert (stat.anon_bytes, stat.file_bytes, stat.shmem_bytes) == (200 << 20, 150 << 20, 12 << 20)
    assert (stat.kernel_bytes, stat.slab_bytes, stat.slab_reclaimable_bytes) == (34 << 20, 27 << 20, 23 << 20)
    assert (stat.page_tables_bytes, stat.socket_bytes, stat.dirty_bytes) == (3 << 20, 81920, 135168)
    assert (stat.refault_anon_total, stat.refault_file_total, stat.major_faults_total) == (11, 2200, 33)
    assert (stat.scanned_pages_total, stat.reclaimed_pages_total) == (9000, 8000)


def test_io(host: Host) -> None:
    """A device without a counter has a line of its name alone."""
    assert cgroup_v2.io_counts(host, NGINX) == {
        "259:0": {"rbytes": 1 << 20, "wbytes": 5 << 20, "rios": 64, "wios": 320, "dbytes": 0, "dios": 0},
        "7:1": {},
    }
    assert cgroup_v2.io_limits(host, NGINX) == {"259:0": {"wbps": 10 << 20, "wiops": 500}}
    assert cgroup_v2.io_weight(host, NGINX) == 300


def test_the_rest(host: Host) -> None:
    assert cgroup_v2.pids(host, NGINX) == CgroupPids(path=NGINX, current=9, limit=4915, limit_hits_total=2)
    assert cgroup_v2.cpuset(host, NGINX) == CgroupCpuset(path=NGINX, cpus="0-3", nodes="0")
    assert cgroup_v2.pressure(host, NGINX) == CgroupPressure(
        path=NGINX,
        cpu_some_total_us=1_500_000,
        cpu_full_total_us=400_000,
        memory_some_total_us=2000,
        memory_full_total_us=1000,
        io_some_total_us=30_000,
        io_full_total_us=20_000,
    )


def test_controllers_that_are_not_enabled_have_no_files(host: Host) -> None:
    readers = (cgroup_v2.cpu, cgroup_v2.usage, cgroup_v2.memory, cgroup_v2.io_counts, cgroup_v2.pids)
    for reader in (*readers, cgroup_v2.cpuset, cgroup_v2.pressure, cgroup_v2.io_weight):
        assert reader(host, NOWHERE) is None
    assert cgroup_v2.io_limits(host, NOWHERE) == {}


def test_an_older_kernel_has_no_full_line_for_the_cpu(tmp_path: Path) -> None:
    for name in ("cpu", "memory", "io"):
        lines = "some avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
        lines += "" if name == "cpu" else "full avg10=0.00 avg60=0.00 avg300=0.00 total=3\n"
        (tmp_path / f"{name}.pressure").write_text(lines)
    found = cgroup_v2.pressure(Host(tmp_path), "")
    assert found is not None
    assert (found.cpu_some_total_us, found.cpu_full_total_us, found.io_full_total_us) == (7, 0, 3)


UNIFIED = Path("/sys/fs/cgroup/unified")


@pytest.fixture
def group() -> Iterator[Path]:
    if not (UNIFIED / "cgroup.controllers").exists():
        pytest.skip("no version 2 hierarchy is mounted here")
    folder = UNIFIED / f"perftui-test-v2-{os.getpid()}"
    folder.mkdir()
    yield folder
    folder.rmdir()


@pytest.mark.root
def test_what_this_kernel_has_in_every_group(group: Path) -> None:
    """CPU time and pressure need no controller."""
    usage, pressure = cgroup_v2.usage(Host(), str(group)), cgroup_v2.pressure(Host(), str(group))
    assert usage == CgroupUsage(path=str(group), usage_ns_total=0, user_ns_total=0, system_ns_total=0)
    assert pressure is not None
    assert pressure.cpu_some_total_us == 0
