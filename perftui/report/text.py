"""The documents as plain text in 80 columns: the answer first, then why, then what to do."""

from collections.abc import Sequence
from datetime import datetime

from perftui.model.units import bytes_text, rate_text, ratio_text
from perftui.report.documents import (
    BlameDoc,
    CheckDoc,
    DiagnosisDocument,
    DoctorDocument,
    EntryDoc,
    FindingDoc,
    JournalDocument,
    ProposalDoc,
    ProposalsDocument,
    SeriesDoc,
)
from perftui.report.layout import Page, clipped, tail_of
from perftui.report.target_text import group_lines, target_line

HOT_SHOWN = 8
NEARLY_ALL = 0.95
"""Stacks of a process that uses this part of the target's CPU stand for the whole target."""

_RESOURCE_NAMES = {
    "cpu": "CPU busy",
    "memory": "memory used",
    "swap": "swap used",
    "psi-cpu": "stalled on CPU",
    "psi-memory": "stalled on memory",
    "psi-io": "stalled on I/O",
    "disk-read": "disk read",
    "disk-write": "disk written",
    "net-rx": "received",
    "net-tx": "sent",
    "target-cpu": "target: CPU",
    "target-delay": "target: waiting for CPU",
    "target-rss": "target: memory",
    "target-read": "target: disk read",
    "target-write": "target: disk written",
}

_AREAS = {
    "host": "This host",
    "right": "Rights",
    "collector": "Collectors",
    "profiler": "Stacks",
    "rule": "Rules that cannot be judged",
    "knob": "Knobs",
}


_SIGNS = {">=": "≥", "<=": "≤"}


def diagnosis_text(document: DiagnosisDocument, *, color: bool = False) -> str:
    """The whole report; ends in a newline."""
    page = Page(color=color)
    _headline(page, document)
    if document.findings:
        _finding(page, document.findings[0])
    _others(page, document.findings[1:])
    _hot(page, document)
    if document.proposals:
        page.heading("Proposals")
        for proposal in document.proposals:
            _proposal(page, proposal)
        page.paragraph("Apply one with: perftui tune apply ID", style="dim")
    _resources(page, document.resources)
    _gaps(page, document)
    _own_cost(page, document)
    return page.text()


def proposals_text(document: ProposalsDocument, *, color: bool = False) -> str:
    page = Page(color=color)
    verdict = document.verdict
    page.line(f"{verdict.rule}: {verdict.summary}" if verdict else document.summary, "heading")
    page.line(target_line(document.target, document.window_seconds or 0))
    if not document.proposals:
        page.heading("No setting would help here.")
        page.paragraph(document.advice)
    for proposal in document.proposals:
        page.line()
        _proposal(page, proposal)
    return page.text()


def proposal_text(proposal: ProposalDoc, *, color: bool = False) -> str:
    page = Page(color=color)
    _proposal(page, proposal)
    return page.text()


def journal_text(document: JournalDocument, *, color: bool = False, nothing: str = "No change was made.") -> str:
    """A block per change, newest first; ``nothing`` when there is none."""
    page = Page(color=color)
    if not document.entries:
        page.line(nothing)
    for entry in document.entries:
        _entry(page, entry)
    return page.text()


def doctor_text(document: DoctorDocument, *, color: bool = False) -> str:
    page = Page(color=color)
    missing = sum(check.state != "ok" for check in document.checks)
    page.line(f"perftui {document.version} on Linux {document.kernel}", "heading")
    of_target = f" of {document.target.pid} {document.target.command}" if document.target.pid else ""
    page.line(f"{len(document.checks) - missing} of {len(document.checks)} things can be seen or set{of_target}")
    areas = list(dict.fromkeys(check.area for check in document.checks))
    for area in areas:
        page.heading(_AREAS[area])
        for check in document.checks:
            if check.area == area:
                _check(page, check)
    return page.text()


