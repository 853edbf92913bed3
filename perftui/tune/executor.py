"""The one place that carries out a change, and takes it back.

approved → intent journaled → dead-man armed → target checked → current value read again → written → read back
→ kept or undone → journaled. A kill between any two of these leaves the system as it was, or brings it back.
"""

import os
import secrets
import signal
import threading
from collections.abc import Iterable

from perftui.config import DEADLINE_SECONDS
from perftui.errors import Drifted, NotDeliverable, NotPermitted, PerftuiError, Refused, TargetEnded, UsageError
from perftui.host import clock, control, pidfd
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.journal import Closer, EntryState, JournalEntry
from perftui.model.proposal import AnyAction, Approval, Proposal
from perftui.model.target import ProcessId
from perftui.store.journal import Journal
from perftui.tune import watchdog

_STAND_DOWN_SECONDS = 10.0
"""How long a dead-man may take to end: it may be in the middle of taking the change back."""


def approve(proposal: Proposal, by: str) -> Approval:
    """Somebody (``by``) agrees to exactly this proposal."""
    return Approval(proposal_id=proposal.id, digest=proposal.digest, by=by, wall_ns=clock.wall_ns())


class Executor:
    """Applies, keeps and undoes changes; safe from several threads and beside other perftui processes."""

    def __init__(self, host: Host, journal: Journal, *, read_only: bool = False) -> None:
        self.host = host
        self.journal = journal
        self.read_only = read_only
        self._lock = threading.RLock()
        self._guards: dict[str, int] = {}

    # ---- apply

    def apply(
        self,
        proposal: Proposal,
        approval: Approval,
        held: HeldTarget | None,
        *,
        deadline_seconds: float = 30.0,
    ) -> JournalEntry:
        """Carry out one approved proposal. The entry is ``applied``, or ``failed`` when the value did not take.

        The dead-man counts ``deadline_seconds`` from when it is on guard.

        Refused (read-only, not what was approved, already being changed), Drifted, IdentityUncertain, TargetEnded,
        NotPermitted, NotDeliverable (no dead-man), UsageError (advice only, deadline): then nothing was left changed.
        """
        with self._lock:
            action = self._admit(proposal, approval, deadline_seconds)
            entry = self._intent(proposal, approval, held, deadline_seconds)
            self.journal.add(entry)
            written = False
            try:
                self._arm(entry, action, held)
                self._check(action, held)
                written = True
                control.write(action)
                problem, adjusted = self._read_back(entry.id, action)
            except BaseException as error:
                self._abandon(entry.id, action, str(error), written=written)
                raise
            if problem:
                return self._abandon(entry.id, action, problem, written=True, adjusted=adjusted)
            entry = self.journal.advance(entry.id, "applied")
            return entry if entry.open else self._overtaken(entry, action)

    def _admit(self, proposal: Proposal, approval: Approval, deadline_seconds: float) -> AnyAction:
        if (approval.proposal_id, approval.digest) != (proposal.id, proposal.digest):
            raise Refused(f"proposal {proposal.id}: what was approved is another change: confirm this one")
        if proposal.action is None:
            raise UsageError(f"proposal {proposal.id} is advice: there is nothing that perftui could set")
        self._require_writing()
        low, high = DEADLINE_SECONDS
        if not low <= deadline_seconds <= high:
            raise UsageError(f"deadline: {deadline_seconds:g} s is not between {low:g} and {high:g} s")
        if not proposal.permitted:
            raise NotPermitted(f"{proposal.knob} needs {proposal.privilege}: run perftui as root")
        for other in self.journal.entries(open_only=True):
            theirs = other.proposal
            same = (theirs.knob, theirs.subject) == (proposal.knob, proposal.subject)
            if same and other.boot_id == self.host.boot_id:
                raise Refused(
                    f"{theirs.knob} on {theirs.subject} has an unconfirmed change ({other.id}): undo it first"
                )
        return proposal.action

    def _require_writing(self) -> None:
        if self.read_only:
            raise Refused("perftui runs with --read-only: nothing is changed")

    def _intent(
        self, proposal: Proposal, approval: Approval, held: HeldTarget | None, deadline_seconds: float
    ) -> JournalEntry:
        owner = _self()
        return JournalEntry(
            id=secrets.token_hex(4),
            state="intent",
            wall_ns=clock.wall_ns(),
            boot_id=self.host.boot_id,
            uid=os.geteuid(),
            target=held.target.label if held else "this host",
            proposal=proposal,
            approved_by=approval.by,
            deadline_seconds=deadline_seconds,
            owner_pid=owner.pid,
            owner_start_ticks=owner.start_ticks,
        )

    def _arm(self, entry: JournalEntry, action: AnyAction, held: HeldTarget | None) -> None:
        orders = watchdog.Orders(
            entry_id=entry.id,
            journal=str(self.journal.path.absolute()),
            owner=_self(),
            target=held.process if held else None,
            deadline_seconds=entry.deadline_seconds,
            action=action,
        )
        guard = watchdog.arm(orders)
        fd = pidfd.hold(guard)
        if fd < 0:
            raise NotDeliverable("the dead-man ended at once, so nothing was changed")
        self._guards[entry.id] = fd
        self.journal.update(entry.id, watchdog_pid=guard.pid, watchdog_start_ticks=guard.start_ticks)

    def _check(self, action: AnyAction, held: HeldTarget | None) -> None:
        """The last look before the write."""
        if held is not None:
            held.check()
        found = control.places(action)
        if not found:
            raise TargetEnded("what was to be set is gone")
        for place in found:
            if place.current != place.before:
                raise Drifted(f"{place.where} is {place.current}, not {place.before} as when this was proposed")

    def _read_back(self, entry_id: str, action: AnyAction) -> tuple[str, frozenset[str]]:
        """What is wrong right after the write (empty when all is well), and what the kernel made of the value."""
        found = control.places(action)
        differing = [place for place in found if place.current != action.after]
        if differing:
            first = differing[0]
            problem = f"{first.where} reads {first.current} after {action.after} was written"
            return problem, frozenset(place.current for place in differing)
        if not found:
            return "what was set is gone", frozenset()
        if pidfd.has_ended(self._guards[entry_id]):
            return "the dead-man ended", frozenset()
        return "", frozenset()

    def _abandon(
        self,
        entry_id: str,
        action: AnyAction,
        problem: str,
        *,
        written: bool,
        adjusted: frozenset[str] = frozenset(),
    ) -> JournalEntry:
        """Take back what may have been written. If that fails too the dead-man stays on guard and tries again."""
        detail = problem
        if written:
            try:
                restored = control.restore(action, adjusted)
            except (PerftuiError, OSError) as error:
                return self.journal.update(entry_id, detail=f"{problem}; not taken back yet: {error}")
            detail = f"{problem}; {watchdog.outcome(restored)[1]}"
        self._dismiss(entry_id)
        return self.journal.advance(entry_id, "failed", by="perftui", detail=detail)

    def _overtaken(self, entry: JournalEntry, action: AnyAction) -> JournalEntry:
        """The dead-man acted while the value was written: what was written after its look is taken back here."""
        try:
            restored = control.restore(action)
        except (PerftuiError, OSError) as error:
            detail = f"{entry.detail}; not taken back yet: {error}"
            return self.journal.update(entry.id, state="applied", closed_by="", closed_wall_ns=0, detail=detail)
        self._dismiss(entry.id)
        detail = f"{entry.detail}; {watchdog.outcome(restored)[1]}"
        return self.journal.update(entry.id, state="failed", closed_by="perftui", detail=detail)

    # ---- keep, undo

    def keep(self, entry_id: str) -> JournalEntry:
        """Let an applied change stay. Refused when it was taken back already.

        Drifted when it is not wholly in force: then it stays as it is, under its dead-man, and can be undone.
        """
        with self._lock:
            entry = self.journal.get(entry_id)
            if entry.state != "applied":
                raise Refused(f"change {entry_id} is {entry.state}: only an applied one can be kept. {entry.detail}")
            self._require_in_force(entry)
            self._dismiss(entry_id)
            entry = self.journal.advance(entry_id, "kept", by="perftui")
            if entry.state != "kept":
                raise Refused(f"change {entry_id} was taken back just now. {entry.detail}")
            return entry

    def _require_in_force(self, entry: JournalEntry) -> None:
        action = _action_of(entry)
        found = control.places(action)
        others = [f"{place.where} is {place.current}" for place in found if place.current != action.after]
        if others or not found:
            what = "; ".join(others[:3]) or "what it was set on is gone"
            raise Drifted(f"change {entry.id} is not in force any more: {what}: undo it")

    def undo(self, entry_id: str) -> JournalEntry:
        """Put an applied or kept change back. Drifted when somebody else has set it since; then it is left alone."""
        self._require_writing()
        with self._lock:
            entry = self.journal.get(entry_id)
            if not entry.undoable:
                raise Refused(f"change {entry_id} is {entry.state}: there is nothing to undo. {entry.detail}")
            if entry.boot_id != self.host.boot_id:
                self._close(entry, "expired", "the machine was restarted since")
                raise Refused(f"change {entry_id}: the machine was restarted since, so it is gone")
            # The dead-man stays on guard until the value is back.
            state, detail = watchdog.outcome(control.restore(_action_of(entry)))
            self._dismiss(entry_id)
            entry = self._close(entry, state, detail)
            if state == "conflict":
                raise Drifted(f"change {entry_id}: {detail}")
            return entry

    def send_signal(self, process: ProcessId, number: int) -> None:
        """Signal exactly this process. It cannot be undone, so it is no change and stands in no journal."""
        self._require_writing()
        guard = pidfd.hold(process)
        if guard < 0:
            raise TargetEnded(f"process {process.pid} has ended")
        try:
            pidfd.send(guard, signal.Signals(number))
        except PermissionError as error:
            raise NotPermitted(f"process {process.pid} is another user's: sudo perftui, or CAP_KILL") from error
        finally:
            os.close(guard)

    def _close(self, entry: JournalEntry, state: EntryState, detail: str) -> JournalEntry:
        if entry.open:
            return self.journal.advance(entry.id, state, by="perftui", detail=detail)
        return self.journal.update(
            entry.id, state=state, detail=detail, closed_by="perftui", closed_wall_ns=clock.wall_ns()
        )

    # ---- the dead-man

    def hand_over(self, entry_id: str) -> JournalEntry:
        """Leave an applied change to its dead-man alone, so that perftui may end before somebody confirms it.

        Refused when there is no dead-man any more.
        """
        with self._lock:
            entry = self.journal.get(entry_id)
            guard = self._hold_guard(entry)
            if guard < 0 or pidfd.has_ended(guard) or not entry.open:
                raise Refused(f"change {entry_id} is {entry.state} and has no dead-man: there is nothing to hand over")
            self._guards.pop(entry_id, None)
            entry = self.journal.update(
                entry_id, owner_pid=entry.watchdog_pid, owner_start_ticks=entry.watchdog_start_ticks
            )
            pidfd.send(guard, watchdog.HAND_OVER)
            os.close(guard)
            return entry

    def revert_unwatched(self) -> tuple[JournalEntry, ...]:
        """Look after the dead-men of our own changes; call it once a tick. Returns what has ended since.

        A dead-man that was killed leaves nobody to take the change back if perftui ends: it is taken back at once.
        """
        ended = []
        with self._lock:
            for entry_id in [entry_id for entry_id, guard in self._guards.items() if pidfd.has_ended(guard)]:
                os.close(self._guards.pop(entry_id))
                entry = self.journal.get(entry_id)
                if entry.open:
                    entry = self._restore(entry, by="perftui", reason="the dead-man was killed")
                ended.append(self.journal.update(entry_id, reported=True))
        return tuple(ended)

    def _dismiss(self, entry_id: str) -> None:
        """Stand the dead-man down and wait until it is gone; it finishes what it is at."""
        guard = self._hold_guard(self.journal.get(entry_id))
        self._guards.pop(entry_id, None)
        if guard < 0:
            return
        try:
            pidfd.send(guard, watchdog.DISARM)
            if not pidfd.has_ended(guard, _STAND_DOWN_SECONDS):
                pidfd.send(guard, signal.SIGKILL)
        finally:
            os.close(guard)

    def _hold_guard(self, entry: JournalEntry) -> int:
        own = self._guards.get(entry.id)
        if own is not None:
            return own
        return pidfd.hold(ProcessId(pid=entry.watchdog_pid, start_ticks=entry.watchdog_start_ticks))

    # ---- after a crash

    def stranded(self) -> tuple[JournalEntry, ...]:
        """Open changes whose perftui and dead-man have both ended, newest first: ``recover`` puts them back."""
        return tuple(entry for entry in self.journal.entries(limit=1000, open_only=True) if not _in_hands(entry))

    def recover(self) -> tuple[JournalEntry, ...]:
        """Put back what nobody looks after any more, newest first. After a restart of the machine it only expires.

        An entry that may not be put back (a missing right) stays open; its detail says so. Read-only: nothing is done.
        """
        if self.read_only:
            return ()
        with self._lock:
            return tuple(self._recovered(entry) for entry in self.stranded())

    def _recovered(self, entry: JournalEntry) -> JournalEntry:
        if entry.boot_id != self.host.boot_id:
            return self.journal.advance(entry.id, "expired", by="recover", detail="the machine was restarted since")
        return self._restore(entry, by="recover", reason="perftui and its dead-man were killed")

    def _restore(self, entry: JournalEntry, *, by: Closer, reason: str) -> JournalEntry:
        try:
            state, detail = watchdog.outcome(control.restore(_action_of(entry)))
        except (PerftuiError, OSError) as error:
            return self.journal.update(entry.id, detail=f"{reason}; not taken back yet: {error}")
        return self.journal.advance(entry.id, state, by=by, detail=f"{reason}: {detail}")

    def unreported(self) -> tuple[JournalEntry, ...]:
        """Changes that a dead-man or ``recover`` ended and the user has not been told of, newest first."""
        entries = self.journal.entries(limit=1000)
        return tuple(entry for entry in entries if entry.closed_by in ("dead-man", "recover") and not entry.reported)

    def mark_reported(self, entry_ids: Iterable[str]) -> None:
        """The user has been told of these: call it once they have been shown."""
        for entry_id in entry_ids:
            self.journal.update(entry_id, reported=True)


def _self() -> ProcessId:
    own = pidfd.process_id(os.getpid())
    if own is None:
        raise NotDeliverable("/proc is not mounted: perftui changes nothing without it")
    return own


def _in_hands(entry: JournalEntry) -> bool:
    """True while the perftui that made the change, or its dead-man, is alive."""
    owner = ProcessId(pid=entry.owner_pid, start_ticks=entry.owner_start_ticks)
    guard = ProcessId(pid=entry.watchdog_pid, start_ticks=entry.watchdog_start_ticks)
    return pidfd.is_alive(owner) or pidfd.is_alive(guard)


def _action_of(entry: JournalEntry) -> AnyAction:
    action = entry.proposal.action
    if action is None:
        raise UsageError(f"change {entry.id} is advice: there is nothing to undo")
    return action
