"""Targets that are groups: found by name on captured hosts, held on real control groups."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from perftui.errors import NoSuchTarget, NotPermitted, TargetEnded, UsageError
from perftui.host.groups import FoundGroup, HeldGroup, Place, find_group
from perftui.host.procfs import Host
from perftui.host.stat import parse_stat
from perftui.host.target import is_group
from tests.captured import captured
from tests.host.test_target import wait_for

MEMORY = Path("/sys/fs/cgroup/memory")


def main_of(host: Host, spec: str) -> tuple[str, int]:
    """What the group is called and the PID of its main process."""
    held = HeldGroup.open_group(host, find_group(host, spec))
    try:
        assert held.target.kind == spec.partition(":")[0]
        return held.target.name, held.process.pid
    finally:
        held.close()


@pytest.mark.parametrize(
    ("spec", "name", "pid"),
    [
        ("unit:nginx.service", "nginx.service", 801),
        ("unit:nginx", "nginx.service", 801),
        ("unit:sync.service", "sync.service", 950),
        ("unit:shop.service", "shop.service", 1390),
        ("unit:system.slice", "system.slice", 801),
        ("unit:user@1000.service", "user@1000.service", 900),
        ("cgroup:/system.slice/nginx.service/workers", "/system.slice/nginx.service/workers", 803),
        ("cgroup:/system.slice/nginx.service/", "/system.slice/nginx.service", 801),
        ("cgroup:/sys/fs/cgroup/system.slice/nginx.service", "/system.slice/nginx.service", 801),
        ("container:frontend", "frontend", 1200),
        ("container:systemd-shop", "systemd-shop", 1400),
        ("container:2a1b", "cache", 1300),
        ("container:mail", "mail", 1500),
    ],
)
def test_on_a_host_with_systemd(tmp_path: Path, spec: str, name: str, pid: int) -> None:
    assert main_of(captured("systemd_v2", tmp_path), spec) == (name, pid)


@pytest.mark.parametrize("host", ["docker_v1", "docker_v2"])
def test_on_a_docker_host(tmp_path: Path, host: str) -> None:
    system = captured(host, tmp_path)
    assert main_of(system, "container:web") == ("web", 2101)
    assert main_of(system, "container:4f66ad9a") == ("web", 2101)
    with pytest.raises(UsageError, match=r"matches 2 groups(.|\n)*docker web(.|\n)*cgroup:/") as failed:
        find_group(system, "container:4f66ad")
    assert len(str(failed.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("spec", "pid"),
    [
        ("container:cart", 3100),
        ("container:shop/cart-5d9c7/cart", 3100),
        ("container:envoy", 3200),
        ("container:5c4d3e2f", 3100),
        ("container:batch", 3300),
        ("container:jobs/nightly-1", 3300),
        ("cgroup:/kubepods.slice/kubepods-burstable.slice", 3000),
    ],
)
def test_on_a_kubernetes_node(tmp_path: Path, spec: str, pid: int) -> None:
    assert main_of(captured("kubernetes_v2", tmp_path), spec)[1] == pid


def test_a_pod_of_several_containers_is_listed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"matches 3 groups(.|\n)*pod shop/cart-5d9c7 cart"):
        find_group(captured("kubernetes_v2", tmp_path), "container:cart-5d9c7")


@pytest.mark.parametrize("spec", ["unit:", "cgroup:", "container:", "cgroup:a/b", "cgroup:/a/../b", "cgroup:/"])
def test_malformed_specs(tmp_path: Path, spec: str) -> None:
    with pytest.raises(UsageError, match="TARGET"):
        find_group(captured("docker_v2", tmp_path), spec)


@pytest.mark.parametrize("spec", ["unit:none.service", "cgroup:/none", "container:none", "container:abc"])
def test_what_is_not_there(tmp_path: Path, spec: str) -> None:
    with pytest.raises(NoSuchTarget, match=r"none|abc"):
        find_group(captured("systemd_v2", tmp_path), spec)


def test_a_group_without_a_process(tmp_path: Path) -> None:
    host = captured("docker_v2", tmp_path)
    empty = tmp_path / "sys/fs/cgroup/idle.slice"
    empty.mkdir()
    (empty / "cgroup.procs").touch()
    with pytest.raises(NoSuchTarget, match="no process"):
        find_group(host, "cgroup:/idle.slice")
    with pytest.raises(NoSuchTarget, match=r"idle\.slice"):
        find_group(host, "unit:idle.slice")


def test_processes_of_another_pid_namespace(tmp_path: Path) -> None:
    """The kernel lists them as 0."""
    host = captured("docker_v2", tmp_path)
    (tmp_path / "sys/fs/cgroup/init.scope/cgroup.procs").write_text("0\n0\n")
    with pytest.raises(NotPermitted, match="another PID namespace"):
        HeldGroup.open_group(host, find_group(host, "unit:init.scope"))


def test_specs_of_groups() -> None:
    assert is_group("unit:a")
    assert is_group("container:")
    assert not is_group("name:a")
    assert not is_group("unit")


@contextmanager
def sleepers(folder: Path, count: int) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Processes in a group."""
    started: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(count):
            process = subprocess.Popen(["/bin/sleep", "1000"])
            (folder / "cgroup.procs").write_text(str(process.pid))
            started.append(process)
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def ticks(pid: int) -> int:
    return parse_stat(Path(f"/proc/{pid}/stat").read_bytes()).starttime


