"""Findings and knob readings in, ranked proposals out. Pure."""

from perftui.model.finding import Blame, Diagnosis, Finding
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal, proposal_id
from perftui.model.sample import Sample
from perftui.tune.knobs import KNOBS, REVEALING

MAX_PROPOSALS = 5
"""More than these nobody reads in the middle of an incident."""

ADVICE = "advice"
"""The ``knob`` of a proposal that no setting can carry out."""


def plan(diagnosis: Diagnosis, interval: Interval, manual: frozenset[str] = frozenset()) -> tuple[Proposal, ...]:
    """What could be changed, best first: in the order of the findings, the lower risk first within one.

    A finding that no setting helps has its advice as a proposal without an action. What makes something visible and
    cures nothing comes last. ``manual`` holds "knob subject" of what somebody else has set: those are left to them.
    """
    found: dict[str, Proposal] = {}
    revealing: dict[str, Proposal] = {}
    for finding in diagnosis.findings:
        changes = sorted(_changes(finding, interval, manual), key=_rank)
        cures = [proposal for proposal in changes if proposal.knob not in REVEALING]
        for proposal in cures or _advice(finding, interval.newer):
            found.setdefault(proposal.id, proposal)
        for proposal in changes:
            if proposal.knob in REVEALING:
                revealing.setdefault(proposal.id, proposal)
    return (*found.values(), *revealing.values())[:MAX_PROPOSALS]


def _changes(finding: Finding, interval: Interval, manual: frozenset[str]) -> list[Proposal]:
    knobs = {knob.id: knob for knob in KNOBS}
    changes = []
    for reading in interval.newer.knobs:
        knob = knobs.get(reading.knob)
        if knob is None or not reading.available or f"{reading.knob} {reading.subject}" in manual:
            continue
        proposal = knob.propose(finding, reading, interval.newer, interval)
        if proposal is not None:
            changes.append(proposal)
    return changes


def _rank(proposal: Proposal) -> tuple[bool, int]:
    """What may be written comes first, then the lower risk."""
    return not proposal.permitted, ("low", "medium", "high").index(proposal.risk)


def _advice(finding: Finding, sample: Sample) -> list[Proposal]:
    if not finding.advice:
        return []
    where = _place(finding.blame)
    return [
        Proposal(
            id=proposal_id(sample.target.process, ADVICE, finding.rule, "", where),
            knob=ADVICE,
            subject=where or finding.rule,
            finding=finding.rule,
            before="",
            after="",
            command="",
            undo_command="",
            privilege="",
            permitted=True,
            risk="low",
            reversible=True,
            settle_seconds=0.0,
            expected_effect=finding.advice,
            metric=finding.metric,
        )
    ]


def _place(blame: Blame | None) -> str:
    """``parse (app.py:31)``, as far as it is known."""
    if blame is None or not blame.function:
        return ""
    if not blame.file:
        return blame.function
    line = f":{blame.line}" if blame.line else ""
    return f"{blame.function} ({blame.file}{line})"
