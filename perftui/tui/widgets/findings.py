"""What limits the target, with the evidence."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip

from perftui.model.finding import Finding, Unknown
from perftui.model.update import Update
from perftui.tui.messages import ExplainAsked
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.findings import finding_block, unknown_block
from perftui.tui.widgets.cursor import BlockList
from perftui.tui.widgets.line import Hint


class Findings(BlockList):
    """Findings, the verdict first, then the rules that could not be judged. The selected one is opened."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,e", "explain", "Explain")]
    hints: ClassVar[tuple[Hint, ...]] = (("Enter", "explain rule"), ("j/k", "choose"))

    def items(self) -> Sequence[Finding | Unknown]:
        diagnosis = self.update_shown.diagnosis if self.update_shown else None
        return (*diagnosis.findings, *diagnosis.unknown) if diagnosis else ()

    def same(self, before: Update, now: Update) -> bool:
        return before.diagnosis == now.diagnosis

    def keys(self) -> Sequence[str]:
        return [item.rule for item in self.items()]

    def head(self, width: int) -> Strip:
        items = self.items()
        unknown = sum(isinstance(item, Unknown) for item in items)
        hint = f"{unknown} not visible" if unknown else ""
        return self.title(f"Findings {len(items) - unknown}", hint, width)

    def blocks(self, width: int, cursor: int) -> list[list[Strip]]:
        return [
            finding_block(item, width, self.palette, selected=at == cursor)
            if isinstance(item, Finding)
            else unknown_block(item, width, self.palette, selected=at == cursor)
            for at, item in enumerate(self.items())
        ]

    def empty(self, width: int) -> list[Strip]:
        judged = self.update_shown and self.update_shown.diagnosis
        text = "nothing limits the target" if judged else "nothing judged yet"
        return [strip_of([(text, self.palette.muted)], width, self.palette)]

    def action_explain(self) -> None:
        at = self.settle()
        if at >= 0:
            self.post_message(ExplainAsked(self.items()[at].rule))
