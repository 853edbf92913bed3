"""A running perf: one process records, another one puts names to what it saw, and text comes out all the time.

One stream rather than a run for each window, as with py-spy: reading the symbols of the kernel and of the target's
libraries takes 0.3 s of CPU (seconds, for a large program), and is so paid once.
"""

import contextlib
import fcntl
import os
import resource
import signal
import time
from typing import Literal, NamedTuple

import msgspec

from perftui.host.clock import monotonic_ns, process_clock
from perftui.host.pidfd import has_ended

Unwind = Literal["fp", "dwarf"]

_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "HOME": "/nonexistent",  # neither ~/.perfconfig nor ~/.debug
    "PERF_CONFIG": "/dev/null",
}
_HELPER = "/bin/cat"
_MARK = b"perftui: sampling\n"
_START_NS = 15_000_000_000
"""Starting takes 0.2 s; with thousands of threads, or on a machine that has no CPU to give, far more."""
_PIPE_BYTES = 1 << 20
_MAX_TEXT_BYTES = 64 << 10
_MOST_MEMORY_BYTES = 4 << 30
"""Symbols of the largest programs take 1 GiB. What perf reads was chosen by the target."""
MAX_PRINTED_BYTES = 16 << 20
_LOOK_SECONDS = 0.02
_BUFFER_PAGES: dict[Unwind, int] = {"fp": 64, "dwarf": 1024}
"""Memory per CPU for what was seen and not yet written: 256 KiB, 2 s of a busy thread with deep stacks; 4 MiB where
each look copies 8 KiB of the stack."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to run. ``kernel``: kernel frames too. ``unwind``: ``fp`` or ``dwarf``. ``trust_map``: see ``perf_find``."""

    perf: str
    pid: int
    rate_hz: int
    kernel: bool
    unwind: Unwind = "fp"
    trust_map: bool = False

    def record(self) -> list[str]:
        event = "cpu-clock" if self.kernel else "cpu-clock:u"
        call_graph = "dwarf,8192" if self.unwind == "dwarf" else "fp"
        argv = [self.perf, "record", "--pid", str(self.pid), "--event", event, "--freq", str(self.rate_hz)]
        argv += ["--call-graph", call_graph, "--clockid", "CLOCK_MONOTONIC", "--mmap-pages"]
        # Without build ids perf neither reads all libraries nor copies them into a cache.
        argv += [str(_BUFFER_PAGES[self.unwind]), "--no-buildid", "--no-buildid-cache", "--no-buffering"]
        return [*argv, "--output", "-", "--", _HELPER]

    def script(self) -> list[str]:
        # Verbose, because only then it writes out each record at once. Not inline: that starts addr2line for each file.
        argv = [self.perf, "script", "--input", "-", "--verbose", "--ns", "--no-inline", "--show-lost-events"]
        argv += ["--pid", str(self.pid), "--fields", "comm,pid,tid,time,ip,sym,dso"]
        return [*argv, "--force"] if self.trust_map else argv


class Outcome(NamedTuple):
    """How it ended. ``returncode`` is of the process that ended by itself: 0 when none did, -N after signal N."""

    returncode: int
    cpu_ns: int
    text: str


