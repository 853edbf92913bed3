"""A held process cannot be taken for another one."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perftui.errors import IdentityUncertain, NoSuchTarget, TargetEnded, UsageError
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget, resolve
from perftui.model.target import ProcessId


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["/bin/sleep", "1000"]) as process:
        try:
            yield process
        finally:
            process.kill()


def test_open_knows_who_it_is(child: subprocess.Popen[bytes]) -> None:
    held = HeldTarget.open(Host(), child.pid, with_children=False)
    try:
        assert held.process.pid == child.pid
        assert held.target.command == "/bin/sleep 1000"
        assert not held.target.with_children
        assert not held.ended
        held.check()
    finally:
        held.close()
    held.close()
    assert held.ended


def test_a_zombie_has_ended(child: subprocess.Popen[bytes]) -> None:
    held = HeldTarget.open(Host(), child.pid)
    child.kill()
    wait_for(lambda: held.ended)
    with pytest.raises(TargetEnded, match=str(child.pid)):
        held.check()
    with pytest.raises(NoSuchTarget, match="has ended"):
        HeldTarget.open(Host(), child.pid)
    child.wait()
    assert held.ended
    with pytest.raises(TargetEnded):
        held.check()
    held.close()
    with pytest.raises(NoSuchTarget):
        HeldTarget.open(Host(), child.pid)


def test_a_dead_main_thread_is_not_the_end() -> None:
    program = (
        "import ctypes, threading, time\n"
        "threading.Thread(target=time.sleep, args=(1000,)).start()\n"
        "print('up', flush=True)\n"
        "ctypes.CDLL(None).pthread_exit(None)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            wait_for(lambda: b") Z " in Path(f"/proc/{process.pid}/stat").read_bytes())
            held = HeldTarget.open(Host(), process.pid)
            assert not held.ended
            held.check()
            held.close()
        finally:
            process.kill()


def test_another_start_time_is_uncertain(child: subprocess.Popen[bytes]) -> None:
    held = HeldTarget.open(Host(), child.pid)
    held.process = ProcessId(pid=child.pid, start_ticks=held.process.start_ticks - 1)
    with pytest.raises(IdentityUncertain, match="attach again"):
        held.check()
    held.close()


def test_a_thread_is_no_target() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        assert thread.native_id is not None
        with pytest.raises(NoSuchTarget, match=f"thread of process {os.getpid()}"):
            HeldTarget.open(Host(), thread.native_id)
    finally:
        done.set()
        thread.join()


def test_no_descriptor_is_left(child: subprocess.Popen[bytes]) -> None:
    before = len(os.listdir("/proc/self/fd"))
    HeldTarget.open(Host(), child.pid).close()
    child.kill()
    child.wait()
    for pid in (child.pid, 2**22 + 1):
        with pytest.raises(NoSuchTarget):
            HeldTarget.open(Host(), pid)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_captured_process(tmp_path: Path) -> None:
    folder = tmp_path / "proc/77"
    folder.mkdir(parents=True)
    fields = ["S", "1", *["0"] * 17, "991", *["0"] * 30]
    (folder / "stat").write_text("77 (a) b) " + " ".join(fields))
    (folder / "cmdline").write_bytes(b"app\0--flag\0")
    held = HeldTarget.open(Host(tmp_path), 77)
    assert held.process.start_ticks == 991
    assert held.target.command == "app --flag"
    held.check()
    (folder / "stat").unlink()
    assert held.ended
    held.close()


def test_resolve_a_pid(child: subprocess.Popen[bytes]) -> None:
    assert resolve(Host(), str(child.pid)) == child.pid
    with pytest.raises(NoSuchTarget, match="4194305"):
        resolve(Host(), "4194305")


@pytest.mark.parametrize("spec", ["0", "-1", "x", "", "name:", "name:(", "１２"])
def test_malformed_targets_are_usage_errors(spec: str) -> None:
    with pytest.raises(UsageError, match="TARGET"):
        resolve(Host(), spec)


def test_resolve_a_name() -> None:
    mark = f"perftui-test-{os.getpid()}"
    argv = [sys.executable, "-c", "import signal; signal.pause()", mark]
    host = Host()
    with pytest.raises(NoSuchTarget):
        resolve(host, f"name:{mark}")
    with subprocess.Popen(argv) as first, subprocess.Popen([*argv[:-1], f"perftui attach name:{mark}"]) as wrapper:
        try:
            wait_for(lambda: mark in Path(f"/proc/{first.pid}/cmdline").read_text())
            assert resolve(host, f"name:{mark}") == first.pid
            with subprocess.Popen(argv) as second:
                try:
                    wait_for(lambda: mark in Path(f"/proc/{second.pid}/cmdline").read_text())
                    with pytest.raises(UsageError, match=rf"matches 2 processes(.|\n)*{second.pid}"):
                        resolve(host, f"name:{mark}")
                finally:
                    second.send_signal(signal.SIGKILL)
        finally:
            first.kill()
            wrapper.kill()
