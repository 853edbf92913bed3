"""Changes that the user asks for: confirmed in a dialog, then carried out by the session."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from perftui.model.journal import JournalEntry
from perftui.model.proposal import Proposal
from perftui.tui.messages import SignalAsked
from perftui.tui.screens.confirm import CANCEL, confirm_apply, confirm_undo
from perftui.tui.screens.sheet import Sheet
from perftui.tui.screens.signals import SIGNALS, confirm_signal
from perftui.tui.watching import Watching


class Front(Protocol):
    """The app as its changes know it."""

    @property
    def session(self) -> Watching: ...

    def ask(self, sheet: Sheet, answered: Callable[[str | None], None]) -> None:
        """Show a dialog, and call ``answered`` with the button that was pressed."""

    def tell(self, text: str) -> None:
        """Show a text for some seconds."""

    def in_session(self, job: Callable[[], object], done: str = "") -> None:
        """Run a blocking call of the session, and say how it went."""


class Changes:
    """Nothing is written without a dialog, and nothing at all where there is a ``refusal``: it is told instead."""

    def __init__(self, front: Front, deadline_seconds: float, refusal: str) -> None:
        self._front = front
        self._deadline_seconds = deadline_seconds
        self._refusal = refusal

    def apply(self, proposal: Proposal) -> None:
        sheet = confirm_apply(proposal, self._deadline_seconds)
        self._confirm(sheet, lambda _: self._do(partial(self._front.session.apply, proposal, "user")))

    def keep(self, entry: JournalEntry) -> None:
        if not self._refused():
            done = f"kept {entry.proposal.knob} {entry.proposal.after}"
            self._do(partial(self._front.session.keep, entry.id), done)

    def undo(self, entry: JournalEntry) -> None:
        """An open change goes back at once: that was agreed to with it. A kept one is a change of its own."""
        if not entry.open:
            self._confirm(confirm_undo(entry.proposal), lambda _: self._undo(entry))
        elif not self._refused():
            self._undo(entry)

    def send_signal(self, asked: SignalAsked) -> None:
        process = asked.process

        def send(button: str) -> None:
            done = f"SIG{button} sent to {process.pid} {asked.name}"
            self._do(partial(self._front.session.send_signal, process, SIGNALS[button]), done)

        self._confirm(confirm_signal(process, asked.name, asked.command), send)

    def _undo(self, entry: JournalEntry) -> None:
        self._do(partial(self._front.session.undo, entry.id), f"put {entry.proposal.knob} back")

    def _do(self, job: Callable[[], object], done: str = "") -> None:
        self._front.in_session(job, done)

    def _refused(self) -> bool:
        if self._refusal:
            self._front.tell(self._refusal)
        return bool(self._refusal)

    def _confirm(self, sheet: Sheet, then: Callable[[str], None]) -> None:
        """Show a dialog, and go on with the button that was pressed unless it was Cancel."""
        if self._refused():
            return

        def answered(button: str | None) -> None:
            if button not in (None, CANCEL):
                then(button)

        self._front.ask(sheet, answered)
