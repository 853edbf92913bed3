"""What the real py-spy says in every situation that it cannot sample in, and what we make of it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.profile import preflight
from perftui.profile.binary import find_py_spy
from perftui.profile.exits import ended_by_target, explain
from tests.host.test_target import wait_for
from tests.profile.children import ended, python_child, state_of, traced

LESS_RIGHTS = """
import ctypes, os, sys
libc = ctypes.CDLL(None)
if sys.argv[1] == "nobody":
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
else:
    libc.prctl(24, 19, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_SYS_PTRACE: gone with the next exec
os.execv(sys.argv[2], sys.argv[2:])
"""
LIVES_A_LITTLE = "import time\nprint('up', flush=True)\ntime.sleep(1.5)\n"


class Said(NamedTuple):
    returncode: int
    text: str

    def of(self, pid: int) -> NoData:
        return explain(pid, self.returncode, self.text)


def py_spy(pid: int, *options: str, output: str = "/dev/null", as_whom: str = "") -> Said:
    """One second of sampling, exactly as the sampler does it but for these options."""
    argv = [find_py_spy(), "record", "--pid", str(pid), "--duration", "1", "--rate", "20", "--threads", *options]
    argv += ["--format", "speedscope", "--output", output]
    if as_whom:
        argv = [sys.executable, "-c", LESS_RIGHTS, as_whom, *argv]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "RUST_BACKTRACE": "0"}
    done = subprocess.run(
        argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False
    )
    return Said(done.returncode, done.stdout.decode("utf-8", "replace"))


def test_no_such_process() -> None:
    pid = ended()
    error = py_spy(pid, "--nonblocking").of(pid)

    assert error.reason == f"there is no process {pid}, or it has ended"
    assert "lists those that run" in error.remedy


def test_a_zombie() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    wait_for(lambda: state_of(process.pid) == "Z")
    said = py_spy(process.pid, "--nonblocking")
    with pytest.raises(NoData) as before:
        preflight.check(Host(), process.pid)
    process.wait()

    assert said.of(process.pid).reason == f"there is no process {process.pid}, or it has ended"
    assert before.value.reason == f"process {process.pid} has ended"


def test_not_python() -> None:
    process = subprocess.Popen(["/bin/sleep", "60"])
    try:
        wait_for(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
        alone, with_children = py_spy(process.pid, "--nonblocking"), py_spy(process.pid, "--subprocesses")
    finally:
        process.kill()
        process.wait()

    assert "is not a Python process" in alone.of(process.pid).reason
    assert "without stacks" in alone.of(process.pid).remedy
    assert "nor any of its children" in with_children.of(process.pid).reason
    assert "attach to the child" in with_children.of(process.pid).remedy


def test_a_target_that_ends_midway_is_no_failure(tmp_path: Path) -> None:
    with python_child(sys.executable, LIVES_A_LITTLE) as process:
        argv = [find_py_spy(), "record", "--pid", str(process.pid), "--duration", "30", "--nonblocking", "--idle"]
        argv += ["--format", "speedscope", "--output", str(tmp_path / "out")]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)

    assert done.returncode == 0
    assert ended_by_target(done.stdout.decode())
    assert (tmp_path / "out").read_bytes().startswith(b"{")


@pytest.mark.root
def test_no_rights(sleeper: subprocess.Popen[bytes]) -> None:
    error = py_spy(sleeper.pid, "--nonblocking", as_whom="nobody").of(sleeper.pid)

    assert "not permitted" in error.reason
    assert f"sudo perftui attach {sleeper.pid}" in error.remedy


@pytest.mark.root
def test_root_without_the_capability(sleeper: subprocess.Popen[bytes]) -> None:
    error = py_spy(sleeper.pid, "--nonblocking", as_whom="root without ptrace").of(sleeper.pid)

    assert "root without CAP_SYS_PTRACE" in error.reason
    assert "--cap-add=SYS_PTRACE" in error.remedy


def test_traced_by_another_program(sleeper: subprocess.Popen[bytes]) -> None:
    with traced(sleeper.pid, let_run=True):
        exact, nonblocking = py_spy(sleeper.pid), py_spy(sleeper.pid, "--nonblocking")

    assert "is traced by another program" in exact.of(sleeper.pid).reason
    assert "sample without pausing" in exact.of(sleeper.pid).remedy
    assert nonblocking.returncode == 0


def test_a_stopped_target(sleeper: subprocess.Popen[bytes]) -> None:
    os.kill(sleeper.pid, signal.SIGSTOP)
    wait_for(lambda: state_of(sleeper.pid) == "T")
    said = py_spy(sleeper.pid)
    with pytest.raises(NoData) as before:
        preflight.check(Host(), sleeper.pid)
    still = state_of(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGCONT)

    assert said.of(sleeper.pid).reason == before.value.reason == f"process {sleeper.pid} is stopped"
    assert said.of(sleeper.pid).remedy == before.value.remedy == f"kill -CONT {sleeper.pid}"
    assert still == "T"  # its user stopped it: it stays so


def test_an_output_that_cannot_be_written(sleeper: subprocess.Popen[bytes], tmp_path: Path) -> None:
    error = py_spy(sleeper.pid, "--nonblocking", output=str(tmp_path / "none/out")).of(sleeper.pid)

    assert error.reason == "py-spy could not write its result"
    assert error.remedy


def test_a_panic(tmp_path: Path) -> None:
    """No target is known that makes py-spy 0.4 panic: its words, said by another."""
    program = tmp_path / "py-spy"
    program.write_text(
        "#!/bin/sh\necho \"thread 'main' panicked at src/x.rs:1:2:\nindex out of bounds\" >&2\nexit 101\n"
    )
    program.chmod(0o755)
    done = subprocess.run([str(program)], stderr=subprocess.PIPE, check=False)
    error = explain(7, done.returncode, done.stderr.decode())

    assert error.reason == "py-spy crashed: index out of bounds"
    assert "upgrade py-spy" in error.remedy
