"""Whose the target is: from captured hosts, and of a real process in a PID namespace of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.collect.cgroup import CgroupCollector
from perftui.collect.group import GroupCollector, inner_pid
from perftui.collect.live import LiveSource
from perftui.collect.scope import Scope, scope_of
from perftui.errors import NoData
from perftui.host.groups import HeldGroup, find_group
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.group_sections import CgroupSection, GroupSection
from perftui.model.interval import Interval
from perftui.model.sample import ProcessSection
from perftui.model.table import Table
from tests.captured import captured
from tests.collect.held import NO_TARGET, held_child, python_child
from tests.host.test_target import wait_for


def looked(host: Host, spec: str) -> tuple[GroupSection, CgroupSection, tuple[int, ...]]:
    """What both collectors say of a target, and its PIDs."""
    held = HeldGroup.open_group(host, find_group(host, spec)) if ":" in spec else HeldTarget.open(host, int(spec))
    rows = [(int(name), 1, int(_start(host, name))) for name in host.names("/proc") if name.isdigit()]
    table = Table.of(dict(zip(("pid", "ppid", "start_ticks"), zip(*rows, strict=True), strict=True)))
    try:
        scope = scope_of(held, ProcessSection(monotonic_ns=1, processes=table, ticks_per_second=100))
        return (
            GroupCollector().collect(host, scope, None),
            CgroupCollector().collect(host, scope, None),
            scope.pids,
        )
    finally:
        held.close()


def _start(host: Host, pid: str) -> str:
    return host.text(f"/proc/{pid}/stat").split()[21]


def inner(section: GroupSection) -> dict[int, int]:
    return dict(zip(section.processes.ints("pid"), section.processes.ints("inner_pid"), strict=True))


def test_a_service_with_a_group_below_it(tmp_path: Path) -> None:
    group, cgroup, pids = looked(captured("systemd_v2", tmp_path), "unit:nginx.service")
    assert pids == (801, 802, 803)
    assert (group.path, group.unit, group.user_unit, group.slice) == (
        "/system.slice/nginx.service", "nginx.service", "", "system.slice",
    )  # fmt: skip
    assert (group.container, group.label) == (None, "nginx.service")
    assert inner(group) == {801: -1, 802: -1, 803: -1}
    assert [level.quota_us for level in cgroup.cpu] == [150_000, 400_000]
    assert [level.limit_bytes for level in cgroup.memory_levels] == [512 << 20, 8 << 30]
    assert cgroup.io is not None
    assert cgroup.io.devices.text("name") == ("nvme0n1", "7:1")
    assert list(cgroup.io.devices.ints("writes_total")) == [320, -1]
    assert list(cgroup.io.devices.ints("writes_limit")) == [500, -1]
    assert list(cgroup.io.devices.ints("read_bytes_limit")) == [-1, -1]
    assert cgroup.usage is not None
    assert cgroup.pids is not None
    assert cgroup.cpuset is not None
    assert cgroup.pressure is not None


def test_a_process_below_the_service_has_the_services_limits_above_its_own_group(tmp_path: Path) -> None:
    group, cgroup, pids = looked(captured("systemd_v2", tmp_path), "803")
    assert (pids, group.path, group.label) == ((803,), "/system.slice/nginx.service/workers", "nginx.service")
    assert [level.quota_us for level in cgroup.cpu] == [150_000, 400_000]
    assert (cgroup.memory, cgroup.usage) == (None, None)
    assert [level.limit_bytes for level in cgroup.memory_levels] == [512 << 20, 8 << 30]


def test_a_users_service_and_containers(tmp_path: Path) -> None:
    host = captured("systemd_v2", tmp_path)
    group = looked(host, "950")[0]
    assert (group.unit, group.user_unit, group.label) == ("user@1000.service", "sync.service", "sync.service")
    group = looked(host, "1200")[0]
    assert (group.label, inner(group)) == ("podman frontend", {1200: 1})
    group, _, pids = looked(host, "container:systemd-shop")
    assert (group.label, pids, inner(group)) == ("podman systemd-shop", (1400, 1401), {1400: 1, 1401: 7})
    assert looked(host, "1510")[0].label == "lxc mail"
    group = looked(host, "1")[0]
    assert (group.label, group.container) == ("init.scope", None)


def test_docker_of_version_1(tmp_path: Path) -> None:
    group, cgroup, pids = looked(captured("docker_v1", tmp_path), "container:web")
    assert (group.label, pids, inner(group)) == ("docker web", (2101, 2140), {2101: 1, 2140: 12})
    assert cgroup.version == 1
    assert [level.quota_us for level in cgroup.cpu] == [50_000, None]
    assert cgroup.memory is not None
    assert cgroup.memory.limit_bytes == 256 << 20
    assert cgroup.io is not None
    assert cgroup.io.devices.text("name") == ("sdb",)
    assert list(cgroup.io.devices.ints("write_bytes_limit")) == [20 << 20]
    assert cgroup.pressure is None


def test_a_pod_whose_limit_is_above_the_containers(tmp_path: Path) -> None:
    group, cgroup, pids = looked(captured("kubernetes_v2", tmp_path), "container:cart")
    assert (group.label, pids, inner(group)) == ("pod shop/cart-5d9c7 cart", (3100, 3101), {3100: 1, 3101: 19})
    assert group.container is not None
    assert (group.container.runtime, group.container.image) == ("containerd", "registry.local/cart:2")
    assert group.container.pod_uid == "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
    assert [level.quota_us for level in cgroup.cpu] == [200_000, 100_000, None]
    assert [level.limit_bytes for level in cgroup.memory_levels] == [None, 256 << 20, 15_000_000_000]
    group = looked(captured("kubernetes_v2", tmp_path / "other"), "3300")[0]
    assert group.container is not None
    assert (group.label, group.container.runtime) == ("pod jobs/nightly-1 batch", "cri-o")


def test_the_root_is_not_the_targets_own(tmp_path: Path) -> None:
    """The figures of the root are the whole host's."""
    host = captured("systemd_v2", tmp_path)
    (tmp_path / "proc/801/cgroup").write_text("0::/\n")
    _, cgroup, _ = looked(host, "801")
    assert (cgroup.cpu, cgroup.usage, cgroup.pressure, cgroup.io, cgroup.pids) == ((), None, None, None, None)
    assert cgroup.cpuset is not None
    assert cgroup.cpuset.cpus == "0-7"


