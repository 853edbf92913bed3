"""What was changed, and what became of it."""

from rich.style import Style
from textual.strip import Strip

from perftui.model.journal import JournalEntry
from perftui.model.units import duration_text
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, fit, strip_of
from perftui.tui.renderables.findings import labelled
from perftui.tui.renderables.proposals import change_text
from perftui.tui.renderables.values import metric_quantity, time_of_day


def entry_block(entry: JournalEntry, now_ns: int, width: int, palette: Palette, *, selected: bool) -> list[Strip]:
    """One line, and a second one with the effect; the selected entry tells the rest too."""
    sign, style = _sign(entry, palette)
    head = f"{sign} {time_of_day(entry.wall_ns, now_ns)} {entry.state} "
    room = width - cells(head)
    change = fit(change_text(entry.proposal, palette), room, ellipsis=palette.glyphs.ellipsis)
    if selected:
        lines = [strip_of([(fit(head + change, width), palette.selected)], width, palette)]
    else:
        lines = [strip_of([(head, style), (change, palette.text)], width, palette)]
    if entry.open:
        lines += labelled("open", _countdown(entry, now_ns), width, palette)
    if entry.proposal.metric:
        lines += labelled(entry.proposal.metric, _effect(entry, palette), width, palette)
    return lines + _more(entry, width, palette) if selected else lines


def seconds_left(entry: JournalEntry, now_ns: int) -> float:
    """Until the dead-man puts an unconfirmed change back."""
    return max(0.0, entry.deadline_seconds - (now_ns - entry.wall_ns) / 1e9)


def _sign(entry: JournalEntry, palette: Palette) -> tuple[str, Style]:
    glyphs = palette.glyphs
    if entry.open:
        return glyphs.warning, palette.warning
    if entry.state == "kept":
        return glyphs.good, palette.good
    if entry.state in ("failed", "conflict"):
        return glyphs.critical, palette.critical
    return glyphs.info, palette.muted


def _countdown(entry: JournalEntry, now_ns: int) -> str:
    if entry.state == "intent":
        return "being written"
    return f"put back in {seconds_left(entry, now_ns):.0f} s unless kept (Enter keep, u undo)"


def _effect(entry: JournalEntry, palette: Palette) -> str:
    metric = entry.proposal.metric
    before, after = (metric_quantity(metric, figure) for figure in (entry.metric_before, entry.metric_after))
    return f"{before} {palette.glyphs.arrow} {after}"


def _more(entry: JournalEntry, width: int, palette: Palette) -> list[Strip]:
    closed = ""
    if entry.closed_wall_ns:
        after = duration_text((entry.closed_wall_ns - entry.wall_ns) / 1e9)
        closed = f"after {after}" + (f" by {entry.closed_by}" if entry.closed_by else "")
    details = (
        ("detail", entry.detail),
        ("closed", closed),
        ("target", entry.target),
        ("approved by", entry.approved_by),
        ("undo", entry.proposal.undo_command),
        ("id", entry.id),
    )
    return [line for label, text in details if text for line in labelled(label, text, width, palette)]