class Stream:
    """Both processes, in a group of their own. ``began_ns`` (CLOCK_MONOTONIC) is 0 until perf samples.

    They hang on a pipe. perf runs as long as its helper does, and the helper (``cat``) until our end of the pipe is
    closed: by ``end``, or by the kernel when perftui dies, however it dies. The helper also says when to
    begin: perf starts it once sampling is on, and it hands on the mark that lies in the pipe from the start.
    """

    def __init__(self, plan: Plan) -> None:
        """OSError when it cannot be started, and then nothing is left of it."""
        self.plan = plan
        self.began_ns = 0
        self.deadline_ns = monotonic_ns() + _START_NS
        self._pids: list[int] = []
        self.pidfds: list[int] = []
        self._lifeline = self._output = self.errors = -1
        self._printed = bytearray()
        self._text = bytearray()
        try:
            self._start(plan)
        except OSError:
            self.end(patience_seconds=0)
            raise

    def _start(self, plan: Plan) -> None:
        with contextlib.ExitStack() as theirs:
            helper, self._lifeline = os.pipe2(os.O_CLOEXEC)
            theirs.callback(os.close, helper)
            self._output, printed = os.pipe2(os.O_CLOEXEC)
            theirs.callback(os.close, printed)
            self.errors, said = os.pipe2(os.O_CLOEXEC)
            theirs.callback(os.close, said)
            seen, recorded = os.pipe2(os.O_CLOEXEC)
            theirs.callback(os.close, seen)
            theirs.callback(os.close, recorded)
            for fd in (self._output, self.errors):
                os.set_blocking(fd, False)
            with contextlib.suppress(PermissionError):  # the user has many large pipes: a small one does, less well
                fcntl.fcntl(self._output, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            os.write(self._lifeline, _MARK)
            self._spawn(plan.record(), (helper, recorded, said))
            self._spawn(plan.script(), (seen, printed, said))
            resource.prlimit(self._pids[-1], resource.RLIMIT_AS, (_MOST_MEMORY_BYTES, _MOST_MEMORY_BYTES))

    def _spawn(self, argv: list[str], streams: tuple[int, int, int]) -> None:
        """posix_spawn, because fork in a program with threads may deadlock. A group of its own keeps ^C away.

        SIGPIPE stays ignored, as Python has it: so perf script comes to its end, and clears its file in /tmp away, also
        when nobody reads any more.
        """
        pid = os.posix_spawn(
            argv[0],
            argv,
            _ENVIRONMENT,
            file_actions=[(os.POSIX_SPAWN_DUP2, fd, number) for number, fd in enumerate(streams)],
            setpgroup=self._pids[0] if self._pids else 0,
            setsigmask=[],
            setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
        )
        self._pids.append(pid)
        self.pidfds.append(os.pidfd_open(pid))

    @property
    def ended(self) -> bool:
        """True once one of both has ended: then the other one has no use."""
        return any(map(has_ended, self.pidfds))

    @property
    def cpu_ns(self) -> int:
        """CPU time of both so far."""
        return sum(time.clock_gettime_ns(process_clock(pid)) for pid in self._pids)

    def read(self) -> None:
        """Take in what has come. Beyond 16 MiB it stays in the pipe, so that perf waits, and loses samples."""
        room = MAX_PRINTED_BYTES - len(self._printed)
        while room > 0 and (piece := _read(self._output, min(room, _PIPE_BYTES))):
            self._printed += piece
            room -= len(piece)
        while piece := _read(self.errors, 1 << 16):
            self._text += piece[: max(0, _MAX_TEXT_BYTES - len(self._text))]
        if not self.began_ns and _MARK in self._text:
            self.began_ns = monotonic_ns()

    def take(self) -> bytes:
        """The whole records that have come since the last call."""
        end = self._printed.rfind(b"\n\n") + 2
        if end < 2:
            return b""
        taken = bytes(self._printed[:end])
        del self._printed[:end]
        return taken

    def end(self, *, patience_seconds: float) -> Outcome:
        """Ask both to end, read what they still have to say, and after this time kill what is left of the group."""
        first = [pid for pid, fd in zip(self._pids, self.pidfds, strict=False) if has_ended(fd)]
        until_ns = monotonic_ns() + round(patience_seconds * 1e9)
        _close(self._lifeline)
        while monotonic_ns() < until_ns and not all(has_ended(fd, _LOOK_SECONDS) for fd in self.pidfds):
            self.read()
        returncode, cpu_ns = self._reap(first)
        self.read()
        for fd in (self._output, self.errors, *self.pidfds):
            _close(fd)
        return Outcome(returncode, cpu_ns, self._text.replace(_MARK, b"").decode("utf-8", "replace"))

    def _reap(self, first: list[int]) -> tuple[int, int]:
        """The return code to be told, and the CPU time of both."""
        if self._pids:
            # Not waited for yet, so the number of the group cannot be another one's. The helper is in it too.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._pids[0], signal.SIGKILL)
        returncode, cpu_ns = 0, 0
        for pid in self._pids:
            _, status, usage = os.wait4(pid, 0)
            cpu_ns += round((usage.ru_utime + usage.ru_stime) * 1e9)
            code = os.waitstatus_to_exitcode(status)
            if pid in first:  # a signal says more than the broken pipe that follows from it
                returncode = min(returncode, code) or code
        return returncode, cpu_ns


def _read(fd: int, size: int) -> bytes:
    """Empty at the end, when nothing has come, and from a pipe that could not be made."""
    try:
        return os.read(fd, size) if fd >= 0 else b""
    except BlockingIOError:
        return b""


def _close(fd: int) -> None:
    if fd >= 0:
        os.close(fd)
