"""Reading under a root, and what a missing file or right becomes."""

import errno
import gc
import os
import sys
import threading
import weakref
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from perftui.errors import NoData
from perftui.host.procfs import Host, no_data
from perftui.model.units import cpu_list


def test_a_captured_tree_stands_in_for_the_system(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/stat").write_bytes(b"cpu 1\n" * 20_000)
    host = Host(tmp_path)
    assert not host.is_live
    assert host.read("/proc/stat") == b"cpu 1\n" * 20_000
    assert host.read_start("/proc/stat", 5) == b"cpu 1"
    assert host.names("/proc") == ["stat"]
    assert host.exists("/proc/stat")
    assert not host.exists("/proc/meminfo")
    assert host.boot_id == ""


def test_the_live_system() -> None:
    host = Host()
    assert host.is_live
    assert len(host.boot_id) == 36
    assert host.cpus_online == psutil.cpu_count()
    assert host.page_size == os.sysconf("SC_PAGE_SIZE")
    assert host.owner("/proc/self") == os.getuid()
    assert Path(host.link("/proc/self/exe")).exists()


def test_files_that_come_in_short_pieces_are_read_to_their_end() -> None:
    """The kernel hands out maps a page of whole lines at a time."""
    raw = Host().read("/proc/self/maps")
    assert len(raw) > 4096
    assert b"[stack]" in raw
    assert raw.count(b"\n") == len(raw.splitlines())


def test_a_missing_file_is_no_data_with_a_reason(tmp_path: Path) -> None:
    host = Host(tmp_path)
    for read in (host.read, host.names, host.link, host.owner, host.count, host.keep, host.text):
        with pytest.raises(NoData, match="/sys/nothing is not there") as caught:
            read("/sys/nothing")
        assert caught.value.remedy


@pytest.mark.parametrize(
    ("number", "path", "reason", "remedy"),
    [
        (errno.EACCES, "/proc/1/io", "no permission", "root"),
        (errno.EPERM, "/proc/1/syscall", "no permission", "root"),
        (errno.ESRCH, "/proc/1/stat", "has ended", ""),
        (errno.ENOENT, "/proc/1/stat", "is not there", ""),
        (errno.EOPNOTSUPP, "/proc/pressure/cpu", "switched off", "psi=1"),
    ],
)
def test_errors_of_the_kernel_become_states(number: int, path: str, reason: str, remedy: str) -> None:
    state = no_data(OSError(number, "x"), path)
    assert state is not None
    assert reason in state.reason
    assert remedy in state.remedy


def test_an_unexpected_error_stays_an_error(tmp_path: Path) -> None:
    assert no_data(OSError(errno.EIO, "x"), "/proc/stat") is None
    (tmp_path / "sys").mkdir()
    with pytest.raises(IsADirectoryError):
        Host(tmp_path).read("/sys")


def test_descriptors_are_counted(tmp_path: Path) -> None:
    host = Host()
    opened = [os.open("/dev/null", os.O_RDONLY) for _ in range(5)]
    try:
        # A listing has one more: the descriptor it reads the directory by.
        assert abs(host.count("/proc/self/fd") - len(os.listdir("/proc/self/fd"))) <= 1
    finally:
        for fd in opened:
            os.close(fd)
    (tmp_path / "fd").mkdir()
    (tmp_path / "fd/0").touch()
    assert Host(tmp_path).count("/fd") == 1


def test_kept_descriptors_have_a_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.host.procfs._raised_fd_limit", lambda: 258)
    host = Host()
    first, second = host.keep("/proc/stat"), host.keep("/proc/stat")
    assert min(first, second) >= 0
    assert host.keep("/proc/stat") == -1
    host.drop(first)
    third = host.keep("/proc/stat")
    assert third >= 0
    for fd in (second, third, -1):
        host.drop(fd)


@pytest.mark.parametrize(("text", "cpus"), [("0-2,5\n", (0, 1, 2, 5)), ("3", (3,)), ("", ()), ("0,2-3", (0, 2, 3))])
def test_cpu_lists(text: str, cpus: tuple[int, ...]) -> None:
    assert cpu_list(text) == cpus


def test_a_bad_cpu_list_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        cpu_list("a-b")


def test_kept_files_are_counted_right_by_many_threads(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    host = Host(tmp_path)
    host.drop(host.keep("/file"))
    budget = host._kept_budget
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def keep_and_drop() -> None:
        for _ in range(3000):
            host.drop(host.keep("/file"))
            with suppress(NoData):
                host.keep("/missing")

    try:
        threads = [threading.Thread(target=keep_and_drop) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert host._kept_budget == budget


def test_only_a_plain_file_of_a_strangers_choice_is_read(tmp_path: Path) -> None:
    host = Host(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "fifo")
    (tmp_path / "plain").write_text("text")
    (tmp_path / "way").symlink_to(tmp_path / "plain")
    assert host.read_plain("/plain", 4) == host.read_plain("/way", 4) == b"text"
    with pytest.raises(NoData):
        host.read_plain("/way", 4, follow=False)
    for path, limit in (("/fifo", 4), ("/link", 4), ("/plain", 3), ("/missing", 4)):
        with pytest.raises(NoData):
            host.read_plain(path, limit)


def test_an_error_does_not_keep_what_its_callers_have() -> None:
    class Sample:
        """Stands for what a collector has at hand."""

    def collect() -> weakref.ref[Sample]:
        sample = Sample()
        with suppress(NoData):
            Host().read("/proc/no-such-file")
        return weakref.ref(sample)

    gc.collect()
    gc.disable()
    try:
        assert collect()() is None
    finally:
        gc.enable()


def test_a_host_that_nobody_has_any_more_leaves_no_file_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    host = Host()
    for _ in range(4):
        host.read("/proc/self/status")
        host.read("/proc/stat")
    assert len(os.listdir("/proc/self/fd")) > before
    del host
    assert len(os.listdir("/proc/self/fd")) == before
