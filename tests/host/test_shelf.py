"""Files that a host keeps open between readings mean what their paths mean."""

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host import shelf
from perftui.host.procfs import Host
from perftui.host.stat import parse_fields


@pytest.fixture
def host() -> Iterator[Host]:
    host = Host()
    yield host
    host.close()


def kept(host: Host) -> set[str]:
    """What it has open; each descriptor is of that very file."""
    for path, fd in host._shelf.fds.items():
        assert str(Path(f"/proc/self/fd/{fd}").readlink()) == path.replace("/proc/net", f"/proc/{os.getpid()}/net")
    return set(host._shelf.fds)


def test_a_file_that_is_read_again_stays_open_and_is_read_anew(host: Host) -> None:
    path = "/proc/uptime"
    first = host.read(path)
    assert path not in kept(host)
    host.read(path)
    assert path in kept(host)
    while host.read(path) == first:
        pass  # it counts hundredths of a second
    host.close()
    assert path not in kept(host)


def test_a_long_file_comes_whole_each_time(host: Host) -> None:
    """Longer than a page, so the kernel gives it in pieces."""
    names = [line.split()[0] for line in Path("/proc/vmstat").read_bytes().splitlines()]
    for _ in range(4):
        assert [line.split()[0] for line in host.read("/proc/vmstat").splitlines()] == names


def test_a_process_that_has_ended_is_noticed_at_a_kept_file(host: Host) -> None:
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        path = f"/proc/{child.pid}/status"
        try:
            pids = [parse_fields(host.read(path))[b"Pid"] for _ in range(2)]  # its state may change in between
        finally:
            child.kill()
        assert pids == [b"%d" % child.pid] * 2
        assert path in kept(host)
    with pytest.raises(NoData, match="not there"):
        host.read(path)
    assert path not in kept(host)


@pytest.mark.root
def test_a_group_made_anew_at_the_same_path_is_read(host: Host) -> None:
    group = Path(f"/sys/fs/cgroup/cpu/perftui-test-shelf-{os.getpid()}")
    path = f"{group}/cpu.shares"
    for share in ("512", "300"):
        group.mkdir()
        try:
            (group / "cpu.shares").write_text(share)
            for _ in range(3):
                assert host.text(path) == share
        finally:
            group.rmdir()
    with pytest.raises(NoData):
        host.read(path)


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/proc/stat", True),
        ("/proc/net/dev", True),
        ("/proc/42/status", True),
        ("/proc/42/task/43/wchan", True),
        ("/sys/fs/cgroup/memory/a/memory.stat", True),
        ("/proc/42/maps", False),
        ("/proc/42/environ", False),
        ("/proc/42/smaps_rollup", False),
        ("/proc/42/net/snmp", False),
        ("/proc/42/map_files/stat", False),
        ("/proc/self/mountinfo", False),
        ("/sys/fs/cgroup/cpu/a/cgroup.procs", False),
        ("/sys/fs/cgroup/cpu/a/tasks", False),
        ("/etc/os-release", False),
    ],
)
def test_only_what_means_the_same_however_long_it_is_open(path: str, kept: bool) -> None:
    files = shelf.Shelf()
    assert not files.wants(path)
    assert files.wants(path) == kept


def test_a_captured_tree_keeps_none(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    host = Host(tmp_path)
    for text in ("1", "2", "3"):
        (tmp_path / "proc/stat").unlink(missing_ok=True)
        (tmp_path / "proc/stat").write_text(text)
        assert host.text("/proc/stat") == text


def test_the_one_not_read_for_longest_leaves_first(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "_MOST_FILES", 2)
    for path in ("/proc/uptime", "/proc/stat", "/proc/uptime", "/proc/stat", "/proc/uptime", "/proc/meminfo"):
        host.read(path)
    host.read("/proc/meminfo")
    found = kept(host)
    assert {"/proc/uptime", "/proc/meminfo"} <= found
    assert "/proc/stat" not in found


def test_many_threads_read_one_file(host: Host) -> None:
    before = len(os.listdir("/proc/self/fd"))
    wrong: list[bytes] = []

    def read() -> None:
        for _ in range(300):
            content = host.read("/proc/version")
            if not content.startswith(b"Linux version") or content.count(b"\n") != 1:
                wrong.append(content)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(os.listdir("/proc/self/fd")) <= before + 1


def test_the_oldest_file_kept_for_readings_makes_room_for_another(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.host.procfs._raised_fd_limit", lambda: 256 + 3)
    for path in ("/proc/uptime", "/proc/stat", "/proc/meminfo") * 2:
        host.read(path)
    assert len(kept(host)) == 3
    fd = host.keep("/proc/version")
    assert fd >= 0
    assert kept(host) == {"/proc/stat", "/proc/meminfo"}
    host.drop(fd)


def test_an_empty_file_is_not_kept(host: Host) -> None:
    with subprocess.Popen(["/bin/sleep", "1000"], start_new_session=False) as child:
        path = f"/proc/{child.pid}/wchan"
        for _ in range(3):
            assert (path in kept(host)) <= bool(host.read(path))
        child.kill()
