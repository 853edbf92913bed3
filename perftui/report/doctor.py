"""What can be seen and set here, from one short look."""

from typing import Literal

from perftui.model.profile import ProfileStatus
from perftui.model.sample import CollectorStatus, KnobReading
from perftui.model.update import Update
from perftui.report.build import target_document
from perftui.report.documents import CheckDoc, DoctorDocument
from perftui.report.gaps import Gap, gaps_of


def doctor_document(
    update: Update,
    host_checks: tuple[CheckDoc, ...],
    *,
    version: str,
    kernel: str,
    others: tuple[CheckDoc, ...] = (),
) -> DoctorDocument:
    """``host_checks`` come first, then what collectors, rules and knobs said themselves, and the ``others``."""
    gaps = gaps_of(update.sample)
    collectors = (_collector(status, gaps.get(status.name)) for status in update.sample.collectors)
    unknown = update.diagnosis.unknown if update.diagnosis else ()
    rules = (
        CheckDoc(area="rule", name=entry.rule, state="missing", detail=entry.reason, remedy=entry.remedy)
        for entry in unknown
    )
    return DoctorDocument(
        version=version,
        kernel=kernel,
        target=target_document(update.sample.target, update.sample),
        checks=(
            *host_checks,
            *collectors,
            *([_profiler(update.profile_status)] if update.sample.target.kind != "host" else []),
            *rules,
            *_knobs(update.sample.knobs),
            *others,
        ),
    )


def _collector(status: CollectorStatus, gap: Gap | None) -> CheckDoc:
    """``limited``: it works, and leaves something out."""
    if status.state == "failed":
        remedy = status.remedy or "this is a fault of perftui's: report it with these words"
        return CheckDoc(area="collector", name=status.name, state="missing", detail=status.reason, remedy=remedy)
    if status.state == "no_data":
        return CheckDoc(area="collector", name=status.name, state="missing", detail=status.reason, remedy=status.remedy)
    if gap is not None:
        return CheckDoc(area="collector", name=status.name, state="limited", detail=gap.detail, remedy=gap.remedy)
    return CheckDoc(area="collector", name=status.name, state="ok", detail="", remedy="")


def _profiler(status: ProfileStatus) -> CheckDoc:
    name = status.sampler or "stacks"
    if status.state in ("ok", "starting"):
        return CheckDoc(area="profiler", name=name, state="ok", detail=f"{status.rate_hz:g} looks a second", remedy="")
    state: Literal["limited", "missing"] = "limited" if status.state == "off" else "missing"
    return CheckDoc(area="profiler", name=name, state=state, detail=status.reason, remedy=status.remedy)


def _knobs(readings: tuple[KnobReading, ...]) -> list[CheckDoc]:
    """A knob's first subject stands for the others of the same state: a tree has one of each per process."""
    alike: dict[tuple[str, bool, bool, str], list[KnobReading]] = {}
    for reading in readings:
        key = (reading.knob, reading.available, reading.permitted, reading.reason)
        alike.setdefault(key, []).append(reading)
    return [_knob(same[0], len(same) - 1) for same in alike.values()]


def _knob(reading: KnobReading, more: int) -> CheckDoc:
    """``limited``: it can be read and not be set."""
    if not reading.available:
        return CheckDoc(area="knob", name=reading.knob, state="missing", detail=reading.reason, remedy=reading.remedy)
    detail = f"{reading.subject}: {reading.value}" + (f", and {more} more" if more else "")
    if reading.permitted:
        return CheckDoc(area="knob", name=reading.knob, state="ok", detail=detail, remedy="")
    remedy = reading.remedy or f"run as root, or give {reading.privilege.removesuffix(' (root)')}"
    return CheckDoc(
        area="knob", name=reading.knob, state="limited", detail=f"{detail}; it cannot be set here", remedy=remedy
    )
