"""The only code that changes the system.

An action reaches one or more *places*: the threads of a process, a session, a kernel file. Each is read before
and after it is written, and is put back only while it still holds what the action wrote (compare and restore).
Whatever has ended meanwhile is left out; a PID is never trusted without its start time.
"""

import ctypes
import errno
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from typing import NamedTuple

from perftui.errors import IdentityUncertain, NoData, NotPermitted, Refused, TargetEnded
from perftui.host.affinity import affinity
from perftui.host.autogroup import parse_autogroup
from perftui.host.ioprio import LIBC, WHO_PROCESS, io_priority, io_priority_number
from perftui.host.nice import nice
from perftui.host.procfs import Host, read_all
from perftui.host.stat import Stat, parse_stat
from perftui.model.proposal import AnyAction, SetAffinity, SetAutogroup, SetIoPriority, SetNice, WriteFile
from perftui.model.target import ProcessId
from perftui.model.units import cpu_list

WRITABLE_ROOTS = ("/sys/fs/cgroup/", "/proc/sys/")
"""Where ``WriteFile`` may write."""

_PASSES = 8
"""A thread that starts while the others are written inherits the old value: look again, so often at most."""

_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}

_AUTOGROUP_TRIES = 30
_AUTOGROUP_PAUSE_SECONDS = 0.11  # the kernel takes one write in 0.1 s (sched/autogroup.c: HZ / 10)
_GONE = (ProcessLookupError, FileNotFoundError, NotADirectoryError)
_GONE_ERRORS = (errno.ESRCH, errno.ENOENT, errno.ENOTDIR, errno.ENODEV)  # the last: a control group that was removed


class Place(NamedTuple):
    """One thing an action reaches: what it held before, what it holds now, and how to write it."""

    where: str
    before: str
    current: str
    put: Callable[[str], None]


class Restored(NamedTuple):
    """What compare-and-restore did. ``foreign``: places that hold what neither we nor the system had put there."""

    put_back: int
    foreign: tuple[str, ...]
    gone: bool


def read(action: AnyAction) -> str:
    """The current value of the first place; empty when everything it reached is gone."""
    found = places(action)
    return found[0].current if found else ""


def places(action: AnyAction) -> tuple[Place, ...]:
    """Everything the action reaches that is still there; empty when all of it is gone.

    NotPermitted when it cannot be read, Refused for a file outside ``WRITABLE_ROOTS``.
    """
    with _explained(action):
        match action:
            case WriteFile():
                return _file_places(action)
            case SetAutogroup():
                return _session_places(action)
            case _:
                return tuple(_thread_places(action))


def write(action: AnyAction) -> None:
    """Put ``after`` in every place.

    TargetEnded when nothing is left of it, NotPermitted when a right is missing, Refused when the kernel does not
    take the value, IdentityUncertain when the process was replaced by another while it was written.
    """
    with _explained(action):
        for _ in range(_PASSES):
            found = places(action)
            if not found:
                raise TargetEnded(f"{_named(action)} is gone")
            differing = [place for place in found if place.current != action.after]
            if not differing:
                break
            for place in differing:
                place.put(action.after)
    if not isinstance(action, WriteFile) and _was_replaced(action.process):
        raise IdentityUncertain(f"PID {action.process.pid} was given to another process while it was written")


def restore(action: AnyAction, adjusted: frozenset[str] = frozenset()) -> Restored:
    """Put ``before`` back wherever ``after`` still stands. NotPermitted when a right is missing.

    ``adjusted`` are values that the kernel made of ``after`` (rounded, cut): they are ours too.
    """
    put_back: set[str] = set()
    written = {action.after, *adjusted}
    with _explained(action):
        found = places(action)
        for _ in range(_PASSES):
            ours = [place for place in found if place.current in written and place.current != place.before]
            for place in ours:
                place.put(place.before)
            put_back.update(place.where for place in ours)
            found = places(action)
            if not ours:
                break
    foreign = tuple(f"{place.where} is {place.current}" for place in found if place.current != place.before)
    return Restored(len(put_back), foreign, gone=not found)


# ---- threads


def _set_nice(tid: int, text: str) -> None:
    os.setpriority(os.PRIO_PROCESS, tid, int(text))


def _set_affinity(tid: int, text: str) -> None:
    os.sched_setaffinity(tid, cpu_list(text))


