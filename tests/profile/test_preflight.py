"""Why stacks cannot be had, for real processes and for captured ones."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.profile import preflight
from tests.host.test_target import wait_for
from tests.profile.children import (
    SLEEPER,
    children_of,
    ended,
    python_child,
    pythons,
    refusal_as_nobody,
    state_of,
    traced,
)

CAPTURED_MAPS = b"00400000-00401000 r-xp 00000000 08:01 12 %s\n7f00-7f01 rw-p 00000000 00:00 0\n"


def refusal(pid: int, host: Host | None = None) -> NoData:
    with pytest.raises(NoData) as caught:
        preflight.check(host or Host(), pid)
    return caught.value


def captured(root: Path, mapped: bytes, status: str = "State:\tS (sleeping)\nUid:\t0 0 0 0\n") -> Host:
    process = root / "proc/7"
    process.mkdir(parents=True)
    (process / "status").write_text(status)
    (process / "mem").write_bytes(b"")
    (process / "maps").write_bytes(b"".join(CAPTURED_MAPS % path for path in mapped.split(b" ")))
    return Host(root)


def test_a_python_process_passes_and_its_version_is_told(sleeper: subprocess.Popen[bytes]) -> None:
    found = preflight.check(Host(), sleeper.pid)

    assert found.version in ("", f"{sys.version_info.major}.{sys.version_info.minor}")
    assert not found.free_threaded


def test_no_such_process() -> None:
    assert "there is no process" in refusal(ended()).reason


def test_not_a_python_process() -> None:
    process = subprocess.Popen(["/bin/sleep", "60"])
    try:
        wait_for(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
        said = refusal(process.pid)
    finally:
        process.kill()
        process.wait()

    assert said.reason == f"process {process.pid} is not a Python process"
    assert said.remedy


def test_a_stopped_process_gets_the_command_that_continues_it(sleeper: subprocess.Popen[bytes]) -> None:
    os.kill(sleeper.pid, signal.SIGSTOP)
    wait_for(lambda: state_of(sleeper.pid) == "T")
    said = refusal(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGCONT)

    assert (said.reason, said.remedy) == (f"process {sleeper.pid} is stopped", f"kill -CONT {sleeper.pid}")


def test_a_zombie_has_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    wait_for(lambda: state_of(process.pid) == "Z")
    said = refusal(process.pid)
    process.wait()

    assert said.reason == f"process {process.pid} has ended"


def test_a_process_held_by_a_debugger_names_it(sleeper: subprocess.Popen[bytes]) -> None:
    with traced(sleeper.pid, let_run=False) as tracer:
        said = refusal(sleeper.pid)

    assert f"process {tracer})" in said.reason
    assert "debugger" in said.reason


def test_a_traced_but_running_process_passes(sleeper: subprocess.Popen[bytes]) -> None:
    with traced(sleeper.pid, let_run=True):
        preflight.check(Host(), sleeper.pid)


@pytest.mark.root
def test_another_users_process_without_rights(sleeper: subprocess.Popen[bytes]) -> None:
    said = refusal_as_nobody(f"from perftui.profile import preflight; preflight.check(Host(), {sleeper.pid})")

    assert "belongs to uid 0, perftui runs as uid 65534" in said
    assert f"sudo perftui attach {sleeper.pid}" in said


@pytest.mark.parametrize(
    ("mapped", "version", "free_threaded"),
    [
        (b"/usr/bin/python3.11", "3.11", False),
        (b"/opt/app/run /usr/lib/libpython3.13t.so.1.0", "3.13", True),
        (b"/usr/bin/uwsgi /usr/lib/python3.9/lib-dynload/_json.so", "3.9", False),
        (b"/opt/python/bin/app", "", False),
    ],
)
def test_the_mapped_files_tell_the_interpreter(
    tmp_path: Path, mapped: bytes, version: str, free_threaded: bool
) -> None:
    found = preflight.check(captured(tmp_path, mapped), 7)

    assert (found.version, found.free_threaded) == (version, free_threaded)


def test_pypy_is_named(tmp_path: Path) -> None:
    said = refusal(7, captured(tmp_path, b"/usr/bin/pypy3.10 /usr/lib/pypy/python/x.so"))

    assert "PyPy" in said.reason


def test_a_dead_main_thread_does_not_make_a_dead_process(tmp_path: Path) -> None:
    host = captured(tmp_path, b"/usr/bin/python3.12", "State:\tZ (zombie)\nUid:\t0 0 0 0\n")
    for tid in ("7", "8"):
        (tmp_path / "proc/7/task" / tid).mkdir(parents=True)

    assert preflight.check(host, 7).version == "3.12"


def test_who_runs_is_told_of_newer_interpreters_in_our_own_namespace() -> None:
    for python in pythons():
        with python_child(python, SLEEPER) as process:
            new = subprocess.run([python, "-c", "import sys; print(sys.version_info >= (3, 11))"], capture_output=True)
            assert preflight.tells_who_runs(Host(), process.pid) == (new.stdout == b"True\n"), python
    assert not preflight.tells_who_runs(Host(), ended())


@pytest.mark.root
def test_who_runs_is_not_told_of_another_pid_namespace() -> None:
    argv = ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-u", "-c", SLEEPER]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as outer:
        try:
            assert outer.stdout is not None
            outer.stdout.readline()
            (inner,) = children_of(outer.pid)
            assert not preflight.tells_who_runs(Host(), inner)
        finally:
            outer.kill()
