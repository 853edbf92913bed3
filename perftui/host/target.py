"""Hold a process so that no other one can take its place unnoticed, and find it by name."""

import contextlib
import os
import re
import time
from typing import Self

from perftui.errors import IdentityUncertain, NoData, NoSuchTarget, NotPermitted, TargetEnded, UsageError
from perftui.host.command import command_of
from perftui.host.pidfd import has_ended
from perftui.host.procfs import Host, read_all
from perftui.host.stat import Stat, parse_fields, parse_stat
from perftui.host.text import visible
from perftui.model.target import ProcessId, Target

GROUP_KINDS = ("unit", "cgroup", "container")
_OVER = "ZX"
"""States of a process that has ended, in a captured tree."""

_SHOWN_MATCHES = 20
_EXEC_LOOKS = 10
_EXEC_PAUSE_SECONDS = 0.002


class HeldTarget:
    """One process, held by its pidfd and its ``/proc`` directory from attach to the end of the session.

    The directory descriptor keeps meaning this very process: once it is gone every read through it fails,
    even when its PID belongs to another process by then. In a captured tree there is no pidfd (-1).
    """

    def __init__(self, directory: int, pidfd: int, target: Target, process: ProcessId) -> None:
        self._directory = directory
        self.pidfd = pidfd
        self.target = target
        self.process = process

    @classmethod
    def open(cls, host: Host, pid: int, with_children: bool = True) -> Self:
        """NoSuchTarget when there is none or it has ended, NotPermitted when it may not be looked at."""
        directory = _open_directory(host, pid)
        pidfd = -1
        try:
            stat = _stat_in(directory)
            if host.is_live:
                pidfd = _open_pidfd(host, pid)
                stat = _stat_in(directory)  # still this one, so the pidfd is of the same process
            if has_ended(pidfd) if pidfd >= 0 else stat.state in _OVER:
                raise NoSuchTarget(f"process {pid} has ended (state {stat.state})")
        except (ProcessLookupError, FileNotFoundError) as error:
            _close(directory, pidfd)
            raise NoSuchTarget(f"there is no process {pid}") from error
        except BaseException:
            _close(directory, pidfd)
            raise
        process = ProcessId(pid=pid, start_ticks=stat.starttime)
        command = _settled_command(host, pid, stat.comm)
        target = Target(kind="process", process=process, command=command, with_children=with_children)
        return cls(directory, pidfd, target, process)

    @property
    def main(self) -> "HeldTarget":
        """The process that is held: itself. Of a group, the main process at the time of the attach."""
        return self

    @property
    def ended(self) -> bool:
        """True once all its threads are gone, also while its parent has not fetched its exit code.

        Not by the state: a main thread that has ended is a zombie while the other threads go on.
        """
        if self._directory < 0:
            return True
        if self.pidfd >= 0:
            return has_ended(self.pidfd)
        try:
            return _stat_in(self._directory).state in _OVER
        except (ProcessLookupError, FileNotFoundError):
            return True

    def check(self) -> None:
        """TargetEnded when it is gone, IdentityUncertain when it is not the one that was opened."""
        if self.ended:
            raise TargetEnded(f"process {self.process.pid} has ended")
        try:
            start_ticks = _stat_in(self._directory).starttime
        except (ProcessLookupError, FileNotFoundError) as error:
            raise TargetEnded(f"process {self.process.pid} has ended") from error
        if start_ticks != self.process.start_ticks:
            raise IdentityUncertain(f"process {self.process.pid} is not the one that was attached: attach again")

    def close(self) -> None:
        """Let go; afterwards it counts as ended. May be called twice."""
        directory, pidfd = self._directory, self.pidfd
        self._directory = self.pidfd = -1
        _close(directory, pidfd)


def is_group(spec: str) -> bool:
    """Whether a target spec is one of a group: ``unit:``, ``cgroup:``, ``container:``."""
    kind, colon, _ = spec.partition(":")
    return colon != "" and kind in GROUP_KINDS


def resolve(host: Host, spec: str) -> int:
    """The PID that ``PID`` or ``name:PATTERN`` means; ``groups.find_group`` knows the other kinds.

    The pattern is a regular expression looked for in name and command line. UsageError when the spec is
    malformed or several processes match (the message lists them); NoSuchTarget when none does.
    """
    if spec.startswith("name:"):
        return _resolve_name(host, spec)
    if not (spec.isascii() and spec.isdigit()) or int(spec) == 0:
        raise UsageError(
            f"TARGET: {visible(spec)!r} is not a target; give a PID, name:PATTERN, unit:NAME.service, cgroup:PATH or "
            "container:ID"
        )
    if not host.exists(f"/proc/{int(spec)}"):
        raise NoSuchTarget(f"there is no process {int(spec)}")
    return int(spec)


def _resolve_name(host: Host, spec: str) -> int:
    text = spec.removeprefix("name:")
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise UsageError(f"TARGET: {text!r} is not a regular expression: {error}") from error
    if not text:
        raise UsageError("TARGET: name: needs a pattern, such as name:gunicorn")
    matches = []
    for pid in sorted(int(name) for name in host.names("/proc") if name.isdigit()):
        # Whoever has the whole spec in its command line is perftui itself, or the sudo or shell that started it.
        with contextlib.suppress(NoData, ValueError):
            comm = parse_stat(host.read(f"/proc/{pid}/stat")).comm
            command = command_of(host, pid, comm)
            named = pattern.search(comm.decode("utf-8", "replace")) or pattern.search(command)
            if named and spec not in command and pid != os.getpid():
                matches.append((pid, command))
    if not matches:
        raise NoSuchTarget(f"no process matches {spec}")
    if len(matches) > 1:
        lines = [f"  {pid} {command[:100]}" for pid, command in matches[:_SHOWN_MATCHES]]
        more = [f"  and {len(matches) - _SHOWN_MATCHES} more"] if len(matches) > _SHOWN_MATCHES else []
        raise UsageError("\n".join([f"TARGET: {spec} matches {len(matches)} processes; give one PID:", *lines, *more]))
    return matches[0][0]


def _settled_command(host: Host, pid: int, comm: bytes) -> str:
    """The command line; a process in the middle of its exec has none for a moment."""
    command = command_of(host, pid, comm)
    for _ in range(_EXEC_LOOKS):
        if not command.startswith("[") or not host.exists(f"/proc/{pid}/exe"):
            break
        time.sleep(_EXEC_PAUSE_SECONDS)
        command = command_of(host, pid, comm)
    return command


def _open_directory(host: Host, pid: int) -> int:
    try:
        return host.open(f"/proc/{pid}", os.O_RDONLY | os.O_DIRECTORY)
    except NoData as error:
        if isinstance(error.__cause__, PermissionError):
            raise NotPermitted(f"process {pid} is hidden (/proc is mounted with hidepid): run as root") from error
        raise NoSuchTarget(f"there is no process {pid}") from error


def _open_pidfd(host: Host, pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError as error:  # EINVAL or ENOENT, by kernel: the number is a thread's
        leader = parse_fields(host.read(f"/proc/{pid}/status")).get(b"Tgid", b"?").decode("ascii", "replace")
        raise NoSuchTarget(f"{pid} is a thread of process {leader}; give that PID") from error


def _stat_in(directory: int) -> Stat:
    """The stat line through the held directory; ProcessLookupError or FileNotFoundError when the process is gone."""
    fd = os.open("stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directory)
    try:
        return parse_stat(read_all(fd))
    finally:
        os.close(fd)


def _close(*fds: int) -> None:
    for fd in fds:
        if fd >= 0:
            os.close(fd)
