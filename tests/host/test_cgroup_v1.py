"""Files of version 1: as this kernel has them, and of a captured docker host."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from perftui.host import cgroup_v1, cgroup_v2
from perftui.host.procfs import Host
from perftui.model.group_sections import CgroupCpu, CgroupCpuset, CgroupPids, CgroupUsage
from tests.captured import captured
from tests.host.test_target import wait_for

WEB = "docker/4f66ad9a1b2c3d4e5f60718293a4b5c6d7e8f901122334455667788990aabbcc"
CG = Path("/sys/fs/cgroup")


def test_cpu_of_a_docker_container(tmp_path: Path) -> None:
    host, path = captured("docker_v1", tmp_path), f"{CG}/cpu,cpuacct/{WEB}"
    assert cgroup_v1.cpu(host, path) == CgroupCpu(
        path=path,
        quota_us=50_000,
        period_us=100_000,
        periods_total=4000,
        throttled_periods_total=1000,
        throttled_ns_total=90_000_000_000,
        shares=512,
    )
    assert cgroup_v1.usage(host, path) == CgroupUsage(
        path=path, usage_ns_total=200 * 10**9, user_ns_total=150 * 10**9, system_ns_total=50 * 10**9
    )


def test_memory_of_a_docker_container(tmp_path: Path) -> None:
    memory = cgroup_v1.memory(captured("docker_v1", tmp_path), f"{CG}/memory/{WEB}")
    assert memory is not None
    assert (memory.current_bytes, memory.peak_bytes, memory.limit_bytes) == (220 << 20, 256 << 20, 256 << 20)
    assert (memory.high_bytes, memory.soft_limit_bytes, memory.low_bytes) == (None, None, None)
    assert (memory.memory_and_swap_limit_bytes, memory.hierarchy_limit_bytes) == (512 << 20, 256 << 20)
    assert (memory.limit_hits_total, memory.oom_kills_total, memory.swap_bytes) == (42, 2, 1 << 20)
    stat = memory.stat
    assert (stat.anon_bytes, stat.file_bytes, stat.kernel_bytes) == (170 << 20, 40 << 20, 5 << 20)
    assert (stat.major_faults_total, stat.slab_bytes, stat.refault_file_total) == (77, None, None)


def test_the_rest_of_a_docker_container(tmp_path: Path) -> None:
    """Before Linux 4.17 there are no recursive counts, and before 4.x no effective list of memory nodes."""
    host = captured("docker_v1", tmp_path)
    assert cgroup_v1.io_counts(host, f"{CG}/blkio/{WEB}") == {
        "8:16": {"rbytes": 4 << 20, "wbytes": 8 << 20, "rios": 100, "wios": 200}
    }
    assert cgroup_v1.io_limits(host, f"{CG}/blkio/{WEB}") == {"8:16": {"wbps": 20 << 20}}
    assert cgroup_v1.io_weight(host, f"{CG}/blkio/{WEB}") is None
    path = f"{CG}/pids/{WEB}"
    assert cgroup_v2.pids(host, path) == CgroupPids(path=path, current=5, limit=None, limit_hits_total=None)
    path = f"{CG}/cpuset/{WEB}"
    assert cgroup_v1.cpuset(host, path) == CgroupCpuset(path=path, cpus="0-1", nodes="0")
    for reader in (cgroup_v1.cpu, cgroup_v1.usage, cgroup_v1.memory, cgroup_v1.io_counts, cgroup_v1.cpuset):
        assert reader(host, f"{CG}/devices") is None


@contextmanager
def groups(*controllers: str) -> Iterator[list[Path]]:
    """A real group of the same name in several hierarchies."""
    with ExitStack() as stack:
        found = []
        for controller in controllers:
            folder = CG / controller / f"perftui-test-v1-{os.getpid()}"
            if not (folder.parent / "cgroup.procs").exists():
                pytest.skip(f"no version 1 hierarchy of {controller} is mounted here")
            folder.mkdir()
            stack.callback(remove, folder)
            found.append(folder)
        yield found


def remove(folder: Path) -> None:
    wait_for(lambda: not (folder / "cgroup.procs").read_text())
    folder.rmdir()


WRITER = """
import os, sys, time
print("up", flush=True)
sys.stdin.readline()
block = bytearray(b"x") * (24 << 20)
end = time.monotonic() + 0.3
while time.monotonic() < end: pass
fd = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
os.write(fd, block[: 1 << 20])
os.fsync(fd)
print("done", flush=True)
sys.stdin.readline()
"""


@pytest.mark.root
@pytest.mark.alone
def test_figures_of_this_kernel_under_a_load(tmp_path: Path) -> None:
    """Each agrees with what the load did: CPU time, memory held, bytes written, limits set."""
    with groups("cpu", "cpuacct", "memory", "blkio", "pids") as folders:
        cpu, cpuacct, memory, blkio, pids = folders
        (cpu / "cpu.shares").write_text("2048")
        (memory / "memory.limit_in_bytes").write_text("200M")
        (memory / "memory.soft_limit_in_bytes").write_text("100M")
        (pids / "pids.max").write_text("7")
        argv = [sys.executable, "-c", WRITER, str(tmp_path / "out")]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
            try:
                assert child.stdin is not None
                assert child.stdout is not None
                assert child.stdout.readline() == "up\n"
                for folder in folders:
                    (folder / "cgroup.procs").write_text(str(child.pid))
                child.stdin.write("\n")
                child.stdin.flush()
                assert child.stdout.readline() == "done\n"
                host = Host()
                level, used = cgroup_v1.cpu(host, str(cpu)), cgroup_v1.usage(host, str(cpuacct))
                held, count = cgroup_v1.memory(host, str(memory)), cgroup_v2.pids(host, str(pids))
                assert level is not None
                assert (level.shares, level.quota_us, level.weight) == (2048, None, None)
                assert used is not None
                fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(") ")[2].split()
                ticks = int(fields[11]) + int(fields[12])
                assert 0.2e9 < used.usage_ns_total <= (ticks + 2) / os.sysconf("SC_CLK_TCK") * 1e9
                assert held is not None
                assert (held.limit_bytes, held.soft_limit_bytes) == (200 << 20, 100 << 20)
                assert held.hierarchy_limit_bytes == 200 << 20
                assert 24 << 20 <= held.current_bytes < 60 << 20
                assert held.stat.anon_bytes is not None
                assert 22 << 20 <= held.stat.anon_bytes <= held.current_bytes
                assert count is not None
                assert (count.current, count.limit) == (1, 7)
                written = sum(
                    device.get("wbytes", 0) for device in (cgroup_v1.io_counts(host, str(blkio)) or {}).values()
                )
                assert written == 0 or written >= 1 << 20  # a temporary folder in memory writes to no device
            finally:
                child.kill()


@pytest.mark.root
def test_a_limit_of_a_device_that_is_here() -> None:
    numbers = next((path.name for path in Path("/sys/dev/block").iterdir()), None)
    if numbers is None:
        pytest.skip("no block device here")
    with groups("blkio") as (folder,):
        try:
            (folder / "blkio.throttle.write_bps_device").write_text(f"{numbers} 1048576")
        except OSError:
            pytest.skip(f"{numbers} takes no limit")
        assert cgroup_v1.io_limits(Host(), str(folder)) == {numbers: {"wbps": 1 << 20}}
