"""What panes and the session tell the app. A pane shows and asks; the app decides."""

from collections.abc import Sequence

from textual.message import Message

from perftui.model.journal import JournalEntry
from perftui.model.proposal import Proposal
from perftui.model.target import ProcessId
from perftui.profile.tree import View


class Ticked(Message):
    """There is a newer update."""


class Said(Message):
    """Something to tell the user, for some seconds or until it is dismissed."""

    def __init__(self, text: str, *, lasting: bool = False) -> None:
        super().__init__()
        self.text = text
        self.lasting = lasting


class Failed(Message):
    """The session's thread ended with a fault."""

    def __init__(self, fault: Exception) -> None:
        super().__init__()
        self.fault = fault


class TargetPicked(Message):
    """Attach to another process; None goes back to the whole host."""

    def __init__(self, pid: int | None) -> None:
        super().__init__()
        self.pid = pid


class SignalAsked(Message):
    """Show the dialog that sends a signal to a process."""

    def __init__(self, process: ProcessId, name: str, command: str) -> None:
        super().__init__()
        self.process = process
        self.name = name
        self.command = command


class ProposalChosen(Message):
    """Show the confirm dialog for a proposal."""

    def __init__(self, proposal: Proposal) -> None:
        super().__init__()
        self.proposal = proposal


class UndoChosen(Message):
    """Put a change back."""

    def __init__(self, entry: JournalEntry) -> None:
        super().__init__()
        self.entry = entry


class KeepChosen(Message):
    """Make a change permanent: the dead-man steps down."""

    def __init__(self, entry: JournalEntry) -> None:
        super().__init__()
        self.entry = entry


class ExplainAsked(Message):
    """Open the page of a rule or a knob."""

    def __init__(self, rule_id: str) -> None:
        super().__init__()
        self.rule_id = rule_id


class ModeAsked(Message):
    """Show the dialog that chooses how stacks are sampled."""


class SaveAsked(Message):
    """Show the dialog that writes the stacks to a file."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view: View = view


class SourceAsked(Message):
    """A file of the target is to be shown: how process ``pid`` sees it."""

    def __init__(self, pid: int, file: str) -> None:
        super().__init__()
        self.pid = pid
        self.file = file


class SourceRead(Message):
    """The lines of a file that was asked for, or why there are none."""

    def __init__(self, asked: SourceAsked, lines: Sequence[str] = (), missing: str = "") -> None:
        super().__init__()
        self.asked = asked
        self.lines = lines
        self.missing = missing
