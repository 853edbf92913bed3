"""What panes tell the app. A pane shows and asks; the app decides."""

from textual.message import Message

from perftui.model.journal import JournalEntry
from perftui.model.proposal import Proposal


class TargetPicked(Message):
    """Attach to another process; None goes back to the whole host."""

    def __init__(self, pid: int | None) -> None:
        super().__init__()
        self.pid = pid


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
