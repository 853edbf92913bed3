"""What was changed."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip

from perftui.model.journal import JournalEntry
from perftui.model.update import Update
from perftui.tui.messages import KeepChosen, UndoChosen
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.journal import entry_block
from perftui.tui.widgets.cursor import BlockList
from perftui.tui.widgets.line import Hint


class JournalView(BlockList):
    """Entries newest first. Enter keeps an applied change, ``u`` puts an applied or kept one back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "keep", "Keep"), Binding("u", "undo", "Undo")]
    hints: ClassVar[tuple[Hint, ...]] = (("Enter", "keep"), ("u", "undo"), ("j/k", "choose"))

    def items(self) -> Sequence[JournalEntry]:
        return self.update_shown.journal if self.update_shown else ()

    def same(self, before: Update, now: Update) -> bool:
        """Open entries count down."""
        return before.journal == now.journal and not any(entry.open for entry in now.journal)

    def keys(self) -> Sequence[str]:
        return [entry.id for entry in self.items()]

    def head(self, width: int) -> Strip:
        waiting = sum(entry.open for entry in self.items())
        return self.title(f"Journal {len(self.items())}", f"{waiting} to keep or undo" if waiting else "", width)

    def blocks(self, width: int, cursor: int) -> list[list[Strip]]:
        now_ns = self.update_shown.sample.wall_ns if self.update_shown else 0
        return [
            entry_block(entry, now_ns, width, self.palette, selected=at == cursor)
            for at, entry in enumerate(self.items())
        ]

    def empty(self, width: int) -> list[Strip]:
        return [strip_of([("nothing was changed", self.palette.muted)], width, self.palette)]

    def action_keep(self) -> None:
        at = self.settle()
        if at >= 0 and self.items()[at].state == "applied":
            self.post_message(KeepChosen(self.items()[at]))

    def action_undo(self) -> None:
        at = self.settle()
        if at >= 0 and self.items()[at].state in ("applied", "kept"):
            self.post_message(UndoChosen(self.items()[at]))
