"""What ``doctor`` says of control groups and containers, on this host and on captured ones."""

from pathlib import Path

from perftui.cli.group_checks import group_checks
from perftui.host.procfs import Host
from perftui.report.documents import CheckDoc
from tests.captured import captured


def checks(host: Host, pid: int | None = 1) -> dict[str, CheckDoc]:
    return {check.name: check for check in group_checks(host, pid)}


def test_this_host() -> None:
    found = checks(Host(), None)
    assert {"control groups", "controllers", "delegation", "container runtimes"} <= found.keys()
    for check in found.values():
        assert check.detail
        assert check.state == "ok" or check.remedy


def test_a_host_of_version_2(tmp_path: Path) -> None:
    found = checks(captured("systemd_v2", tmp_path), 801)
    assert found["control groups"].detail == "version 2 at /sys/fs/cgroup"
    assert (found["controllers"].state, found["controllers"].detail) == ("ok", "cpu memory io pids cpuset")
    assert found["delegation"].state == "limited"  # a captured file is nowhere to be written
    assert "nginx.service/cpu.max" in found["delegation"].detail
    assert found["container runtimes"].detail == "podman"


def test_a_controller_that_is_not_passed_on(tmp_path: Path) -> None:
    host = captured("systemd_v2", tmp_path)
    (tmp_path / "sys/fs/cgroup/cgroup.subtree_control").write_text("cpu memory pids cpuset\n")
    check = checks(host)["controllers"]
    assert (check.state, check.detail) == ("limited", "without io")
    assert check.remedy == "echo +io > /sys/fs/cgroup/cgroup.subtree_control, as root"
    (tmp_path / "sys/fs/cgroup/cgroup.controllers").write_text("cpu pids cpuset\n")
    (tmp_path / "sys/fs/cgroup/cgroup.subtree_control").write_text("cpu pids cpuset\n")
    check = checks(host)["controllers"]
    assert check.detail == "without memory, io"
    assert "cgroup_enable=memory" in check.remedy


def test_a_docker_host_of_version_1(tmp_path: Path) -> None:
    found = checks(captured("docker_v1", tmp_path), 2101)
    assert found["control groups"].detail == "version 1, 6 hierarchies"
    assert found["controllers"].state == "ok"
    assert found["container runtimes"].detail == "docker"


def test_without_control_groups(tmp_path: Path) -> None:
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/mountinfo").write_text("22 28 0:20 / /proc rw - proc proc rw\n")
    found = checks(Host(tmp_path))
    assert (found["control groups"].state, found["control groups"].remedy) == ("missing", "mount /sys/fs/cgroup")


def test_inside_a_container(tmp_path: Path) -> None:
    host = captured("docker_v2", tmp_path)
    (tmp_path / "run").mkdir(exist_ok=True)
    (tmp_path / "run/.containerenv").touch()
    assert "podman" in checks(host)["container"].detail