def _headline(page: Page, document: DiagnosisDocument) -> None:
    verdict = document.verdict
    if verdict is None:
        # With rules that could not be judged, "healthy" would be a guess.
        guess = document.state == "healthy" and bool(document.unknown)
        page.line("NOTHING FOUND" if guess else document.state.upper(), "warning" if guess else "good")
    else:
        page.line(f"{verdict.severity.upper()}  {verdict.rule}  ({_confidence(verdict.confidence)})", verdict.severity)
    page.line(target_line(document.target, document.window_seconds))
    for line in group_lines(document.target):
        page.line(line)
    page.line()
    page.paragraph(document.summary)


def _finding(page: Page, finding: FindingDoc) -> None:
    if finding.evidence:
        page.heading("Evidence")
        page.columns(
            [
                (
                    entry.metric,
                    figure(entry.observed, entry.unit),
                    f"{_SIGNS[entry.direction]} {figure(entry.threshold, entry.unit)}",
                    entry.source,
                )
                for entry in finding.evidence
            ],
            right=frozenset({1}),
        )
    page.line()
    if finding.blame is not None:
        page.labelled("Blame", blame_text(finding.blame))
    if finding.advice:
        page.labelled("Advice", finding.advice)
    for other in finding.ruled_out:
        page.labelled("Not", f"{other.rule}: {other.because}")
    if finding.flips_if:
        page.labelled("Flips if", finding.flips_if)


def _others(page: Page, findings: Sequence[FindingDoc]) -> None:
    for at, finding in enumerate(findings):
        label = "Runner-up" if at == 0 else "Also"
        sureness = f"{finding.severity}, {_confidence(finding.confidence)}"
        page.labelled(label, f"{finding.rule} ({sureness}): {finding.summary}")


def blame_text(blame: BlameDoc) -> str:
    """``parse (app.py:31), thread worker, pid 4242``."""
    parts = []
    if blame.function:
        place = f"{blame.file}:{blame.line}" if blame.file and blame.line else blame.file
        parts.append(f"{blame.function} ({place})" if place else blame.function)
    if blame.thread:
        parts.append(f"thread {blame.thread}")
    if blame.tid is not None:
        parts.append(f"tid {blame.tid}")
    if blame.process:
        parts.append(blame.process)
    if blame.pid is not None:
        parts.append(f"pid {blame.pid}")
    if blame.device:
        parts.append(f"device {blame.device}")
    if blame.cgroup:
        parts.append(f"cgroup {blame.cgroup}")
    return ", ".join(parts)


def _hot(page: Page, document: DiagnosisDocument) -> None:
    if not document.hot:
        return
    page.heading("Hot functions (share of the time on a CPU: alone, with callees)")
    page.columns(
        [
            (
                ratio_text(hot.self_ratio),
                ratio_text(hot.total_ratio),
                clipped(hot.function, 32),
                f"{tail_of(f'{hot.file}:{hot.line}' if hot.line else hot.file, 30)} {hot.thread}",
            )
            for hot in document.hot[:HOT_SHOWN]
        ],
        right=frozenset({0, 1}),
    )
    share = document.profile.cpu_share_ratio
    if share is not None and share < NEARLY_ALL:
        pids = ", ".join(map(str, document.profile.pids or (document.profile.pid,)))
        page.paragraph(f"stacks are of PID {pids} only: {ratio_text(share)} of the target's CPU")


def _proposal(page: Page, proposal: ProposalDoc) -> None:
    right = "permitted" if proposal.permitted else "not permitted here"
    needs = f", needs {proposal.privilege}" if proposal.privilege else ""
    page.line(f"  {proposal.id}  {proposal.knob}: {proposal.before} → {proposal.after}", "heading")
    page.paragraph(f"{proposal.subject}; risk {proposal.risk}{needs} ({right})", indent=4)
    page.paragraph(proposal.expected_effect, indent=4)
    if proposal.affects:
        page.paragraph(f"affects: {proposal.affects}", indent=4)
    page.command("do:   ", proposal.command)
    page.command("undo: ", proposal.undo_command)


