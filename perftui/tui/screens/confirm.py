"""What is shown before anything is written. The dialog starts on Cancel."""

from textual.strip import Strip

from perftui.model.proposal import Proposal
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of, wrap
from perftui.tui.renderables.findings import labelled
from perftui.tui.renderables.proposals import can_apply
from perftui.tui.screens.sheet import Sheet

CANCEL, APPLY, UNDO = "Cancel", "Apply", "Undo"


def confirm_apply(proposal: Proposal, deadline_seconds: float) -> Sheet:
    """Dismissed with ``APPLY``, or with ``CANCEL``; there is nothing to press but Cancel where a right is missing."""
    buttons = (CANCEL, APPLY) if can_apply(proposal) else (CANCEL,)

    def body(width: int, palette: Palette) -> list[Strip]:
        dead_man = (
            f"unless you keep it (K), it is put back after {deadline_seconds:g} s; at once when perftui "
            "dies or the connection drops"
        )
        return _page("Apply this change?", proposal, proposal.before, proposal.after, width, palette) + _labels(
            (
                ("command", proposal.command),
                ("undo", proposal.undo_command if proposal.reversible else "cannot be undone"),
                ("risk", proposal.risk),
                ("privilege", _privilege(proposal)),
                ("affects", proposal.affects),
                ("expected", proposal.expected_effect),
                ("safety", dead_man),
            ),
            width,
            palette,
        )

    return Sheet(body, buttons)


def confirm_undo(proposal: Proposal) -> Sheet:
    """Dismissed with ``UNDO`` or ``CANCEL``."""

    def body(width: int, palette: Palette) -> list[Strip]:
        return _page("Put this change back?", proposal, proposal.after, proposal.before, width, palette) + _labels(
            (("command", proposal.undo_command), ("privilege", _privilege(proposal)), ("affects", proposal.affects)),
            width,
            palette,
        )

    return Sheet(body, (CANCEL, UNDO))


def _page(question: str, proposal: Proposal, old: str, new: str, width: int, palette: Palette) -> list[Strip]:
    what = f"{proposal.knob} on {proposal.subject}"
    change = [
        ("  ", palette.text),
        (old, palette.text),
        (f"  {palette.glyphs.arrow}  ", palette.muted),
        (new, palette.accent),
    ]
    return [
        strip_of([(question, palette.title)], width, palette),
        Strip.blank(width, palette.text),
        *(strip_of([(line, palette.text)], width, palette) for line in wrap(what, width)),
        strip_of(change, width, palette),
        Strip.blank(width, palette.text),
    ]


def _privilege(proposal: Proposal) -> str:
    if not proposal.privilege:
        return "no special right needed"
    return f"{proposal.privilege} ({'you have it' if proposal.permitted else 'missing: it cannot be applied'})"


def _labels(pairs: tuple[tuple[str, str], ...], width: int, palette: Palette) -> list[Strip]:
    return [line for label, text in pairs if text for line in labelled(label, text, width, palette)]
