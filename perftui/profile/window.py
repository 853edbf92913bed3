"""One run of py-spy: start it, follow it, end it, collect what it wrote."""

import contextlib
import math
import os
import signal
from typing import NamedTuple

from perftui.host.clock import monotonic_ns
from perftui.profile.budget import MAX_RESULT_BYTES, Setting
from perftui.profile.modes import ARGUMENTS, PAUSING

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "RUST_BACKTRACE": "0"}
_EXTRA_SECONDS = 2
"""py-spy is told to run this much longer than the window: it is we who end it, when its successor samples.

Its own clock is no use (it draws random intervals: "1 s" lasts 0.8 to 1.2 s), but it is the guarantee that no
sampler survives perftui by more than these seconds, not even after SIGKILL. The alternative, PR_SET_PDEATHSIG, must be
called between fork and exec, which is not safe in a program with threads, and fires when the starting *thread* ends.
"""
_RESULT_FD = 3
_MAX_TEXT_BYTES = 64 << 10
_KILL_AFTER_NS = 1_000_000_000


class Outcome(NamedTuple):
    """How the run ended: as in subprocess, a negative ``returncode`` is a signal.

    ``raw`` is None for a result of more than 4 MiB: the names of the frames come last, so a part of it says nothing.
    """

    returncode: int
    cpu_ns: int
    raw: bytes | None
    size_bytes: int
    text: str


class Window:
    """A running py-spy. Times are CLOCK_MONOTONIC nanoseconds; 0 means not yet.

    ``slowdown_ratio`` is what it was seen to cost the target; None where that is not looked at.
    """

    def __init__(self, py_spy: str, pid: int, setting: Setting) -> None:
        """OSError when it cannot be started."""
        self.setting = setting
        self.began_ns = 0
        self.ended_ns = 0
        self.run_ns_before: dict[int, int] = {}
        self.run_ns_after: dict[int, int] = {}
        self.slowdown_ratio: float | None = None
        self.overdue = False
        self._text = bytearray()
        with contextlib.ExitStack() as on_failure:
            self._result = os.memfd_create("perftui-stacks", os.MFD_CLOEXEC)
            on_failure.callback(os.close, self._result)
            self.output, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            on_failure.callback(os.close, self.output)
            try:
                self._pid = _spawn(py_spy, pid, setting, self._result, writer)
            finally:
                os.close(writer)
            on_failure.callback(_end_child, self._pid)
            self.pidfd = os.pidfd_open(self._pid)
            on_failure.pop_all()
        self.started_ns = monotonic_ns()
        self.deadline_ns: float = self.started_ns + (setting.window_seconds * 2 + 3) * 1_000_000_000

    @property
    def sampling(self) -> bool:
        """From its first look until it is told to end."""
        return bool(self.began_ns) and not self.ended_ns

    @property
    def pausing(self) -> bool:
        """Whether it stops the target for each look."""
        return self.setting.mode in PAUSING

    @property
    def planned_looks(self) -> int:
        return round(self.setting.rate_hz * (self.ended_ns - self.began_ns) / 1e9)

    def read_output(self) -> bool:
        """Take in what py-spy said. True the first time that it says something: now it samples.

        The pipe is read to its end, whatever comes, so that py-spy never blocks on it.
        """
        before = len(self._text)
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self.output, 1 << 16):
                self._text += piece[: max(0, _MAX_TEXT_BYTES - len(self._text))]
        return not before and self._text.startswith(b"py-spy> Sampling")

    def interrupt(self) -> None:
        """Ask it to write its result and end. (SIGTERM would lose the result.)"""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def enforce(self, now_ns: int) -> None:
        """End a run that takes longer than twice its window and 3 s: first politely, 1 s later for good."""
        if now_ns < self.deadline_ns:
            return
        if self.overdue:
            self.kill()
            self.deadline_ns = math.inf
        else:
            self.overdue = True
            self.interrupt()
            self.deadline_ns += _KILL_AFTER_NS

    def reap(self) -> Outcome:
        """Wait for its end (at once after ``pidfd`` is readable) and let go of everything."""
        _, status, usage = os.wait4(self._pid, 0)
        self.read_output()
        try:
            size = os.fstat(self._result).st_size
            raw = os.pread(self._result, size, 0) if size <= MAX_RESULT_BYTES else None
        finally:
            for fd in (self.pidfd, self.output, self._result):
                os.close(fd)
        return Outcome(
            returncode=os.waitstatus_to_exitcode(status),
            cpu_ns=round((usage.ru_utime + usage.ru_stime) * 1e9),
            raw=raw,
            size_bytes=size,
            text=self._text.decode("utf-8", "replace"),
        )

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, number)


def _spawn(py_spy: str, pid: int, setting: Setting, result: int, writer: int) -> int:
    """posix_spawn, because fork in a program with threads may deadlock. A group of its own keeps ^C away."""
    argv = [py_spy, "record", "--pid", str(pid), *ARGUMENTS[setting.mode], "--threads", "--full-filenames"]
    argv += ["--rate", str(setting.rate_hz), "--duration", str(setting.window_seconds + _EXTRA_SECONDS)]
    argv += ["--format", "speedscope", "--output", f"/dev/fd/{_RESULT_FD}"]
    return os.posix_spawn(
        py_spy,
        argv,
        _ENVIRONMENT,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, writer, 1),
            (os.POSIX_SPAWN_DUP2, writer, 2),
            (os.POSIX_SPAWN_DUP2, result, _RESULT_FD),
        ],
        setpgroup=0,
        setsigmask=[],
        setsigdef=[signal.SIGINT, signal.SIGPIPE, signal.SIGTERM, signal.SIGHUP],
    )


def _end_child(pid: int) -> None:
    """A child that was never waited for keeps its number, so this meets no other process."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
