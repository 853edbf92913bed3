"""Start a program, wait for it, and leave nothing of it behind."""

import contextlib
import math
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from perftui.errors import NoData

PROGRAM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = {"PATH": PROGRAM_PATH, "LC_ALL": "C.UTF-8"}
_MOST_OUTPUT = 64 << 20
_CHUNK = 1 << 16
_LOOK_SECONDS = 0.02
_AGAIN_SECONDS = 1.0


class Completed(NamedTuple):
    """How a program ended. ``returncode`` is negative after a signal, as in subprocess.

    ``timed_out``: it was ended, at its deadline or because it wrote more than 64 MiB.
    """

    returncode: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False


def run(
    argv: Sequence[str],
    *,
    deadline_seconds: float,
    input: bytes = b"",
    user: tuple[int, int] | None = None,
    environment: Mapping[str, str] | None = None,
    patience_seconds: float = 0.0,
    interrupt: str = "",
) -> Completed:
    """Run a program to its end, in a process group of its own and with a clean environment.

    After ``deadline_seconds`` the whole group is killed and ``timed_out`` is set; with ``patience_seconds`` it is asked
    to end so long before (SIGTERM); as long as members of it are called ``interrupt`` these alone (SIGINT). ``user`` is
    the uid and gid to run as, without further groups; ``environment`` is added to the clean one. ValueError when the
    program's path is not absolute; NoData when it cannot be started.
    """
    if not argv or not argv[0].startswith("/"):
        raise ValueError(f"argv: the program must be an absolute path, not {argv[:1]!r}")
    uid, gid = user or (None, None)
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**_ENVIRONMENT, **(environment or {})},
            cwd="/",
            process_group=0,
            user=uid,
            group=gid,
            extra_groups=() if user else None,
        )
    except OSError as error:
        remedy = f"install {Path(argv[0]).name}" if isinstance(error, FileNotFoundError) else ""
        raise NoData(f"{argv[0]} cannot be started: {error.strerror}", remedy) from error
    with process:
        try:
            stdout, stderr, ended = _gather(process, input, time.monotonic() + deadline_seconds)
        except BaseException:  # also KeyboardInterrupt: nothing we started may outlive us
            _end_group(process, patience_seconds, interrupt)
            raise
        if not ended:
            _end_group(process, patience_seconds, interrupt)
    return Completed(process.returncode, stdout, stderr, timed_out=not ended)


def _gather(process: "subprocess.Popen[bytes]", input: bytes, until: float) -> tuple[bytes, bytes, bool]:
    """Both outputs, and whether the program ended by itself, in time and with no more output than allowed."""
    if not (process.stdin and process.stdout and process.stderr):
        raise ValueError("the three standard streams must be pipes")
    pieces: dict[int, list[bytes]] = {process.stdout.fileno(): [], process.stderr.fileno(): []}
    room, unsent = _MOST_OUTPUT, memoryview(input)
    with selectors.DefaultSelector() as selector:
        for fd in pieces:
            selector.register(fd, selectors.EVENT_READ)
        os.set_blocking(process.stdin.fileno(), False)
        selector.register(process.stdin, selectors.EVENT_WRITE)
        while room > 0 and selector.get_map() and (left := until - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                if key.fd not in pieces:
                    unsent = unsent[_sent(key.fd, unsent) :]
                    if not unsent:
                        selector.unregister(process.stdin)
                        process.stdin.close()
                elif piece := os.read(key.fd, _CHUNK):
                    pieces[key.fd].append(piece)
                    room -= len(piece)
                else:
                    selector.unregister(key.fd)
        closed = not selector.get_map()
    stdout, stderr = (b"".join(parts) for parts in pieces.values())
    return stdout, stderr, closed and _ended(process, until)


def _sent(fd: int, unsent: memoryview) -> int:
    """How much was taken: all of it when nobody reads it any more."""
    try:
        return os.write(fd, unsent[:_CHUNK])
    except BrokenPipeError:
        return len(unsent)


def _ended(process: "subprocess.Popen[bytes]", until: float) -> bool:
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _end_group(leader: "subprocess.Popen[bytes]", patience_seconds: float, interrupt: str) -> None:
    """Kill the group; with patience only what is left of it after it was asked, and that time."""
    until = time.monotonic() + patience_seconds
    asked: dict[int, float] = {}
    # The leader may end before the others have done what they do at their end.
    while patience_seconds and _signal_group(leader, 0) and time.monotonic() < until:
        named, now = _members(leader.pid, interrupt) if interrupt else set(), time.monotonic()
        for pid in named:
            if now - asked.get(pid, -math.inf) > _AGAIN_SECONDS:  # the first may only have broken off one of its steps
                asked[pid] = now
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGINT)
        if not named and leader.pid not in asked:
            asked[leader.pid] = now
            _signal_group(leader, signal.SIGTERM)
        leader.poll()
        time.sleep(_LOOK_SECONDS)
    _signal_group(leader, signal.SIGKILL)


def _members(group: int, name: str) -> set[int]:
    """The processes of a group that have this name."""
    found = set()
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError):  # it has ended meanwhile, or is no process
            if os.getpgid(pid := int(entry.name)) == group and (entry / "comm").read_text().rstrip() == name:
                found.add(pid)
    return found


def _signal_group(leader: "subprocess.Popen[bytes]", number: int) -> bool:
    """False when the group is empty."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader.pid, number)
        return True
    return False
