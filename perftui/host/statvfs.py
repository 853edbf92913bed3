"""Sizes of file systems, asked so that one that does not answer costs nobody anything.

A call to a dead server or a stuck FUSE daemon can hang beyond the reach of any signal, and a process with such a thread
cannot end. So a child asks, with a thread for each mount: perftui can always leave.
"""

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from perftui.errors import NoData

_ASK = """
import posix, sys
from _thread import start_new_thread
def ask(at, point):
    try:
        found = posix.statvfs(point)
        answer = " ".join(map(str, (found.f_frsize, found.f_blocks, found.f_bfree, found.f_bavail, found.f_files,
                                    found.f_ffree, found.f_flag)))
    except OSError as error:
        answer = "error %d" % error.errno
    posix.write(1, ("%d %s\\n" % (at, answer)).encode())
posix.write(1, b"ready\\n")
for at, point in enumerate(sys.argv[1:]):
    start_new_thread(ask, (at, point))
posix.read(0, 1)
posix._exit(0)
"""
"""A thread's whole answer is one write, so that lines do not mix. The child ends when its standard input is closed."""

START_SECONDS = 30.0
"""How long the child may take to start, on a starved machine: that is no fault of a mount."""


class Space(NamedTuple):
    """What statvfs(3) says, in bytes and inodes."""

    total_bytes: int
    free_bytes: int
    available_bytes: int
    inodes_total: int
    inodes_free: int
    read_only: bool


class Refused(NamedTuple):
    """The kernel's error, as errno."""

    number: int


Answer = Space | Refused | None
"""None for a mount that has not answered: it hangs."""


class Asker:
    """Remembers who hangs, and does not ask them again before their first answer is there. Not for several threads.

    What an asker that was closed left hanging is remembered for all of them.
    """

    def __init__(self) -> None:
        self._waiting: list[_Child] = []

    def ask(self, points: Sequence[str], deadline_seconds: float) -> dict[str, Answer]:
        """Every point's answer, ``deadline_seconds`` after the child has started at most.

        NoData when it does not start, or ends before all have answered.
        """
        self._waiting = [child for child in self._waiting if not child.finished(0)]
        hanging = {point for child in self._waiting for point in child.unanswered} | _still_hanging()
        found: dict[str, Answer] = dict.fromkeys(points)
        free = [point for point in points if point not in hanging]
        if free:
            child = _Child(free)
            child.start()
            if not child.finished(deadline_seconds):
                self._waiting.append(child)
            elif child.unanswered:
                raise NoData(f"the process that asks for file systems ended: {child.end}", "free processes or memory")
            found.update(child.answers)
        return found

    def close(self) -> None:
        """Let go of children that still wait; the kernel ends them when it can."""
        for child in self._waiting:
            child.abandon()
        self._waiting = []


_abandoned: dict[int, set[str]] = {}
"""PIDs of children that were killed while they waited, and what they wait for: such a one may not end for long."""

_abandoned_lock = threading.Lock()


def _still_hanging() -> set[str]:
    """What abandoned children wait for; those that have ended are reaped."""
    with _abandoned_lock:
        for pid in [pid for pid in _abandoned if _has_ended(pid)]:
            del _abandoned[pid]
        return {point for points in _abandoned.values() for point in points}


def _has_ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # somebody who waits for any child has reaped it
        return True


class _Child:
    """One process and the mounts it asks."""

    def __init__(self, points: Sequence[str]) -> None:
        self.answers: dict[str, Answer] = {}
        self.end = ""
        self._points = points
        self._partial = b""
        self._ready = self._gone = False
        orders, self._orders = os.pipe2(os.O_CLOEXEC)
        self._results, results = os.pipe2(os.O_CLOEXEC)
        try:
            self._pid = _spawn(points, orders, results)
        except OSError as error:
            os.close(self._orders)
            os.close(self._results)
            raise NoData(f"no process to ask for file systems: {error.strerror}", "free processes or memory") from error
        finally:
            os.close(orders)
            os.close(results)

    @property
    def unanswered(self) -> set[str]:
        return set(self._points) - self.answers.keys()

    def start(self) -> None:
        """Wait until it asks. NoData when it does not come to that."""
        until = time.monotonic() + START_SECONDS
        while not self._ready:
            self._listen(until)
            if self._gone or time.monotonic() > until:
                self._leave()
                raise NoData("the process that asks for file systems did not start")

    def finished(self, seconds: float) -> bool:
        """Take answers for so long; True, and the process gone, when all are there or it was killed."""
        until = time.monotonic() + seconds
        while self.unanswered and not self._gone:
            if not self._listen(until):
                return False
        self._leave()
        return True

    def abandon(self) -> None:
        """End one that hangs: it ends when the kernel lets it, and must not be waited for."""
        self._kill()
        with _abandoned_lock:
            _abandoned[self._pid] = self.unanswered

    def _leave(self) -> None:
        self._kill()
        code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
        self.end = f"signal {-code}" if code < 0 else f"exit code {code}"

    def _kill(self) -> None:
        os.close(self._orders)
        os.close(self._results)
        os.kill(self._pid, signal.SIGKILL)

    def _listen(self, until: float) -> bool:
        """Take the next answers; False when there are none until then."""
        poll = select.poll()  # select(2) knows descriptors up to 1023 only, and perftui keeps thousands
        poll.register(self._results, select.POLLIN)
        if not poll.poll(max(0.0, until - time.monotonic()) * 1000):
            return False
        piece = os.read(self._results, 1 << 16)
        self._gone = not piece
        *lines, self._partial = (self._partial + piece).split(b"\n")
        for line in lines:
            self._take(line.decode("ascii").split())
        return True

    def _take(self, words: list[str]) -> None:
        if words == ["ready"]:
            self._ready = True
        else:
            self.answers[self._points[int(words[0])]] = _answer(words[1:])


def _spawn(points: Sequence[str], orders: int, results: int) -> int:
    interpreter = os.path.abspath(sys.executable)  # noqa: PTH100 - links stay: they say which environment it is
    return os.posix_spawn(
        interpreter,
        [interpreter, "-I", "-S", "-c", _ASK, *points],
        {},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, orders, 0),
            (os.POSIX_SPAWN_DUP2, results, 1),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ],
        setpgroup=0,
    )


def _answer(words: list[str]) -> Answer:
    if words[0] == "error":
        return Refused(int(words[1]))
    unit, blocks, free, available, files, files_free, flags = map(int, words)
    return Space(blocks * unit, free * unit, available * unit, files, files_free, read_only=bool(flags & os.ST_RDONLY))
