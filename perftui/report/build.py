"""Model structs → published documents."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from perftui.errors import NotDeliverable
from perftui.model.catalogue import METRICS
from perftui.model.finding import Diagnosis
from perftui.model.group_rates import cpu_limit, memory_limit
from perftui.model.group_sections import GroupSection
from perftui.model.headline import details, headline
from perftui.model.interval import Interval
from perftui.model.journal import JournalEntry
from perftui.model.profile import ProfileStatus
from perftui.model.proposal import Proposal
from perftui.model.sample import Sample
from perftui.model.series import summary_of
from perftui.model.target import Target
from perftui.model.update import Update
from perftui.report.documents import (
    DiagnosisDocument,
    EntryDoc,
    FindingDoc,
    HotDoc,
    JournalDocument,
    NotVisibleDoc,
    OwnCostDoc,
    ProfileDoc,
    ProposalDoc,
    ProposalsDocument,
    SeriesDoc,
    TickDocument,
    UnknownDoc,
    VerdictDoc,
)
from perftui.report.target_documents import ContainerDoc, Document, GroupDoc, LimitDoc, TargetDoc

_Published = TypeVar("_Published", bound=Document)


def diagnosis_document(update: Update) -> DiagnosisDocument:
    """NotDeliverable when the update carries no diagnosis (nothing was visible)."""
    diagnosis = diagnosis_of(update)
    hottest_first = tuple(sorted(diagnosis.hot, key=lambda hot: -hot.self_ratio))
    return DiagnosisDocument(
        target=target_document(update.sample.target, update.sample),
        window_seconds=round(diagnosis.window_seconds, 3),
        state=diagnosis.state,
        summary=diagnosis.summary,
        verdict=_verdict(diagnosis),
        findings=_published(diagnosis.findings, FindingDoc),
        unknown=_published(diagnosis.unknown, UnknownDoc),
        hot=_published(hottest_first, HotDoc),
        proposals=_published(changes(update), ProposalDoc),
        resources=_resources(update.history),
        profile=_profile(update.profile_status),
        not_visible=_not_visible(update.sample),
        own_cost=msgspec.convert(update.own_cost, OwnCostDoc, from_attributes=True),
    )


def tick_document(update: Update, interval: Interval) -> TickDocument:
    """``interval`` is the update's: there is none in the first one, which has nothing to say yet."""
    return TickDocument(
        at=_utc(update.sample.wall_ns, "milliseconds"),
        monotonic_ns=update.sample.monotonic_ns,
        interval_seconds=round(interval.seconds, 6),
        target=target_document(update.sample.target, update.sample),
        metrics=headline(interval) | details(interval),
        verdict=_verdict(update.diagnosis) if update.diagnosis else None,
        not_visible=_not_visible(update.sample),
        own_cost=msgspec.convert(update.own_cost, OwnCostDoc, from_attributes=True),
    )


def proposals_document(update: Update) -> ProposalsDocument:
    """NotDeliverable as for ``diagnosis_document``."""
    diagnosis = diagnosis_of(update)
    return ProposalsDocument(
        target=target_document(update.sample.target, update.sample),
        window_seconds=round(diagnosis.window_seconds, 3),
        summary=diagnosis.summary,
        verdict=_verdict(diagnosis),
        advice=diagnosis.verdict.advice if diagnosis.verdict else "",
        proposals=_published(changes(update), ProposalDoc),
    )


def remembered_document(target: Target, proposal: Proposal) -> ProposalsDocument:
    """One proposal of an earlier look at the target."""
    return ProposalsDocument(
        target=target_document(target),
        window_seconds=None,
        summary="",
        verdict=None,
        advice="",
        proposals=_published((proposal,), ProposalDoc),
    )


def journal_document(entries: tuple[JournalEntry, ...]) -> JournalDocument:
    return JournalDocument(entries=tuple(_entry(entry) for entry in entries))


def diagnosis_of(update: Update) -> Diagnosis:
    """The diagnosis. NotDeliverable after a single look, which has no rates."""
    if update.diagnosis is None:
        raise NotDeliverable(
            "one look is too few to judge by: watch for longer (--for), or choose a later moment (--at)"
        )
    return update.diagnosis


