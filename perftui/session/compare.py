"""Two stretches of recordings, or files of stacks, side by side."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from perftui.analyze.stack_diff import StackDiff
from perftui.analyze.stack_diff import compare as compare_stacks
from perftui.errors import NotDeliverable, UsageError
from perftui.model.catalogue import METRICS
from perftui.model.finding import Finding
from perftui.model.headline import headline
from perftui.model.profile import StackProfile
from perftui.profile.formats import Imported
from perftui.report.build import target_document
from perftui.report.documents import DiffDocument, DiffFindingDoc, DiffMetricDoc, DiffSideDoc, SpreadDoc
from perftui.report.stack_diff import function_documents, stacks_document
from perftui.session.course import Course
from perftui.session.options import SessionOptions
from perftui.session.source import Tick
from perftui.session.stack_windows import stack_windows
from perftui.stats.spread import LEAST_POINTS, LEAST_RATIO, SPREADS, TO_SIGMA, Spread, differs
from perftui.store.recording import Recording

OFTEN_RATIO = 1 / 3

CRITERION = (
    f"a metric has changed when its medians differ by more than {SPREADS:g} spreads ({TO_SIGMA} x median absolute "
    f"deviation, of the wider side) and by more than {LEAST_RATIO:.0%}, with {LEAST_POINTS} points or more on each "
    "side; a finding when the share of windows in which it holds differs by more than a third"
)


class Side(NamedTuple):
    """A recording from ``since_ns`` to ``until_ns`` of its times; ``name`` is as the user gave it."""

    name: str
    recording: Recording
    since_ns: int
    until_ns: int
    options: SessionOptions


class StackFile(NamedTuple):
    """The stacks of another program."""

    name: str
    imported: Imported

    @classmethod
    def of(cls, name: str, imported: Imported) -> "StackFile":
        """UsageError for sizes: they are not time."""
        if imported.unit == "bytes":
            raise UsageError(f"{name}: it holds sizes of memory; looks or times can be compared")
        return cls(name, imported)


class _Seen(NamedTuple):
    """What a side comes to: the values of each series, and in how many of the windows each rule held."""

    document: DiffSideDoc
    series: dict[str, list[float]]
    windows: int
    held: Counter[str]
    findings: dict[str, Finding]


def compare(older: Side | StackFile, newer: Side | StackFile) -> DiffDocument:
    """What is different in ``newer``; of a file of stacks nothing but these is known.

    NotDeliverable for a recording of fewer than two samples.
    """
    stacks = _stacks(older, newer)
    if isinstance(older, Side) and isinstance(newer, Side):
        a, b = _look(older), _look(newer)
    else:
        a, b = _Seen(_side(older), {}, 0, Counter(), {}), _Seen(_side(newer), {}, 0, Counter(), {})
    rules = sorted(a.findings | b.findings)
    return DiffDocument(
        a=a.document,
        b=b.document,
        criterion=CRITERION,
        metrics=tuple(
            _metric(metric.name, metric.unit, a.series.get(metric.name), b.series.get(metric.name))
            for metric in METRICS
            if metric.name in a.series or metric.name in b.series
        ),
        findings=tuple(_finding(rule, a, b) for rule in rules),
        functions=function_documents(stacks),
        stacks=stacks_document(stacks),
    )


def _stacks(older: Side | StackFile, newer: Side | StackFile) -> StackDiff:
    """On a CPU, or all of the time when a side does not tell what ran."""
    knows_cpu = all(isinstance(side, Side) or side.imported.knows_cpu for side in (older, newer))
    return compare_stacks(_windows(older), _windows(newer), view="cpu" if knows_cpu else "wall")


def _windows(side: Side | StackFile) -> Iterator[StackProfile]:
    if isinstance(side, StackFile):
        return iter([side.imported.profile])
    return stack_windows(side.recording, side.since_ns, side.until_ns)


def _side(side: Side | StackFile) -> DiffSideDoc:
    if isinstance(side, Side):
        return _look(side).document
    return DiffSideDoc(name=side.name, since="", until="", samples=0, target=None, format=side.imported.format)


def _look(side: Side) -> _Seen:
    course = Course(side.options, side.recording)
    stride_ns = int(side.options.window_seconds * 1e9) // 2
    due_ns = side.since_ns + stride_ns
    series: dict[str, list[float]] = {}
    held: Counter[str] = Counter()
    findings: dict[str, Finding] = {}
    samples = windows = 0
    first = last = None
    for sample, profiles in side.recording.ticks(side.since_ns, side.until_ns):
        now_ns = side.recording.time_of(sample)
        judge = now_ns >= due_ns
        course.feed(Tick(sample, list(profiles)), judge=judge)
        samples, first, last = samples + 1, first or sample, sample
        if course.pipeline.interval is not None and course.pipeline.interval.newer is sample:
            for name, figure in headline(course.pipeline.interval).items():
                series.setdefault(name, []).append(figure)
        diagnosis = course.pipeline.diagnosis
        if judge and diagnosis is not None:
            due_ns, windows = now_ns + stride_ns, windows + 1
            held.update({finding.rule for finding in diagnosis.findings})
            findings.update({finding.rule: finding for finding in diagnosis.findings})
    if first is None or last is None or not series:
        raise NotDeliverable(f"{side.name}: there are not two samples in it to compare")
    document = DiffSideDoc(
        name=side.name,
        since=_utc(first.wall_ns),
        until=_utc(last.wall_ns),
        samples=samples,
        target=target_document(last.target, last),
    )
    return _Seen(document, series, windows, held, findings)


def _metric(name: str, unit: str, older: list[float] | None, newer: list[float] | None) -> DiffMetricDoc:
    a = Spread.of(older) if older else None
    b = Spread.of(newer) if newer else None
    change, pct = None, None
    verdict: Literal["higher", "lower", "alike", "unknown"] = "unknown"
    if a is not None and b is not None:
        change = b.median - a.median
        pct = 100 * change / abs(a.median) if a.median else None
        if (changed := differs(a, b)) is not None:
            verdict = ("higher" if change > 0 else "lower") if changed else "alike"
    return DiffMetricDoc(
        name=name, unit=unit, a=_spread(a), b=_spread(b), change=change, change_pct=pct, verdict=verdict
    )


def _spread(spread: Spread | None) -> SpreadDoc | None:
    return SpreadDoc(median=spread.median, mad=spread.mad, points=spread.points) if spread else None


def _finding(rule: str, a: _Seen, b: _Seen) -> DiffFindingDoc:
    finding = b.findings.get(rule) or a.findings[rule]
    before, after = (seen.held[rule] / max(1, seen.windows) for seen in (a, b))
    verdict: Literal["appeared", "gone", "more often", "less often", "alike"] = "alike"
    if after - before > OFTEN_RATIO:
        verdict = "more often" if before else "appeared"
    elif before - after > OFTEN_RATIO:
        verdict = "less often" if after else "gone"
    return DiffFindingDoc(
        rule=rule,
        layer=finding.layer,
        severity=finding.severity,
        a_ratio=before,
        b_ratio=after,
        verdict=verdict,
        summary=finding.summary,
    )


def _utc(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns / 1e9, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
