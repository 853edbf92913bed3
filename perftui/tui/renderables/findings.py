"""Findings and rules that could not be judged."""

from collections.abc import Iterator

from textual.strip import Strip

from perftui.model.finding import Blame, Finding, Unknown
from perftui.model.units import ratio_text
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, fit, spelled, strip_of, wrap
from perftui.tui.renderables.values import evidence_row

INDENT = "  "


def finding_block(finding: Finding, width: int, palette: Palette, *, selected: bool) -> list[Strip]:
    """One line; all the evidence when it is the selected one."""
    sign, style = palette.of_severity(finding.severity)
    ellipsis = palette.glyphs.ellipsis
    head = f"{sign} {finding.rule} {ratio_text(finding.confidence)} "
    if selected:
        lines = [
            strip_of([(fit(f"{head}{finding.severity}", width, ellipsis=ellipsis), palette.selected)], width, palette)
        ]
        return lines + _paragraph(finding.summary, width, palette) + _details(finding, width, palette)
    rest = fit(finding.summary, width - cells(head), ellipsis=ellipsis)
    return [strip_of([(head, style), (rest, palette.text)], width, palette)]


def unknown_block(unknown: Unknown, width: int, palette: Palette, *, selected: bool) -> list[Strip]:
    """A rule that could not be judged, why, and what would change that."""
    head = f"{palette.glyphs.unknown} {unknown.rule} not visible"
    if selected:
        lines = [strip_of([(fit(head, width), palette.selected)], width, palette)]
        lines += labelled("why", unknown.reason, width, palette)
        return lines + (labelled("remedy", unknown.remedy, width, palette) if unknown.remedy else [])
    rest = fit(f": {unknown.reason}", width - cells(head), ellipsis=palette.glyphs.ellipsis)
    return [strip_of([(head + rest, palette.muted)], width, palette)]


def labelled(label: str, text: str, width: int, palette: Palette) -> list[Strip]:
    """``  label: text``, wrapped; the label in the muted style."""
    head = f"{label}:"
    first, *more = wrap(spelled(f"{head} {text}", palette), max(1, width - len(INDENT)))
    at = min(len(head), len(first))
    parts: list[Part] = [(INDENT + first[:at], palette.muted), (first[at:], palette.text)]
    return [strip_of(parts, width, palette), *(_indented(line, width, palette) for line in more)]


def _indented(line: str, width: int, palette: Palette) -> Strip:
    return strip_of([(INDENT + line, palette.text)], width, palette)


def where(blame: Blame) -> str:
    """``parse at /srv/app.py:31, process postgres (1401)``."""
    code = f"{blame.function or ''} at {blame.file}:{blame.line}" if blame.file else blame.function or ""
    process = blame.process or ""
    if blame.pid is not None:
        process = f"{process} ({blame.pid})" if process else f"pid {blame.pid}"
    thread = f"thread {blame.thread or blame.tid}" if blame.thread or blame.tid else ""
    device = f"device {blame.device}" if blame.device else ""
    cgroup = f"cgroup {blame.cgroup}" if blame.cgroup else ""
    return ", ".join(part.strip() for part in (code, thread, process, device, cgroup) if part)


def _details(finding: Finding, width: int, palette: Palette) -> list[Strip]:
    lines = list(_evidence_lines(finding, width, palette))
    if finding.blame and (culprit := where(finding.blame)):
        lines += labelled("blame", culprit, width, palette)
    for look_alike in finding.ruled_out:
        lines += labelled(f"not {look_alike.rule}", look_alike.because, width, palette)
    if finding.flips_if:
        lines += labelled("would change if", finding.flips_if, width, palette)
    if finding.advice:
        lines += labelled("advice", finding.advice, width, palette)
    return lines


def _evidence_lines(finding: Finding, width: int, palette: Palette) -> Iterator[Strip]:
    """A small table; the source is dropped first where it is narrow."""
    figures = (tuple(spelled(text, palette) for text in evidence_row(evidence)) for evidence in finding.evidence)
    rows = [("evidence", "observed", "threshold", "source"), *figures]
    widths = [max(cells(row[column]) for row in rows) for column in range(3)]
    for at, (metric, observed, threshold, source) in enumerate(rows):
        text = f"{INDENT}{fit(metric, widths[0])}  {fit(observed, widths[1], align='right')}"
        text += f"  {fit(threshold, widths[2], align='right')}  "
        room = width - cells(text)
        text += fit(source, room, ellipsis=palette.glyphs.ellipsis) if room >= 8 else ""
        yield strip_of([(fit(text, width), palette.muted if at == 0 else palette.text)], width, palette)


def _paragraph(text: str, width: int, palette: Palette) -> list[Strip]:
    return [_indented(line, width, palette) for line in wrap(spelled(text, palette), max(1, width - len(INDENT)))]
