"""Changes that the user asks for: confirmed in a dialog, then carried out by the session."""

from collections.abc import Callable
from functools import partial

from perftui.config import Config
from perftui.errors import PerftuiError
from perftui.model.journal import JournalEntry
from perftui.tui.messages import KeepChosen, ProposalChosen, Said, SignalAsked, UndoChosen
from perftui.tui.screens.confirm import CANCEL, confirm_apply, confirm_undo
from perftui.tui.screens.sheet import Sheet
from perftui.tui.screens.signals import SIGNALS, confirm_signal
from perftui.tui.terminal import LeavingApp
from perftui.tui.watching import Watching


class ChangingApp(LeavingApp):
    """Nothing is written without a dialog, and nothing at all in a read-only session."""

    config: Config
    read_only: bool

    @property
    def session(self) -> Watching:
        """What carries the changes out."""
        raise NotImplementedError

    def tell(self, text: str, *, lasting: bool = False) -> None:
        """Show a text for some seconds, or until it is dismissed."""
        raise NotImplementedError

    def on_proposal_chosen(self, message: ProposalChosen) -> None:
        proposal = message.proposal
        if self.read_only:
            self.tell("this is a read-only session: nothing is written")
            return
        sheet = confirm_apply(proposal, self.config.deadline_seconds)
        self._confirm(sheet, lambda _: self.in_session(partial(self.session.apply, proposal, "user")))

    def on_keep_chosen(self, message: KeepChosen) -> None:
        if not self.read_only:
            done = f"kept {message.entry.proposal.knob} {message.entry.proposal.after}"
            self.in_session(partial(self.session.keep, message.entry.id), done)

    def on_undo_chosen(self, message: UndoChosen) -> None:
        """An open change goes back at once: that was agreed to with it. A kept one is a change of its own."""
        entry = message.entry
        if self.read_only:
            return
        if entry.open:
            self._undo(entry)
        else:
            self._confirm(confirm_undo(entry.proposal), lambda _: self._undo(entry))

    def _undo(self, entry: JournalEntry) -> None:
        self.in_session(partial(self.session.undo, entry.id), f"put {entry.proposal.knob} back")

    def on_signal_asked(self, message: SignalAsked) -> None:
        if self.read_only:
            self.tell("this is a read-only session: no signal is sent")
            return
        process = message.process

        def send(button: str) -> None:
            done = f"SIG{button} sent to {process.pid} {message.name}"
            self.in_session(partial(self.session.send_signal, process, SIGNALS[button]), done)

        self._confirm(confirm_signal(process, message.name, message.command), send)

    def _confirm(self, sheet: Sheet, then: Callable[[str], None]) -> None:
        """Show a dialog, and go on with the button that was pressed unless it was Cancel."""

        def answered(button: str | None) -> None:
            if button not in (None, CANCEL):
                then(button)

        self.push_screen(sheet, answered)

    def in_session(self, job: Callable[[], object], done: str = "") -> None:
        """Run a blocking call of the session in a thread, and say how it went: in its own words if it has some."""

        def run() -> None:
            try:
                outcome = job()
            except (PerftuiError, OSError) as error:
                self.post_message(Said(str(error)))
                return
            if text := outcome if isinstance(outcome, str) else done:
                self.post_message(Said(text))

        self.run_worker(run, thread=True)
