"""What could be changed."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip

from perftui.model.proposal import Proposal
from perftui.model.update import Update
from perftui.tui.messages import ExplainAsked, ProposalChosen
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.proposals import can_apply, proposal_block
from perftui.tui.renderables.values import has_ended
from perftui.tui.widgets.cursor import BlockList
from perftui.tui.widgets.line import Hint


class Proposals(BlockList):
    """Proposals in the planner's order. Enter asks for one that can be applied; advice has no Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Apply"),
        Binding("e", "explain", "Explain"),
    ]
    hints: ClassVar[tuple[Hint, ...]] = (("Enter", "apply (asks first)"), ("e", "explain knob"), ("j/k", "choose"))

    def items(self) -> Sequence[Proposal]:
        return self.update_shown.proposals if self.update_shown else ()

    def same(self, before: Update, now: Update) -> bool:
        return before.proposals == now.proposals and has_ended(before) == has_ended(now)

    def keys(self) -> Sequence[str]:
        return [proposal.id for proposal in self.items()]

    def head(self, width: int) -> Strip:
        ready = sum(map(can_apply, self.items()))
        return self.title(f"Proposals {len(self.items())}", f"{ready} can be applied", width)

    def blocks(self, width: int, cursor: int) -> list[list[Strip]]:
        return [
            proposal_block(proposal, width, self.palette, selected=at == cursor)
            for at, proposal in enumerate(self.items())
        ]

    def empty(self, width: int) -> list[Strip]:
        text = "the target has ended" if has_ended(self.update_shown) else "nothing to propose"
        return [strip_of([(text, self.palette.muted)], width, self.palette)]

    def action_choose(self) -> None:
        at = self.settle()
        if at >= 0 and can_apply(self.items()[at]):
            self.post_message(ProposalChosen(self.items()[at]))

    def action_explain(self) -> None:
        at = self.settle()
        if at >= 0:
            proposal = self.items()[at]
            self.post_message(ExplainAsked(proposal.knob if proposal.action else proposal.finding))
