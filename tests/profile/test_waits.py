"""Which innermost frames wait."""

import os
import threading
from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.model.profile import Frame
from perftui.profile.waits import WaitingFrames

SOURCE = """import time
def f(lock, table, names):
    time.sleep(1)
    with lock:
        table.get("x")
    lock.acquire()
    ",".join(names)
    self.queue.get()
    total = sum(x * x for x in names)
    async with self._write_lock:
    return future.result(timeout=3)
"""


@pytest.fixture
def waiting() -> WaitingFrames:
    return WaitingFrames(Host(), os.getpid())


@pytest.mark.parametrize(
    ("function", "file"),
    [
        ("Condition.wait", "/usr/lib/python3.12/threading.py"),
        ("wait", "/usr/lib/python3.8/threading.py"),
        ("EpollSelector.select", "/usr/lib/python3.12/selectors.py"),
        ("_worker", "/usr/lib/python3.12/concurrent/futures/thread.py"),
        ("socket.accept", "/usr/lib/python3.12/socket.py"),
    ],
)
def test_blocking_calls_of_the_standard_library(waiting: WaitingFrames, function: str, file: str) -> None:
    assert waiting(Frame(function=function, file=file, line=1))


@pytest.mark.parametrize(
    "function",
    ["clock_nanosleep", "__futex_abstimed_wait_common", "pthread_cond_timedwait@@GLIBC_2.3.2", "epoll_wait", "__poll",
     "do_futex_wait", "sem_wait", "__select", "accept4", "__libc_recv", "time_sleep", "wait4"],
)  # fmt: skip
def test_a_native_stack_that_ends_in_a_wait_of_the_c_library(waiting: WaitingFrames, function: str) -> None:
    assert waiting(Frame(function=function, file="/lib/x86_64-linux-gnu/libc.so.6"))


@pytest.mark.parametrize("function", ["memcpy", "poll_ready", "selection_sort", "futex_like", "recvbuf_parse"])
def test_a_native_function_that_is_only_called_alike_runs(waiting: WaitingFrames, function: str) -> None:
    assert not waiting(Frame(function=function, file="/srv/libapp.so"))


def test_other_functions_of_those_files_are_not(waiting: WaitingFrames) -> None:
    assert not waiting(Frame(function="Queue._put", file="/nowhere/queue.py", line=1))
    assert not waiting(Frame(function="wait", file="/nowhere/app.py", line=1))
    assert not waiting(Frame(function="native"))


def test_the_source_line_tells_where_names_do_not(waiting: WaitingFrames, tmp_path: Path) -> None:
    path = tmp_path / "app.py"
    path.write_text(SOURCE)

    blocking = {line for line in range(1, 13) if waiting(Frame(function="f", file=str(path), line=line))}

    assert blocking == {3, 4, 6, 8, 10, 11}


def test_a_relative_file_is_looked_up_where_the_target_runs(
    waiting: WaitingFrames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "main.py").write_text(SOURCE)
    monkeypatch.chdir(tmp_path)

    assert waiting(Frame(function="f", file="main.py", line=3))


def test_a_fifo_a_folder_and_a_monstrous_file_are_left_alone(waiting: WaitingFrames, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.py")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "large.py").write_bytes(b"sleep(1)\n" * 200_000)

    for name in ("fifo.py", "folder.py", "large.py", "missing.py"):
        assert not waiting(Frame(function="f", file=str(tmp_path / name), line=1))


def test_a_link_to_a_device_is_not_opened(waiting: WaitingFrames, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    # Opening a FIFO to read, even for a moment, lets one that writes without waiting in.
    reached = threading.Event()

    def write() -> None:
        while not done.is_set():
            try:
                os.close(os.open(tmp_path / "fifo", os.O_WRONLY | os.O_NONBLOCK))
                reached.set()
            except OSError:
                continue

    done = threading.Event()
    writer = threading.Thread(target=write)
    writer.start()
    for number in range(200):
        (tmp_path / f"link{number}.py").symlink_to(tmp_path / "fifo")
        assert not waiting(Frame(function="f", file=str(tmp_path / f"link{number}.py"), line=1))
    done.set()
    writer.join()

    assert not reached.is_set()
