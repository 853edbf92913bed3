"""What the screen asks of a session."""

from collections.abc import Callable, Sequence
from typing import Protocol

from perftui.model.journal import JournalEntry
from perftui.model.profile import Mode
from perftui.model.proposal import Proposal
from perftui.model.target import ProcessId
from perftui.model.update import Update
from perftui.profile.tree import View


class Watching(Protocol):
    """``session.Session`` as the screen knows it. All but ``start`` may block for some tens of milliseconds."""

    @property
    def profiling(self) -> bool: ...

    @property
    def notices(self) -> tuple[str, ...]: ...

    def start(self, on_update: Callable[[Update], None], on_failure: Callable[[Exception], None]) -> None: ...

    def stop(self) -> None: ...

    def select(self, pid: int | None) -> None: ...

    def set_profiling(self, on: bool) -> None: ...

    def set_profile_mode(self, mode: Mode, pid: int) -> str:
        """How the stacks of the first process, for which that was agreed, are sampled now, in words."""

    def apply(self, proposal: Proposal, by: str) -> JournalEntry: ...

    def keep(self, entry_id: str) -> JournalEntry: ...

    def undo(self, entry_id: str) -> JournalEntry: ...

    def send_signal(self, process: ProcessId, number: int) -> None: ...

    def toggle_recording(self) -> str:
        """What has become of it, in words."""

    def save_flame(self, format_name: str, view: View = "cpu") -> str:
        """Where the stacks were saved, in words."""

    def mark_incident(self, text: str) -> str:
        """Where it was saved, in words."""

    def source_of(self, pid: int, file: str) -> Sequence[str]:
        """The lines of a file as this process sees it, fit to be shown. NoData when it cannot be read."""
