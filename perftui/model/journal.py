"""The record of one change."""

from typing import Literal

import msgspec

from perftui.model.proposal import Proposal

EntryState = Literal["intent", "applied", "kept", "reverted", "failed", "conflict", "expired"]
"""``intent`` and ``applied`` are open: somebody still has to keep or revert them.

``failed``: the write did not take and what was written is put back. ``conflict``: somebody else changed
the value meanwhile, so it was left alone. ``expired``: the machine was restarted, nothing was written.
"""

Closer = Literal["", "perftui", "dead-man", "recover"]
"""Who closed an entry: perftui on somebody's word, the dead-man, or a later run that found it open."""

UNDOABLE_STATES: frozenset[EntryState] = frozenset({"intent", "applied", "kept", "conflict"})
"""A ``conflict`` can be undone once the value is ours again."""

OPEN_STATES: frozenset[EntryState] = frozenset({"intent", "applied"})


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change from its intent on. Times are wall-clock nanoseconds.

    ``owner_*`` is the process that will keep or revert it; ``watchdog_*`` the dead-man. ``reported`` is set once
    the user has been told of an entry that he did not close himself.
    """

    id: str
    state: EntryState
    wall_ns: int
    boot_id: str
    uid: int
    target: str
    proposal: Proposal
    approved_by: str
    deadline_seconds: float
    owner_pid: int
    owner_start_ticks: int
    watchdog_pid: int = 0
    watchdog_start_ticks: int = 0
    closed_wall_ns: int = 0
    closed_by: Closer = ""
    reported: bool = False
    detail: str = ""
    metric_before: float | None = None
    metric_after: float | None = None

    @property
    def undoable(self) -> bool:
        return self.state in UNDOABLE_STATES

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES
