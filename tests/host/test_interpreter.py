"""Which Python a process runs on, for real children and captured ones."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host.interpreter import interpreter_in, program_of, runs_as
from perftui.host.procfs import Host
from tests.collect.held import python_child

UP = "print('up', flush=True)\nimport time; time.sleep(1000)"
LINE = b"7f00-7f01 r-xp 00000000 08:01 12 %s\n"


def test_this_interpreter() -> None:
    with python_child(UP) as child:
        found = interpreter_in(Host().read(f"/proc/{child.pid}/maps"))
        assert found is not None
        assert found.number in ((), sys.version_info[:2])
        assert not found.pypy
        assert Path(program_of(Host(), child.pid)).samefile(sys.executable)
        assert runs_as(Host(), child.pid) is None


@pytest.mark.parametrize(
    ("path", "version", "pypy"),
    [
        (b"/usr/bin/python3.14", (3, 14), False),
        (b"/usr/lib/libpython3.9.so.1.0 (deleted)", (3, 9), False),
        (b"/opt/pypy/bin/pypy3.10", (), True),
    ],
)
def test_captured_maps(path: bytes, version: tuple[int, ...], pypy: bool) -> None:
    found = interpreter_in(LINE % path)
    assert found is not None
    assert (found.number, found.pypy) == (version, pypy)


def test_no_python_at_all() -> None:
    assert interpreter_in(LINE % b"/usr/sbin/nginx") is None
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        try:
            with pytest.raises(NoData, match="inside another program"):
                program_of(Host(), child.pid)
        finally:
            child.kill()


def test_an_interpreter_that_was_replaced(tmp_path: Path) -> None:
    program = tmp_path / "python3.99"
    shutil.copy("/bin/sleep", program)
    with subprocess.Popen([program, "1000"]) as child:
        try:
            program.unlink()
            with pytest.raises(NoData, match="replaced on disk") as caught:
                program_of(Host(), child.pid)
            assert caught.value.remedy == "restart the process"
        finally:
            child.kill()


def test_a_program_of_another_mount_namespace(tmp_path: Path) -> None:
    (tmp_path / "proc/7").mkdir(parents=True)
    (tmp_path / "proc/7/exe").symlink_to("/usr/bin/python3.14")
    with pytest.raises(NoData, match="another mount namespace"):
        program_of(Host(tmp_path), 7)


@pytest.mark.root
def test_what_another_user_chose_runs_as_that_user() -> None:
    with subprocess.Popen(["/bin/sleep", "1000"], user=65534, group=65534, extra_groups=()) as child:
        try:
            assert runs_as(Host(), child.pid) == (65534, 65534)
        finally:
            child.kill()


def test_a_stranger_is_refused_to_all_but_root(tmp_path: Path) -> None:
    (tmp_path / "proc/7").mkdir(parents=True)
    other = os.geteuid() + 1
    (tmp_path / "proc/7/status").write_text(f"Uid:\t{other} {other} 0 0\nGid:\t5 6 7 8\n")
    if os.geteuid() == 0:
        assert runs_as(Host(tmp_path), 7) == (other, 6)
    else:
        with pytest.raises(NoData, match="belongs to uid"):
            runs_as(Host(tmp_path), 7)
