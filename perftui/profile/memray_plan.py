"""Whether memray can be brought into a running process, found out without touching it."""

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from perftui.errors import NoData, NotDeliverable, NotPermitted
from perftui.host.interpreter import interpreter_in, runs_as
from perftui.host.procfs import Host
from perftui.host.rights import yama_scope
from perftui.host.run import PROGRAM_PATH, Completed, run
from perftui.host.stat import first_int
from perftui.host.text import visible
from perftui.profile.preflight import check_rights, check_state

FIRST_VERSION = (3, 7)
GDB = "gdb"
REMOTE = "sys.remote_exec"
"""Python 3.14 runs a script that it is handed, without a debugger."""

_PASSED_ON = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "HOME")
"""What of the target's environment decides whether its Python finds memray."""

_PACKAGES = re.compile(rb" (/[^\n]*)/lib/python[^/\n]*/site-packages/")

_CHECK = """
import json, memray.commands.attach as attach, memray
print(json.dumps({"version": memray.__version__, "remote": hasattr(attach, "remote_exec_inject")}))
"""
_CHECK_SECONDS = 30.0
_PROBE_SECONDS = 20.0
_PATIENCE_SECONDS = 10.0
_ENVIRON_BYTES = 1 << 17


class Plan(NamedTuple):
    """``python`` is the target's own, ``method`` how memray gets in, ``user`` whom it runs as (None: ourselves)."""

    pid: int
    python: str
    version: str
    method: str
    user: tuple[int, int] | None
    environment: dict[str, str]


class _Memray(msgspec.Struct):
    version: str
    remote: bool


def plan(host: Host, pid: int) -> Plan:
    """NotPermitted for a right that is missing, NotDeliverable for anything else that stands in the way.

    The last step lets the debugger call a function in a child of ours: one that cannot do that on this processor
    (gdb before 14 where the extended state is large) leaves its process with a broken system call.
    """
    version = _python_version(host, pid)
    _check_namespace(host, pid)
    user = _user(host, pid)
    environment = _environment(host, pid)
    python, memray = _find_memray(host, pid, user, environment)
    remote = memray.remote and version >= (3, 14)
    if not remote:
        _check_debugger(user)
    return Plan(pid, python, visible(memray.version, 32), REMOTE if remote else GDB, user, environment)


def risks(found: Plan, command: str, seconds: float) -> tuple[str, ...]:
    """What attaching does to the target, a line each, for whoever has to agree."""
    if found.method == REMOTE:
        way = "through sys.remote_exec, at its next step in Python code"
    else:
        way = "with gdb, which stops it for a second or two"
    lines = [
        f"memray {found.version} of {visible(found.python, 200)} goes into process {found.pid} {way}",
        f"target: {visible(command, 200)}",
        f"for {seconds:g} s each allocation of the target takes longer, and memray says on its stderr when it stops",
        "afterwards memray's library stays loaded until the target ends",
    ]
    if found.method != REMOTE:
        lines.append(
            f"risk: if {found.method} is killed while it attaches, the target may die of a breakpoint left in it"
        )
    return tuple(lines)


def _python_version(host: Host, pid: int) -> tuple[int, ...]:
    try:
        status = check_state(host, pid)
        tracer = first_int(status.get(b"TracerPid"))
        if tracer > 0:
            raise NotDeliverable(
                f"process {pid} is traced by process {tracer}, and there can be one tracer: end it first"
            )
        _check_permitted(host, pid, status)
        python = interpreter_in(host.read(f"/proc/{pid}/maps"))
    except NoData as error:
        raise NotDeliverable(str(error)) from error
    if python is None or python.pypy:
        what = "runs on PyPy, memray tracks CPython only" if python else "is not a Python process"
        raise NotDeliverable(f"process {pid} {what}")
    if python.number and python.number < FIRST_VERSION:
        raise NotDeliverable(f"process {pid} runs Python {python.version}; memray needs 3.7 or later")
    return python.number


def _check_permitted(host: Host, pid: int, status: dict[bytes, bytes]) -> None:
    try:
        check_rights(host, pid, status)
    except NoData as error:
        raise NotPermitted(f"memray has to trace the target: {error.reason} ({error.remedy})") from error


def _check_namespace(host: Host, pid: int) -> None:
    try:
        own, its = host.link("/proc/self/ns/mnt"), host.link(f"/proc/{pid}/ns/mnt")
    except NoData as error:
        raise NotDeliverable(str(error)) from error
    if own != its:
        raise NotDeliverable(
            f"process {pid} sees other files than perftui (a container, or a service with its own /tmp): "
            f"nsenter -t {pid} -m -p perftui allocations {pid}, or run perftui inside"
        )


