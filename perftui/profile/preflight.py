"""Why stacks of a process can or cannot be had, before a sampler is started."""

import os

from perftui.errors import NoData
from perftui.host.interpreter import Interpreter, interpreter_in
from perftui.host.procfs import Host
from perftui.host.rights import has_capability, yama_scope
from perftui.host.stat import parse_fields
from perftui.host.text import visible


def check(host: Host, pid: int) -> Interpreter:
    """NoData, with the reason and the command that mends it, when py-spy cannot read this process.

    A tracer such as strace is no obstacle: the sampler only reads memory and never pauses the target.
    """
    check_rights(host, pid, check_state(host, pid))
    return _interpreter(host, pid)


def tells_who_runs(host: Host, pid: int) -> bool:
    """Whether py-spy, without pausing the process, knows the state of each of its threads.

    CPython keeps the number of a thread from 3.11 on, and as its own PID namespace counts. Of any other py-spy takes
    all threads for running.
    """
    try:
        numbers = _status(host, pid).get(b"NSpid", b"").split()
        return len(numbers) <= 1 and check(host, pid).number >= (3, 11)
    except NoData:
        return False


def check_state(host: Host, pid: int) -> dict[bytes, bytes]:
    """The fields of the process's ``status``; NoData when it is gone, stopped, or held by a debugger.

    The sampler itself does not notice: it reads the same stacks from a stopped process again and again.
    """
    status = _status(host, pid)
    state = status.get(b"State", b"?")[:1]
    if state == b"T":
        raise NoData(f"process {pid} is stopped", f"kill -CONT {pid}")
    if state == b"t":
        tracer = int(status.get(b"TracerPid", b"0"))
        if _is_ours(host, tracer):
            return status
        raise NoData(f"process {pid} is held by a debugger{_named(host, tracer)}", "continue it there, or detach")
    if state in b"ZX" and not _other_threads(host, pid):
        raise NoData(f"process {pid} has ended", "attach to the process that took its place")
    return status


def _status(host: Host, pid: int) -> dict[bytes, bytes]:
    try:
        return parse_fields(host.read(f"/proc/{pid}/status"))
    except NoData as error:
        if isinstance(error.__cause__, PermissionError):
            raise NoData(f"process {pid} is hidden (/proc is mounted with hidepid)", "run perftui as root") from error
        raise NoData(f"there is no process {pid}", "perftui (without a target) lists those that run") from error


def _is_ours(host: Host, tracer: int) -> bool:
    """A sampler of this program that pauses the process for a look."""
    try:
        fields = parse_fields(host.read(f"/proc/{tracer}/status"))
    except NoData:
        return False
    return fields.get(b"Name") == b"py-spy" and fields.get(b"PPid") == b"%d" % os.getpid()


def _named(host: Host, pid: int) -> str:
    if not pid:
        return ""
    try:
        name = visible(host.read(f"/proc/{pid}/comm").rstrip(b"\n"))
    except NoData:
        return f" (process {pid})"
    return f" ({name}, process {pid})"


def _other_threads(host: Host, pid: int) -> bool:
    """A main thread that has ended is a zombie while the other threads go on."""
    try:
        return len(host.names(f"/proc/{pid}/task")) > 1
    except NoData:
        return False


def check_rights(host: Host, pid: int, status: dict[bytes, bytes]) -> None:
    """Ask the kernel: opening ``mem`` needs the very right that reading stacks does. NoData, with what is missing."""
    try:
        os.close(host.open(f"/proc/{pid}/mem"))
    except NoData as error:
        if not isinstance(error.__cause__, PermissionError):
            raise NoData(f"process {pid} has ended") from error
        raise _not_permitted(host, pid, status) from error


def _not_permitted(host: Host, pid: int, status: dict[bytes, bytes]) -> NoData:
    uids = {int(uid) for uid in status.get(b"Uid", b"").split()}
    scope = yama_scope(host)
    if scope == 3:
        return NoData("kernel.yama.ptrace_scope is 3: no process may be read", "it can be changed only by a reboot")
    if os.geteuid() == 0 and not has_capability("CAP_SYS_PTRACE"):
        return NoData(
            "this root has no CAP_SYS_PTRACE, as is usual in a container",
            "start the container with --cap-add=SYS_PTRACE",
        )
    if uids != {os.geteuid()}:
        owner = "/".join(map(str, sorted(uids)))
        return NoData(
            f"process {pid} belongs to uid {owner}, perftui runs as uid {os.geteuid()}",
            f"sudo perftui attach {pid}",
        )
    if scope >= 1:
        return NoData(
            f"kernel.yama.ptrace_scope is {scope}: only a parent or root may read a process",
            f"sudo perftui attach {pid}, or sudo sysctl kernel.yama.ptrace_scope=0",
        )
    return NoData(
        f"process {pid} is protected by the kernel (it changed its rights, or lives in another user namespace)",
        f"sudo perftui attach {pid}",
    )


def _interpreter(host: Host, pid: int) -> Interpreter:
    try:
        maps = host.read(f"/proc/{pid}/maps")
    except NoData as error:
        raise NoData(f"the memory map of process {pid} cannot be read", f"sudo perftui attach {pid}") from error
    found = interpreter_in(maps)
    if found is None or found.pypy:
        what = "runs on PyPy, py-spy reads CPython only" if found else "is not a Python process"
        raise NoData(f"process {pid} {what}", "resources and rules work without stacks")
    return found
