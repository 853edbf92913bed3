"""The row under the verdict that is there only when something wants an answer."""

from collections.abc import Sequence

from textual.strip import Strip

from perftui.host import clock
from perftui.model.journal import JournalEntry
from perftui.model.units import duration_text
from perftui.model.update import RecordingStatus, Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, elided, fit, strip_of
from perftui.tui.renderables.journal import seconds_left
from perftui.tui.renderables.values import metric_quantity


def waiting_entry(update: Update | None) -> JournalEntry | None:
    """The change that is to be kept or undone: the newest one that is applied and open. There is none in a replay."""
    entries = update.journal if update and update.replay is None else ()
    return next((entry for entry in entries if entry.state == "applied"), None)


def change_strip(entry: JournalEntry, now_ns: int, width: int, palette: Palette) -> Strip:
    """What was applied, what can be done about it, how long there is, and what it did so far."""
    proposal, glyphs = entry.proposal, palette.glyphs
    left = f"puts itself back in {seconds_left(entry, now_ns):.0f} s"
    what = f"{proposal.knob} {proposal.before} {glyphs.arrow} {proposal.after}"
    parts: list[Part] = [
        (f"{glyphs.warning} APPLIED ", palette.warning),
        (f"{what}  ", palette.text),
        ("K", palette.focus),
        (" keep  ", palette.text),
        ("U", palette.focus),
        (f" undo  {left}", palette.text),
    ]
    effect = _effect(entry, palette)
    if sum(cells(text) for text, _ in parts) + cells(effect) <= width:
        parts.append((effect, palette.accent))
    return strip_of(parts, width, palette)


def countdown(update: Update) -> str:
    """What waits for an answer, for the title of a dialog that hides the banner; empty when nothing does."""
    entry = waiting_entry(update)
    if entry is None:
        return ""
    return f"{entry.proposal.knob} puts itself back in {seconds_left(entry, clock.wall_ns()):.0f} s: Esc, then K or U"


def _effect(entry: JournalEntry, palette: Palette) -> str:
    metric = entry.proposal.metric
    if not metric or entry.metric_before is None:
        return ""
    after = "..." if entry.metric_after is None else metric_quantity(metric, entry.metric_after)
    return f"  {metric} {metric_quantity(metric, entry.metric_before)} {palette.glyphs.arrow} {after}"


def recording_strip(status: RecordingStatus, now_ns: int, width: int, palette: Palette) -> Strip:
    """How long it has been on and where it goes, or why it has ended."""
    if status.error:
        text = elided(status.error, max(1, width - 20), palette)
        return strip_of(
            [(f"{palette.glyphs.warning} ", palette.warning), (text, palette.text), ("  Esc", palette.muted)],
            width,
            palette,
        )
    seconds = max(0.0, (now_ns - status.started_wall_ns) / 1e9)
    head = f"{palette.glyphs.info} RECORDING "
    said = f"{duration_text(seconds)}, {status.samples} samples  "
    path = elided(status.path, max(1, width - cells(head) - cells(said) - 9), palette)
    parts: list[Part] = [
        (head, palette.critical),
        (said, palette.text),
        ("R", palette.focus),
        (" stop  ", palette.text),
    ]
    return strip_of([*parts, (path, palette.muted)], width, palette)


def notice_strip(notices: Sequence[str], width: int, palette: Palette) -> Strip:
    """The first notice, how many more there are, and how to be rid of it."""
    more = f" (+{len(notices) - 1})" if len(notices) > 1 else ""
    tail = f"{more}  Esc"
    head = f"{palette.glyphs.info} "
    room = max(0, width - cells(head) - len(tail))
    text = fit(notices[0], min(room, cells(notices[0])), ellipsis=palette.glyphs.ellipsis)
    return strip_of([(head, palette.accent), (text, palette.text), (tail, palette.muted)], width, palette)
