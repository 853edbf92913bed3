"""Real processes to look at: started, waited for by condition, always ended."""

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.host.test_target import wait_for

SLEEPER = "import time\nprint('up', flush=True)\nwhile True: time.sleep(0.05)\n"
_PTRACE_SEIZE = 0x4206
_PTRACE_INTERRUPT = 0x4207
REPOSITORY = Path(__file__).parents[2]


@contextmanager
def python_child(python: str, source: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that has printed its first line; killed at the end."""
    process = subprocess.Popen([python, "-u", "-c", source, *arguments], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline(), "the child did not start"
        yield process
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def ended() -> int:
    """The PID of a process that has been and gone."""
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    return process.pid


def state_of(pid: int) -> str:
    """The letter of ``/proc/PID/stat``; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]
    except OSError:
        return ""


def children_of(pid: int) -> list[int]:
    """PIDs of the children of all threads of a process."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text().split()]
    return found


def samplers_of(pid: int) -> list[int]:
    """PIDs of the py-spy processes, anywhere, that look at this process."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[0].endswith(b"py-spy") and str(pid).encode() in words:
                found.append(int(entry.name))
    return found


def _trace(pid: int, let_run: bool) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.ptrace(_PTRACE_SEIZE, pid, None, None) == 0
    if not let_run:
        assert libc.ptrace(_PTRACE_INTERRUPT, pid, None, None) == 0
    while True:
        signal.pause()


@contextmanager
def traced(pid: int, *, let_run: bool) -> Iterator[int]:
    """Another process traces this one; gives the tracer's PID."""
    tracer = multiprocessing.get_context("spawn").Process(target=_trace, args=(pid, let_run))
    tracer.start()
    try:
        assert tracer.pid is not None
        wait_for(lambda: f"TracerPid:\t{tracer.pid}" in Path(f"/proc/{pid}/status").read_text())
        if not let_run:
            wait_for(lambda: state_of(pid) == "t")
        yield tracer.pid
    finally:
        tracer.kill()
        tracer.join()


def refusal_as_nobody(statement: str) -> str:
    """What NoData says when a statement is run by uid 65534 without capabilities."""
    program = (
        f"import os, sys\nsys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from perftui.errors import NoData\nfrom perftui.host.procfs import Host\n"
        "import perftui.profile.preflight, perftui.profile.pyspy\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        f"try:\n    exec({statement!r})\nexcept NoData as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def pythons() -> list[str]:
    """The running interpreter and the others that pyenv has, CPython 3.8 and later."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = {f"{sys.version_info.major}.{sys.version_info.minor}": sys.executable}
    for path in sorted(root.glob("3.*/bin/python")):
        version = ".".join(path.parts[-3].split(".")[:2])
        if int(version.split(".")[1]) >= 8:
            found.setdefault(version, str(path))
    return list(found.values())