def test_inside_a_container_the_top_is_its_own(tmp_path: Path) -> None:
    """With a namespace of control groups the container's group is seen as the top."""
    host = captured("systemd_v2", tmp_path)
    (tmp_path / "proc/801/cgroup").write_text("0::/\n")
    (tmp_path / "sys/fs/cgroup/cgroup.events").write_text("populated 1\n")
    (tmp_path / "sys/fs/cgroup/cpu.max").write_text("25000 100000\n")
    (tmp_path / "sys/fs/cgroup/memory.current").write_text("1000\n")
    (tmp_path / "sys/fs/cgroup/memory.max").write_text("67108864\n")
    _, cgroup, _ = looked(host, "801")
    assert [level.quota_us for level in cgroup.cpu] == [25_000]
    assert [level.limit_bytes for level in cgroup.memory_levels] == [64 << 20]
    assert cgroup.usage is not None
    assert cgroup.usage.usage_ns_total == 99_000_000_000


def test_no_target_is_no_data() -> None:
    with pytest.raises(NoData):
        GroupCollector().collect(Host(), NO_TARGET, None)


def test_a_real_process_that_moves() -> None:
    with held_child("print('up', flush=True)\nimport time; time.sleep(1000)") as (host, held):
        collector = GroupCollector()
        section = collector.collect(host, Scope(held, (held.process.pid,)), None)
        assert inner(section) == {held.process.pid: -1}
        assert section.path.startswith("/")
        again = collector.collect(host, Scope(held, (held.process.pid,)), None)
        assert again.processes == section.processes
        os.kill(held.process.pid, signal.SIGKILL)
        wait_for(lambda: held.ended)


@pytest.mark.root
def test_a_real_process_in_a_pid_namespace() -> None:
    program = "import os; print(os.getpid(), flush=True); input()"
    argv = ["/usr/bin/unshare", "--pid", "--fork", sys.executable, "-c", program]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "1\n"
            pid = int(Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text())
            assert inner_pid(Host(), pid) == 1
            assert inner_pid(Host(), child.pid) == -1
        finally:
            child.communicate("\n")


MEMORY = Path("/sys/fs/cgroup/memory")


@pytest.fixture
def folder() -> Iterator[Path]:
    if not (MEMORY / "memory.limit_in_bytes").exists():
        pytest.skip("no version 1 memory hierarchy is mounted here")
    made = MEMORY / f"perftui-test-live-{os.getpid()}"
    made.mkdir()
    yield made
    wait_for(lambda: not (made / "cgroup.procs").read_text())
    made.rmdir()


@pytest.mark.root
def test_a_group_goes_on_when_its_main_process_ends(folder: Path) -> None:
    """The next oldest takes its place in the very next sample, and figures go on."""
    host = Host()
    program = "print('up', flush=True)\nwhile True: sum(range(1000))"
    with python_child(program) as first, python_child(program) as second:
        for child in (first, second):
            (folder / "cgroup.procs").write_text(str(child.pid))
        held = HeldGroup.open_group(host, find_group(host, f"cgroup:/{folder.name}"))
        source = LiveSource(host, held)
        main, other = sorted((first, second), key=lambda child: child.pid != held.process.pid)
        older = source.sample()
        assert (older.target.kind, older.target.pid) == ("cgroup", main.pid)
        assert older.tree is not None
        assert list(older.tree.processes.ints("pid")) == [main.pid, other.pid]
        main.kill()
        main.wait()
        newer = source.sample()
        source.close()
        assert newer.target.pid == other.pid
        assert newer.target.name == older.target.name == f"/{folder.name}"
        assert newer.tree is not None
        assert newer.tree.alive
        assert list(newer.tree.processes.ints("pid")) == [other.pid]
        assert newer.cgroup is not None
        assert newer.cgroup.memory is not None
        assert newer.cgroup.memory.path == str(folder)
        assert "failed" not in {status.state for status in newer.collectors}
        use = Interval.between(older, newer).tree
        assert use is not None
        assert use.processes == 1
        held.close()