@pytest.fixture
def folder() -> Iterator[Path]:
    """A real group of the memory controller with one below it."""
    if not (MEMORY / "memory.limit_in_bytes").exists():
        pytest.skip("no version 1 memory hierarchy is mounted here")
    top = MEMORY / f"perftui-test-groups-{os.getpid()}"
    (top / "below").mkdir(parents=True)
    yield top
    for part in (top / "below", top):
        if part.exists():
            wait_for(lambda: not (part / "cgroup.procs").read_text())  # noqa: B023 (called at once)
            part.rmdir()


@pytest.mark.root
def test_a_real_group_with_processes_that_come_and_go(folder: Path) -> None:
    host = Host()
    with sleepers(folder, 2) as (first, second), sleepers(folder / "below", 1) as (third,):
        pids = [first.pid, second.pid, third.pid]
        held = HeldGroup.open_group(host, find_group(host, f"cgroup:/{folder.name}"))
        assert held.target.group == f"/{folder.name}"
        assert held.target.label == f"cgroup /{folder.name}: {held.process.pid} /bin/sleep 1000"
        started = {pid: ticks(pid) for pid in pids}
        oldest_first = sorted(pids, key=lambda pid: (started[pid], pid))
        looked = held.look(started)
        assert looked[0] == held.process.pid == oldest_first[0]
        assert sorted(looked) == sorted(pids)
        held.check()
        main = next(process for process in (first, second, third) if process.pid == held.process.pid)
        main.kill()
        main.wait()
        assert not held.ended
        assert held.main.ended
        held.check()
        looked = held.look({pid: start for pid, start in started.items() if pid != main.pid})
        assert looked[0] == held.process.pid == held.target.pid == oldest_first[1]
        assert sorted(looked) == sorted(set(pids) - {main.pid})
        for process in (first, second, third):
            process.kill()
            process.wait()
        wait_for(lambda: held.ended)
        assert held.look(started) == (held.process.pid,)
        with pytest.raises(TargetEnded, match=folder.name):
            held.check()
        held.close()
        held.close()


@pytest.mark.root
def test_a_group_made_anew_under_the_same_name_is_another_one(folder: Path) -> None:
    host = Host()
    found = FoundGroup("cgroup", f"/{folder.name}/below", Place(f"/{folder.name}/below", f"{folder}/below"))
    with sleepers(folder / "below", 1):
        held = HeldGroup.open_group(host, found)
        held.check()
    wait_for(lambda: held.ended)
    (folder / "below").rmdir()
    with pytest.raises(NoSuchTarget, match="is gone"):
        HeldGroup.open_group(host, found)
    (folder / "below").mkdir()
    with sleepers(folder / "below", 1):
        assert held.ended
    held.close()


@pytest.mark.root
def test_a_pid_that_was_given_anew_is_not_taken_for_the_main_process(folder: Path) -> None:
    with sleepers(folder, 1) as (process,):
        held = HeldGroup.open_group(Host(), find_group(Host(), f"cgroup:{folder}"))
        later = held.process.start_ticks + 5
        assert held.look({process.pid: later}) == (process.pid,)
        assert held.process.start_ticks == later
        held.close()


@pytest.mark.root
def test_no_descriptor_is_left(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with sleepers(folder, 1):
        HeldGroup.open_group(Host(), find_group(Host(), f"cgroup:/{folder.name}")).close()
        assert len(os.listdir("/proc/self/fd")) == before