def _user(host: Host, pid: int) -> tuple[int, int] | None:
    try:
        user = runs_as(host, pid)
    except NoData as error:
        raise NotPermitted(str(error)) from error
    scope = yama_scope(host)
    if user is not None and scope >= 1:
        raise NotPermitted(
            f"what the target's Python runs gets the rights of its user (uid {user[0]}), who may not trace it: "
            f"kernel.yama.ptrace_scope is {scope} (sudo sysctl kernel.yama.ptrace_scope=0)"
        )
    return user


def _environment(host: Host, pid: int) -> dict[str, str]:
    try:
        raw = host.read_start(f"/proc/{pid}/environ", _ENVIRON_BYTES)
    except NoData:
        return {}
    pairs = (entry.partition(b"=") for entry in raw.split(b"\0"))
    found = {os.fsdecode(name): os.fsdecode(setting) for name, _, setting in pairs}
    return {name: found[name] for name in (*_PASSED_ON, "PATH") if found.get(name)}


def _find_memray(
    host: Host, pid: int, user: tuple[int, int] | None, environment: dict[str, str]
) -> tuple[str, _Memray]:
    """The first of the target's ways to call its Python that can import memray."""
    search = environment.pop("PATH", PROGRAM_PATH)
    pythons = [*dict.fromkeys(_pythons(host, pid, search))]
    for python in pythons:
        with contextlib.suppress(NoData, msgspec.MsgspecError):
            done = run(
                [python, "-B", "-c", _CHECK], deadline_seconds=_CHECK_SECONDS, user=user, environment=environment
            )
            if done.returncode == 0:
                return python, msgspec.json.decode(done.stdout, type=_Memray)
    if not pythons:
        raise NotDeliverable(f"the Python program of process {pid} is not to be found: it is embedded, or was replaced")
    shown = visible(pythons[0], 200)
    raise NotDeliverable(f"the Python of process {pid} has no memray: {shown} -m pip install memray (1.13 or later)")


def _pythons(host: Host, pid: int, search: str) -> Iterator[str]:
    """The paths by which the process may have called its Python: as it was called, then where its packages are.

    The path matters: an environment is found by the link that lies in it. Each leads to the very program that runs.
    """
    executable = Path(f"{host.root}/proc/{pid}/exe")
    for path in _candidates(host, pid, search):
        with contextlib.suppress(OSError, ValueError):
            if path.is_absolute() and path.samefile(executable) and os.access(path, os.X_OK):
                yield str(path)


def _candidates(host: Host, pid: int, search: str) -> Iterator[Path]:
    first = os.fsdecode(host.read_start(f"/proc/{pid}/cmdline", 4096).split(b"\0")[0])
    if "/" in first:
        yield Path(host.link(f"/proc/{pid}/cwd")) / first
    elif first:
        yield from (Path(folder) / first for folder in search.split(":"))
    for home in dict.fromkeys(_PACKAGES.findall(host.read(f"/proc/{pid}/maps"))):
        yield Path(os.fsdecode(home)) / "bin/python"
    yield Path(host.link(f"/proc/{pid}/exe"))


def _check_debugger(user: tuple[int, int] | None) -> None:
    """gdb must be here and able to do what memray needs of it.

    Not lldb, which memray knows too: ended while it waits for the target it leaves breakpoints there, and the target
    dies of the first.
    """
    program = shutil.which(GDB, path=PROGRAM_PATH)
    if program is None:
        raise NotDeliverable(
            "memray gets into a process with a debugger, and gdb is not installed: apt-get install gdb"
        )
    done, pid = _probe(program, user)
    if f"= {pid}\n".encode() in done.stdout:
        return
    said = _complaint(done)
    if "not permitted" in said:
        raise NotPermitted(
            f"processes may not be traced here (gdb: {said}): start a container with --cap-add=SYS_PTRACE"
        )
    raise NotDeliverable(
        f"the debugger here cannot call a function in a process (gdb: {said}): install gdb 14 or later"
    )


def _probe(program: str, user: tuple[int, int] | None) -> tuple[Completed, int]:
    """Let the debugger call ``getpid`` in a child that nobody needs."""
    uid, gid = user or (None, None)
    with subprocess.Popen(["/bin/sleep", "60"], user=uid, group=gid, extra_groups=() if user else None) as child:
        try:
            argv = [program, "-batch", "-nx", "-p", str(child.pid), "-ex", "call (int)getpid()"]
            done = run(argv, deadline_seconds=_PROBE_SECONDS, user=user, patience_seconds=_PATIENCE_SECONDS)
            return done, child.pid
        finally:
            child.kill()


def _complaint(done: Completed) -> str:
    if done.timed_out:
        return f"no answer for {_PROBE_SECONDS:.0f} s"
    lines = [line for line in done.stderr.splitlines() if line.strip() and b"No such file" not in line]
    return visible(lines[-1].rstrip(b". ") if lines else b"it says nothing", 160)