def changes(update: Update) -> tuple[Proposal, ...]:
    """The proposals that can be carried out; mere advice stands with its finding."""
    return tuple(proposal for proposal in update.proposals if proposal.action is not None)


def target_document(target: Target, sample: Sample | None = None) -> TargetDoc:
    """``sample`` is one of the target, where there is one. The whole host has no limits but itself."""
    cpus, memory = (cpu_limit(sample), memory_limit(sample)) if sample and target.process else (None, None)
    return TargetDoc(
        pid=target.pid,
        start_ticks=target.process.start_ticks if target.process else None,
        kind=target.kind,
        command=target.command,
        processes=len(sample.tree.processes) if sample and sample.tree else None,
        name=target.name,
        group=_group(sample.group, target) if sample and sample.group else None,
        cpu_limit=LimitDoc(limit=cpus.cores, by=cpus.by, where=cpus.where) if cpus else None,
        memory_limit=LimitDoc(limit=memory.bytes, by=memory.by, where=memory.where) if memory else None,
    )


def _group(section: GroupSection, target: Target) -> GroupDoc:
    inner = dict(zip(section.processes.ints("pid"), section.processes.ints("inner_pid"), strict=True))
    inner_pid = inner.get(target.pid or -1, -1)
    container = section.container
    return GroupDoc(
        path=section.path,
        unit=section.unit,
        user_unit=section.user_unit,
        slice=section.slice,
        container=msgspec.convert(container, ContainerDoc, from_attributes=True) if container else None,
        inner_pid=inner_pid if inner_pid > 0 else None,
    )


def proposal_document(proposal: Proposal) -> ProposalDoc:
    return msgspec.convert(proposal, ProposalDoc, from_attributes=True)


def _published(entries: tuple[object, ...], kind: type[_Published]) -> tuple[_Published, ...]:
    return tuple(msgspec.convert(entry, kind, from_attributes=True) for entry in entries)


def _profile(status: ProfileStatus) -> ProfileDoc:
    return ProfileDoc(
        state=status.state,
        sampler=status.sampler,
        reason=status.reason,
        remedy=status.remedy,
        pid=status.pid or None,
        cpu_share_ratio=status.cpu_share_ratio,
        pids=tuple(process.pid for process in status.sampled),
    )


def _not_visible(sample: Sample) -> tuple[NotVisibleDoc, ...]:
    return tuple(
        NotVisibleDoc(collector=status.name, reason=status.reason, remedy=status.remedy)
        for status in sample.collectors
        if status.state != "ok"
    )


def _verdict(diagnosis: Diagnosis) -> VerdictDoc | None:
    first = diagnosis.verdict
    return msgspec.convert(first, VerdictDoc, from_attributes=True) if first else None


def _resources(history: Mapping[str, tuple[float, ...]]) -> dict[str, SeriesDoc]:
    """A series that never had a value is left out: its collector stands under ``not_visible``."""
    resources = {}
    for metric in METRICS:
        seen = [figure for figure in history.get(metric.name, ()) if not math.isnan(figure)]
        if seen:
            past = summary_of(range(len(seen)), seen, 1.0)
            resources[metric.name] = SeriesDoc(
                unit=metric.unit,
                mean=past.mean,
                peak=past.peak,
                last=past.current,
                p50=past.p50,
                p95=past.p95,
                p99=past.p99,
            )
    return resources


def _entry(entry: JournalEntry) -> EntryDoc:
    return EntryDoc(
        id=entry.id,
        state=entry.state,
        at=_utc(entry.wall_ns),
        deadline=_utc(entry.wall_ns + int(entry.deadline_seconds * 1e9)) if entry.open else None,
        closed_at=_utc(entry.closed_wall_ns) if entry.closed_wall_ns else None,
        target=entry.target,
        proposal=proposal_document(entry.proposal),
        approved_by=entry.approved_by,
        detail=entry.detail,
        metric_before=entry.metric_before,
        metric_after=entry.metric_after,
    )


def _utc(wall_ns: int, digits: str = "seconds") -> str:
    return datetime.fromtimestamp(wall_ns / 1e9, UTC).isoformat(timespec=digits).replace("+00:00", "Z")
