"""The dead-man: a detached process that takes a change back unless somebody says to keep it.

It is armed before the change is written, and holds all it needs to undo it in memory. It acts when the deadline
passes (CLOCK_BOOTTIME, so a suspended machine counts), when perftui ends however that came about, when the target
ends, and at once on SIGTERM (logout, shutdown). It puts back only what still stands as perftui wrote it; what
somebody else has set meanwhile it leaves alone and reports in the journal.

SIGUSR1 disarms it: the change stays. SIGUSR2 tells it to go on without perftui (``tune apply`` ends; ``tune
confirm`` comes from another process).

It is a fresh interpreter, not a fork of perftui: a process with threads must not fork.
"""

import json
import os
import select
import signal
import sys
from pathlib import Path
from typing import NoReturn

import msgspec

from perftui.errors import NoData, NotDeliverable, PerftuiError
from perftui.host import clock, control, pidfd
from perftui.host.run import run
from perftui.model.journal import EntryState
from perftui.model.proposal import AnyAction
from perftui.model.target import ProcessId

ARM_SECONDS = 10.0
"""How long the dead-man may take to report that it is armed; measured: 0.1 s, more on a starved machine."""

DISARM, HAND_OVER = signal.SIGUSR1, signal.SIGUSR2

_LOOK_MS = 1000
"""poll(2) stands still while the machine is suspended: look at the deadline again so often."""

_BOOTSTRAP = """
import json, sys
sys.path[:] = json.loads(sys.stdin.buffer.readline())
from perftui.tune.watchdog import main
main(sys.stdin.buffer.read())
"""


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """All the dead-man needs to know. ``target`` is None for a change of the host.

    ``deadline_seconds`` count from when it is on guard: its start may take long, and the change is made after it.
    """

    entry_id: str
    journal: str
    owner: ProcessId
    target: ProcessId | None
    deadline_seconds: float
    action: AnyAction


def arm(orders: Orders) -> ProcessId:
    """Start a dead-man; it is on guard when this returns. NotDeliverable when it does not come up."""
    interpreter = os.path.abspath(sys.executable)  # noqa: PTH100 - links stay: they say which environment it is
    path = json.dumps([os.path.abspath(folder) for folder in sys.path]).encode()  # noqa: PTH100 - as above
    argv = [interpreter, "-I", "-S", "-c", _BOOTSTRAP, "perftui-dead-man", orders.entry_id]
    try:
        done = run(argv, deadline_seconds=ARM_SECONDS, input=path + b"\n" + msgspec.json.encode(orders))
        return msgspec.json.decode(done.stdout, type=ProcessId)
    except (NoData, msgspec.DecodeError) as error:
        raise NotDeliverable("the dead-man did not start, so nothing was changed") from error


def main(orders: bytes) -> NoReturn:
    """The dead-man's life, from its orders on standard input to its end."""
    dead_man = DeadMan(msgspec.json.decode(orders, type=Orders))
    _detach()
    dead_man.stand_guard()
    try:
        reason = dead_man.wait()
    except Exception:  # noqa: BLE001 - whatever it is, a change without a guard must not stay
        reason = "the dead-man failed"
    if reason:
        dead_man.revert(reason)
    os._exit(0)


def _detach() -> None:
    """Own session, no terminal, no folder, no descriptors but the standard three."""
    for last in (False, True):
        if os.fork():
            os._exit(0)
        if not last:
            os.setsid()
    os.chdir("/")
    os.umask(0o077)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    try:
        Path("/proc/self/oom_score_adj").write_text("-500")
    except OSError:  # needs CAP_SYS_RESOURCE; without it the dead-man is only as safe as others
        return


def _let_go_of_standard_streams() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.close(nowhere)


