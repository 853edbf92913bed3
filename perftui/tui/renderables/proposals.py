"""Proposed changes."""

from textual.strip import Strip

from perftui.model.proposal import Proposal
from perftui.model.units import duration_text
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, fit, strip_of
from perftui.tui.renderables.findings import labelled


def can_apply(proposal: Proposal) -> bool:
    """Whether there is something to confirm: a setting, and the right to write it."""
    return proposal.action is not None and proposal.permitted


def proposal_block(proposal: Proposal, width: int, palette: Palette, *, selected: bool) -> list[Strip]:
    """What would change, then (selected) everything one needs to know before agreeing."""
    text = fit(_headline(proposal, width, palette), width, ellipsis=palette.glyphs.ellipsis)
    if not selected:
        return [strip_of([(text, palette.text if can_apply(proposal) else palette.muted)], width, palette)]
    lines = [strip_of([(text, palette.selected)], width, palette)]
    for label, value in _details(proposal):
        if value:
            lines += labelled(label, value, width, palette)
    return lines


def change_text(proposal: Proposal, palette: Palette) -> str:
    """``process.nice pid 4242: 0 → -5``."""
    change = f": {proposal.before} {palette.glyphs.arrow} {proposal.after}" if proposal.action else ""
    return f"{proposal.knob} {proposal.subject}{change}"


def _headline(proposal: Proposal, width: int, palette: Palette) -> str:
    glyphs = palette.glyphs
    if proposal.action is None:
        return f"{glyphs.info} advice: {proposal.expected_effect}"
    sign = glyphs.good if proposal.permitted else glyphs.unknown
    head = f"{sign} {change_text(proposal, palette)}"
    tail = f"  {proposal.risk} risk" if proposal.permitted else f"  needs {proposal.privilege}"
    return head + tail if cells(head) + cells(tail) <= width else head


def _details(proposal: Proposal) -> tuple[tuple[str, str], ...]:
    if proposal.action is None:
        return (("for", proposal.finding), ("advice", proposal.expected_effect), ("where", proposal.subject))
    undo = proposal.undo_command if proposal.reversible else "cannot be undone"
    right = f"{proposal.privilege} (you have it)" if proposal.permitted else f"{proposal.privilege} (missing)"
    return (
        ("for", proposal.finding),
        ("expected", proposal.expected_effect),
        ("affects", proposal.affects),
        ("command", proposal.command),
        ("undo", undo),
        ("needs", right if proposal.privilege else "no special right"),
        ("risk", f"{proposal.risk}; settles in {duration_text(proposal.settle_seconds)}"),
    )
