"""What stands in the way of memray, for real processes and debuggers that are not what they seem."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.errors import NotDeliverable, NotPermitted
from perftui.host.procfs import Host
from perftui.profile import memray_plan
from perftui.profile.memray_plan import REMOTE, Plan, plan, risks
from tests.host.test_target import wait_for
from tests.profile.children import REPOSITORY, SLEEPER, python_child, state_of, traced

HAS_MEMRAY = subprocess.run([sys.executable, "-c", "import memray"], capture_output=True).returncode == 0
FAKE_MEMRAY = {"__init__.py": "__version__ = '1.99'\n", "commands/__init__.py": "", "commands/attach.py": ""}
WORKS = '#!/bin/sh\nfor word; do case $last in -p) echo "\\$1 = $word";; esac; last=$word; done\n'


@pytest.fixture
def with_memray(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[bytes]"]:
    """A process whose Python finds a package of that name, through an environment of its own."""
    for name, text in FAKE_MEMRAY.items():
        (tmp_path / "packages/memray" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "packages/memray" / name).write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "packages"))
    with python_child(sys.executable, SLEEPER) as process:
        monkeypatch.delenv("PYTHONPATH")
        yield process


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only place where debuggers are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(memray_plan, "PROGRAM_PATH", str(folder))
    return folder


def debugger(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def refusal(pid: int) -> str:
    with pytest.raises(NotDeliverable) as caught:
        plan(Host(), pid)
    return str(caught.value)


def test_not_a_python_process() -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as process:
        try:
            wait_for(lambda: b"sleep" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
            assert refusal(process.pid) == f"process {process.pid} is not a Python process"
        finally:
            process.kill()


def test_a_python_that_is_too_old() -> None:
    old = next(iter(sorted(Path.home().glob(".pyenv/versions/3.6*/bin/python"))), None)
    if old is None:
        pytest.skip("no Python 3.6 here")
    with python_child(str(old), SLEEPER) as process:
        assert "memray needs 3.7 or later" in refusal(process.pid)


def test_a_stopped_process(sleeper: "subprocess.Popen[bytes]") -> None:
    os.kill(sleeper.pid, signal.SIGSTOP)
    wait_for(lambda: state_of(sleeper.pid) == "T")
    said = refusal(sleeper.pid)
    os.kill(sleeper.pid, signal.SIGCONT)
    assert f"kill -CONT {sleeper.pid}" in said


def test_a_traced_process(sleeper: "subprocess.Popen[bytes]") -> None:
    with traced(sleeper.pid, let_run=True) as tracer:
        assert f"is traced by process {tracer}" in refusal(sleeper.pid)


@pytest.mark.skipif(HAS_MEMRAY, reason="memray is installed beside perftui")
def test_a_python_without_memray_gets_the_command(sleeper: "subprocess.Popen[bytes]") -> None:
    assert f"{sys.executable} -m pip install memray" in refusal(sleeper.pid)


@pytest.mark.root
def test_another_users_process() -> None:
    with python_child(sys.executable, SLEEPER) as process:
        code = (
            f"import os, sys\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
            "from perftui.errors import PerftuiError\nfrom perftui.host.procfs import Host\n"
            "from perftui.profile.memray_plan import plan\n"
            "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
            f"try:\n    plan(Host(), {process.pid})\nexcept PerftuiError as error:\n    print(error.exit_code, error)\n"
        )
        said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        assert said.stdout.startswith("4 memray has to trace the target: ")
        assert "belongs to uid 0" in said.stdout


def captured(root: Path, namespace: str) -> Host:
    for name, text in {
        "proc/7/status": "State:\tS\nUid:\t0 0 0 0\nGid:\t0 0 0 0\nTracerPid:\t0\n",
        "proc/7/mem": "",
        "proc/7/maps": "00400000-00401000 r-xp 00000000 08:01 12 /usr/bin/python3.12\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for pid, its in (("self", "mnt:[1]"), ("7", namespace)):
        (root / f"proc/{pid}/ns").mkdir(parents=True)
        (root / f"proc/{pid}/ns/mnt").symlink_to(its)
    return Host(root)


def test_a_container_is_to_be_entered(tmp_path: Path) -> None:
    with pytest.raises(NotDeliverable, match="nsenter -t 7 -m -p perftui allocations 7"):
        plan(captured(tmp_path, "mnt:[2]"), 7)


def test_yama_stands_between_a_users_program_and_its_process(tmp_path: Path) -> None:
    host = captured(tmp_path, "mnt:[1]")
    other = os.geteuid() + 1
    (tmp_path / "proc/7/status").write_text(f"State:\tS\nUid:\t{other} {other} 0 0\nGid:\t5 5 5 5\nTracerPid:\t0\n")
    (tmp_path / "proc/sys/kernel/yama").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel/yama/ptrace_scope").write_text("1\n")
    with pytest.raises(NotPermitted, match=r"ptrace_scope|run perftui as root"):
        plan(host, 7)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="no debugger is needed")
def test_no_debugger(with_memray: "subprocess.Popen[bytes]", bin_folder: Path) -> None:
    assert "apt-get install gdb" in refusal(with_memray.pid)


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="no debugger is needed")
def test_a_debugger_has_to_show_what_it_can_on_a_child_of_ours(
    with_memray: "subprocess.Popen[bytes]", bin_folder: Path
) -> None:
    debugger(bin_folder, "gdb", "#!/bin/sh\necho Couldn\\'t write extended state status: Bad address. >&2\n")
    said = refusal(with_memray.pid)
    assert "gdb: Couldn't write extended state status" in said
    assert "install gdb 14 or later" in said
    debugger(bin_folder, "gdb", WORKS)
    found = plan(Host(), with_memray.pid)
    assert (found.version, found.method, found.user) == ("1.99", "gdb", None)
    assert Path(found.python).samefile(sys.executable)
    assert "PYTHONPATH" in found.environment
    assert "PATH" not in found.environment


@pytest.mark.skipif(sys.version_info >= (3, 14), reason="no debugger is needed")
def test_a_debugger_that_may_not(with_memray: "subprocess.Popen[bytes]", bin_folder: Path) -> None:
    debugger(bin_folder, "gdb", "#!/bin/sh\necho ptrace: Operation not permitted. >&2\n")
    with pytest.raises(NotPermitted, match="SYS_PTRACE"):
        plan(Host(), with_memray.pid)


def test_an_environment_is_found_by_the_link_in_it(
    with_memray: "subprocess.Popen[bytes]", bin_folder: Path, tmp_path: Path
) -> None:
    """Called through ``env/bin/python`` or by a bare name, it is that path which finds the packages."""
    debugger(bin_folder, "gdb", WORKS)
    (tmp_path / "env/bin").mkdir(parents=True)
    link = tmp_path / "env/bin/python"
    link.symlink_to(os.path.realpath(sys.executable))
    environment = {"PYTHONPATH": str(tmp_path / "packages"), "PATH": f"/nowhere:{link.parent}"}
    for name, folder in ((str(link), "/"), ("env/bin/python", str(tmp_path)), ("python", "/")):
        with subprocess.Popen(
            [name, "-u", "-c", SLEEPER], executable=link, cwd=folder, env=environment, stdout=subprocess.PIPE
        ) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline()
                assert plan(Host(), process.pid).python == str(link)
            finally:
                process.kill()


def test_the_risk_is_told() -> None:
    found = Plan(7, "/usr/bin/python3", "1.20.0", "gdb", None, {})
    text = "\n".join(risks(found, "app", 5.0))
    assert "memray 1.20.0 of /usr/bin/python3 goes into process 7 with gdb" in text
    assert "risk: if gdb is killed" in text
    assert "risk" not in "\n".join(risks(found._replace(method=REMOTE), "app", 5.0))
