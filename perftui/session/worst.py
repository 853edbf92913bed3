"""The search for the worst moment of a recording."""

from collections.abc import Iterator
from typing import NamedTuple

from perftui.model.finding import Diagnosis, Finding
from perftui.model.interval import Interval
from perftui.session.course import Course
from perftui.session.options import SessionOptions
from perftui.session.player import RecordedTicks
from perftui.store.recording import Recording

_SEVERITIES = ("info", "warning", "critical")

Badness = tuple[int, float, float, float]


class Searched(NamedTuple):
    """How far the search has come (0–1), and the end of the worst window up to there."""

    ratio: float
    worst_ns: int


def search_worst(recording: Recording, options: SessionOptions) -> Iterator[Searched]:
    """Judge window after window, each half over the one before, and yield after each; the last one is the answer.

    Worse is the verdict of higher severity; of equals the surer one, then the one whose figure is further beyond its
    threshold, then the busier and more stalled host. Of moments that are alike the first counts.
    """
    ticks = RecordedTicks(recording)
    course = Course(options, recording)
    stride_ns = int(options.window_seconds * 1e9) // 2
    span_ns = max(1, recording.last_ns - recording.first_ns)
    due_ns = recording.first_ns + stride_ns
    worst: Badness | None = None
    found = Searched(0.0, recording.last_ns)
    while (tick := ticks.tick()) is not None:
        now_ns = recording.time_of(tick.sample)
        judge = now_ns >= due_ns
        course.feed(tick, judge=judge)
        if not judge:
            continue
        due_ns = now_ns + stride_ns
        badness = badness_of(course.pipeline.diagnosis, course.pipeline.interval)
        if worst is None or badness > worst:
            worst, found = badness, found._replace(worst_ns=now_ns)
        found = found._replace(ratio=min(1.0, (now_ns - recording.first_ns) / span_ns))
        yield found
    yield found._replace(ratio=1.0)


def badness_of(diagnosis: Diagnosis | None, interval: Interval | None) -> Badness:
    """Severity, confidence, how far beyond the threshold, and how busy the host is: greater is worse."""
    verdict = diagnosis.verdict if diagnosis is not None else None
    if verdict is None:
        return (-1, 0.0, 0.0, _strain(interval))
    return (_SEVERITIES.index(verdict.severity), round(verdict.confidence, 1), _excess(verdict), _strain(interval))


def _excess(verdict: Finding) -> float:
    """The figure that the verdict is about, in thresholds."""
    for entry in verdict.evidence:
        if entry.metric == verdict.metric and entry.threshold > 0 and entry.observed > 0:
            ratio = entry.observed / entry.threshold
            return ratio if entry.direction == ">=" else 1 / ratio
    return 0.0


def _strain(interval: Interval | None) -> float:
    if interval is None:
        return 0.0
    busy = interval.cpu.total.busy_ratio if interval.cpu else 0.0
    pressure = interval.pressure
    stalled = pressure.cpu.some_ratio + pressure.memory.some_ratio + pressure.io.some_ratio if pressure else 0.0
    return busy + stalled
