"""Two recordings side by side, as plain text."""

from datetime import datetime

from perftui.report.documents import DiffDocument, DiffMetricDoc, DiffSideDoc
from perftui.report.layout import Page, clipped, tail_of
from perftui.report.stack_diff import changed as is_changed
from perftui.report.stack_diff import stacks_text
from perftui.report.text import figure

_ARROWS = {"higher": "+", "lower": "-"}


def diff_text(document: DiffDocument, *, color: bool = False) -> str:
    """What has changed first; ends in a newline."""
    page = Page(color=color)
    changed = [metric for metric in document.metrics if metric.verdict in _ARROWS]
    moved = [finding for finding in document.findings if finding.verdict != "alike"]
    functions = sum(is_changed(function.own) for function in document.functions)
    page.line(_summary(len(changed), len(moved), functions), "heading" if changed or moved or functions else "good")
    for label, side in (("A", document.a), ("B", document.b)):
        page.line(f"{label}  {_side(side)}")
    if document.findings:
        page.heading("Findings (share of the windows in which they hold)")
        page.columns(
            [
                (finding.verdict, finding.rule, f"{finding.a_ratio:.0%}", f"{finding.b_ratio:.0%}", finding.severity)
                for finding in sorted(document.findings, key=lambda finding: finding.verdict == "alike")
            ],
            right=frozenset({2, 3}),
        )
    if changed:
        page.heading("Metrics that have changed (median in A, in B, change)")
        page.columns([_row(metric) for metric in changed], right=frozenset({2, 3, 4}))
    if document.stacks is not None:
        stacks_text(page, document.stacks, document.functions)
    alike = [metric.name for metric in document.metrics if metric.verdict == "alike"]
    unknown = [metric.name for metric in document.metrics if metric.verdict == "unknown"]
    for heading, names in (("Unchanged, within noise", alike), ("Too little on one side", unknown)):
        if names:
            page.heading(heading)
            page.paragraph(", ".join(names))
    page.line()
    if document.metrics or document.findings:
        page.paragraph(document.criterion, indent=0, style="dim")
    if document.stacks is not None:
        page.paragraph(document.stacks.criterion, indent=0, style="dim")
    return page.text()


def _summary(metrics: int, findings: int, functions: int) -> str:
    if not metrics and not findings and not functions:
        return "Nothing has changed beyond noise."
    counts = f"{_counted(findings, 'finding')}, {_counted(metrics, 'metric')} and {_counted(functions, 'function')}"
    return f"Changed: {counts}."


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _side(side: DiffSideDoc) -> str:
    if side.target is None:
        return f"{tail_of(side.name, 50)} ({side.format})"
    since, until = (datetime.fromisoformat(text).astimezone() for text in (side.since, side.until))
    whom = f"{side.target.pid} {side.target.command}" if side.target.pid else "this host"
    times = f"{since:%Y-%m-%d %H:%M:%S} to {until:%H:%M:%S}, {side.samples} samples, "
    return times + clipped(whom, 77 - len(times))


def _row(metric: DiffMetricDoc) -> tuple[str, ...]:
    was, now = (figure(side.median, metric.unit) if side else "?" for side in (metric.a, metric.b))
    change = f"{metric.change_pct:+.0f} %" if metric.change_pct is not None else ""
    return (_ARROWS[metric.verdict], metric.name, was, now, change, "")