def _set_io_priority(tid: int, text: str) -> None:
    if LIBC.syscall(_IOPRIO_SET[platform.machine()], WHO_PROCESS, tid, io_priority_number(text)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


_SETTINGS: dict[type, tuple[Callable[[int], str], Callable[[int, str], None]]] = {
    SetNice: (nice, _set_nice),
    SetAffinity: (affinity, _set_affinity),
    SetIoPriority: (io_priority, _set_io_priority),
}


def _thread_places(action: SetNice | SetAffinity | SetIoPriority) -> Iterator[Place]:
    """The living threads, the main one first. Later ones inherited from one that had the main thread's value."""
    if not _is_there(action.process):
        return
    get, put = _SETTINGS[type(action)]
    pid = action.process.pid
    known = {(thread.tid, thread.start_ticks): thread.value for thread in action.threads}
    for tid in sorted(_numbers(f"/proc/{pid}/task"), key=lambda tid: (tid != pid, tid)):
        with suppress(*_GONE, NoData):
            stat = _stat(f"/proc/{pid}/task/{tid}/stat")
            if stat.state not in "ZX":
                before = known.get((tid, stat.starttime), action.before)
                yield Place(f"thread {tid}", before, get(tid), _thread_writer(pid, tid, stat.starttime, put))


def _thread_writer(pid: int, tid: int, start_ticks: int, put: Callable[[int, str], None]) -> Callable[[str], None]:
    def write_one(text: str) -> None:
        with suppress(*_GONE):
            if _stat(f"/proc/{pid}/task/{tid}/stat").starttime == start_ticks:
                put(tid, text)

    return write_one


def _numbers(folder: str) -> list[int]:
    """The PIDs or TIDs under a folder of /proc; none when it is gone."""
    try:
        return [int(name) for name in Host().names(folder) if name.isdigit()]
    except NoData:
        return []


def _stat(path: str) -> Stat:
    return parse_stat(_file_text(path).encode("utf-8", "surrogateescape"))


def _start_ticks(pid: int) -> int:
    """-1 when there is no such process."""
    try:
        return _stat(f"/proc/{pid}/stat").starttime
    except _GONE:
        return -1


def _is_there(process: ProcessId) -> bool:
    """True while the PID is still this process's (also as a zombie)."""
    return _start_ticks(process.pid) == process.start_ticks


def _was_replaced(process: ProcessId) -> bool:
    return _start_ticks(process.pid) not in (-1, process.start_ticks)


# ---- a session


def _session_places(action: SetAutogroup) -> tuple[Place, ...]:
    """The session, written through the process or, once that is gone, through any other of its members."""
    own = [action.process.pid] if _is_there(action.process) else []
    for pid in chain(own, _numbers("/proc") if action.group else ()):
        found = _autogroup(pid)
        if found is not None and (not action.group or found[0] == action.group):
            return (Place(found[0], action.before, found[1], partial(_set_autogroup, pid)),)
    return ()


def _autogroup(pid: int) -> tuple[str, str] | None:
    try:
        return parse_autogroup(_file_text(f"/proc/{pid}/autogroup"))
    except OSError:  # ended, a kernel thread, or hidden: not a member we can write through
        return None


def _set_autogroup(pid: int, text: str) -> None:
    for left in reversed(range(_AUTOGROUP_TRIES)):
        try:
            _write_file(f"/proc/{pid}/autogroup", text)
        except BlockingIOError:
            if not left:
                raise
            time.sleep(_AUTOGROUP_PAUSE_SECONDS)
        else:
            return


# ---- a kernel file


def _file_places(action: WriteFile) -> tuple[Place, ...]:
    path = os.path.realpath(action.path)  # /sys/fs/cgroup/cpu is often a link to cpu,cpuacct
    if not path.startswith(WRITABLE_ROOTS) or not action.path.startswith(WRITABLE_ROOTS):
        raise Refused(f"{action.path}: perftui writes only below {' and '.join(WRITABLE_ROOTS)}")
    try:
        current = _file_text(path).strip()
    except OSError as error:
        if error.errno in (*_GONE_ERRORS, errno.EISDIR):
            return ()
        raise
    return (Place(action.path, action.before, current, partial(_write_file, path)),)


def _file_text(path: str) -> str:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        return read_all(fd).decode("utf-8", "surrogateescape")
    finally:
        os.close(fd)


def _write_file(path: str, text: str) -> None:
    """What has gone since it was read is left out, as everywhere here."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.write(fd, text.encode("ascii"))
        finally:
            os.close(fd)
    except OSError as error:
        if error.errno not in _GONE_ERRORS:
            raise


# ---- words


def _named(action: AnyAction) -> str:
    return action.path if isinstance(action, WriteFile) else f"process {action.process.pid}"


@contextmanager
def _explained(action: AnyAction) -> Iterator[None]:
    """Turn the kernel's refusals into errors that say what is missing."""
    try:
        yield
    except PermissionError as error:
        raise NotPermitted(f"{_named(action)}: {_missing_right(action)}: run perftui as root") from error
    except OSError as error:
        if error.errno in _GONE_ERRORS:
            raise TargetEnded(f"{_named(action)} is gone") from error
        if error.errno == errno.EROFS:
            raise NotPermitted(f"{_named(action)}: it is mounted read-only here: run perftui on the host") from error
        raise Refused(f"{_named(action)}: the kernel did not take {action.after!r}: {error.strerror}") from error


def _missing_right(action: AnyAction) -> str:
    if isinstance(action, WriteFile):
        return "no permission to write it (CAP_DAC_OVERRIDE, and a /sys and /proc/sys mounted for writing)"
    return "this change needs CAP_SYS_NICE"