def _resources(page: Page, resources: dict[str, SeriesDoc]) -> None:
    shown = [(label, resources[name]) for name, label in _RESOURCE_NAMES.items() if name in resources]
    if not shown:
        return
    page.heading("Resources (mean, peak, last)")
    page.columns(
        [
            (label, *(figure(point, series.unit) for point in (series.mean, series.peak, series.last)), "")
            for label, series in shown
        ],
        right=frozenset({1, 2, 3}),
    )


def _gaps(page: Page, document: DiagnosisDocument) -> None:
    gaps = [(entry.rule, entry.reason, entry.remedy) for entry in document.unknown]
    gaps += [(entry.collector, entry.reason, entry.remedy) for entry in document.not_visible]
    profile = document.profile
    missing = profile.state == "unavailable" or (profile.state == "off" and document.target.pid is not None)
    if missing and not document.hot:
        gaps.insert(0, ("hot functions", profile.reason, profile.remedy))
    if not gaps:
        return
    page.heading("Not visible")
    # Many rules share one reason: say it once.
    for reason, remedy in dict.fromkeys((reason, remedy) for _, reason, remedy in gaps):
        names = ", ".join(name for name, *why in gaps if why == [reason, remedy])
        page.paragraph(f"{names}: {reason}" + (f". Remedy: {remedy}" if remedy else ""))


def _own_cost(page: Page, document: DiagnosisDocument) -> None:
    cost = document.own_cost
    parts = [f"{cost.cpu_pct:.1f} % of a core", f"{bytes_text(cost.rss_bytes)} of memory"]
    if cost.sampler_cpu_pct:
        parts.insert(1, f"stack sampler {cost.sampler_cpu_pct:.1f} %")
    if cost.target_slowdown_pct is not None:
        parts.append(f"slows the target by {cost.target_slowdown_pct:.1f} %")
    page.line()
    page.paragraph(f"perftui itself: {', '.join(parts)}", indent=0, style="dim")


def _entry(page: Page, entry: EntryDoc) -> None:
    proposal = entry.proposal
    style = {"kept": "good", "failed": "critical", "conflict": "critical"}.get(entry.state, "heading")
    page.line(f"{entry.id}  {entry.state}  {proposal.knob}: {proposal.before} → {proposal.after}", style)
    page.paragraph(f"{entry.target}; {proposal.subject}; {_local(entry.at)} by {entry.approved_by}")
    if entry.detail:
        page.paragraph(entry.detail)
    if entry.metric_before is not None and entry.metric_after is not None:
        page.paragraph(f"{proposal.metric}: {entry.metric_before:.3g} → {entry.metric_after:.3g}")
    if entry.deadline is not None:
        page.paragraph(f"is put back at {_local(entry.deadline)} unless it is confirmed:")
        page.command("", f"perftui tune confirm {entry.id}")


def _check(page: Page, check: CheckDoc) -> None:
    """What is there is said beside the name; what is not has its reason and remedy below."""
    style = {"ok": "good", "limited": "warning", "missing": "critical"}[check.state]
    beside = check.detail if check.state == "ok" else ""
    page.marked(f"{check.state:<7}", style, f"{check.name:<26}", beside)
    for text in (check.detail if not beside else "", f"remedy: {check.remedy}" if check.remedy else ""):
        if text:
            page.paragraph(text, indent=11)


def figure(observed: float, unit: str) -> str:
    """A number with its unit as people read it: ``44 %``, ``1.5K/s``, ``0.82 cores``."""
    if unit == "ratio":
        return ratio_text(observed)
    if unit == "bytes":
        return bytes_text(observed)
    if unit == "bytes/s":
        return rate_text(observed)
    if unit == "cores":
        return f"{observed:.2f} cores"
    return f"{observed:.3g} {unit}".rstrip()


def _confidence(ratio: float) -> str:
    return f"{ratio * 100:.0f} % sure"


def _local(utc: str) -> str:
    return datetime.fromisoformat(utc).astimezone().strftime("%Y-%m-%d %H:%M:%S")