class DeadMan:
    """The guard of one change."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        self._poller = select.poll()
        self._wake = self._owner = self._target = -1
        self._deadline_boottime_ns = 0

    def stand_guard(self) -> None:
        """Hear signals, hold perftui and the target, let go of the standard streams, then report and stand alone."""
        self._wake = self._hear_signals()
        self._owner = pidfd.hold(self.orders.owner)
        self._target = pidfd.hold(self.orders.target) if self.orders.target else -1
        for fd in (self._wake, self._owner, self._target):
            if fd >= 0:
                self._poller.register(fd, select.POLLIN)
        self._deadline_boottime_ns = clock.boottime_ns() + int(self.orders.deadline_seconds * 1e9)
        report = os.dup(1)
        _let_go_of_standard_streams()
        os.write(report, msgspec.json.encode(pidfd.process_id(os.getpid())))
        os.close(report)  # the end of the report: whoever armed it waits for that

    def _hear_signals(self) -> int:
        read_end, write_end = os.pipe()
        os.set_blocking(read_end, False)
        os.set_blocking(write_end, False)
        for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
            signal.signal(ignored, signal.SIG_IGN)
        for heard in (signal.SIGTERM, DISARM, HAND_OVER):
            signal.signal(heard, lambda *_: None)  # the wake-up descriptor carries the number
        signal.set_wakeup_fd(write_end)
        return read_end

    def wait(self) -> str:
        """Why the change is to be taken back; empty when it is to stay."""
        if self._owner < 0:
            return "perftui ended"
        if self.orders.target and self._target < 0:
            return "the target ended"
        while (left_ns := self._deadline_boottime_ns - clock.boottime_ns()) > 0:
            ready = {fd for fd, _ in self._poller.poll(min(_LOOK_MS, left_ns // 1_000_000 + 1))}
            # Signals first: perftui hands over and ends at once, and both are seen together.
            heard = self._heard()
            if DISARM in heard:
                return ""
            if signal.SIGTERM in heard:
                return "it was told to end (logout or shutdown)"
            if HAND_OVER in heard:
                self._let_go_of_owner()
            if self._owner >= 0 and self._owner in ready:
                return "perftui ended"
            if self._target in ready:
                return "the target ended"
        return "nobody confirmed it in time"

    def _let_go_of_owner(self) -> None:
        """May be asked for more than once."""
        if self._owner >= 0:
            self._poller.unregister(self._owner)
            os.close(self._owner)
            self._owner = -1

    def _heard(self) -> bytes:
        try:
            return os.read(self._wake, 64)
        except BlockingIOError:
            return b""

    def revert(self, reason: str) -> None:
        """Compare and restore, then say in the journal what was done, if that is possible.

        Where nothing was written yet perftui may be about to: what it writes before it reads our word in the journal
        is found by a second look, what it writes after that it takes back itself.
        """
        try:
            restored = control.restore(self.orders.action)
            state, detail = outcome(restored)
            self._note(state, f"{reason}: {detail}")
            if not restored.put_back:
                control.restore(self.orders.action)
        except (PerftuiError, OSError) as error:
            self._note(None, f"the dead-man could not take it back: {error}")

    def _note(self, state: EntryState | None, detail: str) -> None:
        try:
            from perftui.store.journal import Journal  # only now: to undo, no database is needed

            journal = Journal(Path(self.orders.journal))
            if state is None:
                journal.update(self.orders.entry_id, detail=detail)
            else:
                journal.advance(self.orders.entry_id, state, by="dead-man", detail=detail)
        except Exception:  # noqa: BLE001 - the value is back; nobody is left to hear that the journal is not writable
            return


def outcome(restored: control.Restored) -> tuple[EntryState, str]:
    """The journal's words for what compare-and-restore did."""
    if restored.foreign:
        others = "; ".join(restored.foreign[:3])
        return "conflict", f"somebody else changed it meanwhile, left alone: {others}"
    if restored.gone:
        return "reverted", "what it was set on is gone"
    if not restored.put_back:
        return "reverted", "the value before was in place"
    return "reverted", "the value before is back"
