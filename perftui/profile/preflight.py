"""Why stacks of a process can or cannot be had, before a sampler is started."""

import os
import re

import msgspec

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.rights import has_capability, yama_scope
from perftui.host.stat import parse_fields
from perftui.host.text import visible

_VERSION = re.compile(rb"python-?(\d\.\d{1,2})(t?)", re.IGNORECASE)


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """What the target runs on: ``version`` such as ``3.12``, empty when its files do not tell."""

    version: str
    free_threaded: bool


def check(host: Host, pid: int) -> Interpreter:
    """NoData, with the reason and the command that mends it, when py-spy cannot read this process.

    A tracer such as strace is no obstacle: the sampler only reads memory and never pauses the target.
    """
    _check_rights(host, pid, check_state(host, pid))
    return _interpreter(host, pid)


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


def _check_rights(host: Host, pid: int, status: dict[bytes, bytes]) -> None:
    """Ask the kernel: opening ``mem`` needs the very right that reading stacks does."""
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
    """What the mapped files say: the program itself, libpython, and extension modules.

    Wide on purpose: an embedded interpreter is py-spy's to find or not. Only a process that maps
    nothing with "python" in its path certainly is none.
    """
    try:
        paths = {line.split(None, 5)[5] for line in host.read(f"/proc/{pid}/maps").splitlines() if b"/" in line}
    except NoData as error:
        raise NoData(f"the memory map of process {pid} cannot be read", f"sudo perftui attach {pid}") from error
    named = [path for path in paths if b"python" in path.lower()]
    pypy = any(path.rpartition(b"/")[2].startswith((b"pypy", b"libpypy")) for path in paths)
    if not named or pypy:
        what = "runs on PyPy, py-spy reads CPython only" if pypy else "is not a Python process"
        raise NoData(f"process {pid} {what}", "resources and rules work without stacks")
    found = [match for path in named if (match := _VERSION.search(path.rpartition(b"/")[2]))]
    best = found[0] if found else next((match for path in named if (match := _VERSION.search(path))), None)
    return Interpreter(
        version=best[1].decode("ascii") if best else "",
        free_threaded=any(match[2] == b"t" for match in found),
    )
