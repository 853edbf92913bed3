"""A recorded session taken through the pipeline, one tick after the other."""

from bisect import bisect_right
from collections.abc import Sequence

from perftui.model.sample import Sample
from perftui.session.options import SessionOptions
from perftui.session.pipeline import Pipeline
from perftui.session.source import Tick

CHANGED = "changed: "
"""Marks that begin so stand where a setting was changed. A live session starts afresh there, and so does a replay."""


class Course:
    """Begins anew where the target or the boot changes, as a live session does.

    ``marks`` are those of the whole recording, (wall time in ns, text), oldest first.
    """

    def __init__(self, options: SessionOptions, marks: Sequence[tuple[int, str]]) -> None:
        self._options = options
        self._changes = [wall_ns for wall_ns, text in marks if text.startswith(CHANGED)]
        self._last: Sample | None = None
        self.pipeline = Pipeline(options)

    def feed(self, tick: Tick, *, judge: bool = True) -> None:
        """Take the next tick; without ``judge`` for its rates only."""
        sample, last = tick.sample, self._last
        if last is not None:
            if not _goes_on(last, sample):
                self._begin_anew(last, sample)
            elif self._changed_between(last.wall_ns, sample.wall_ns):
                self.pipeline.start_afresh()
        self.pipeline.feed(sample, tick.profiles, judge=judge)
        self._last = sample

    def _begin_anew(self, last: Sample, sample: Sample) -> None:
        before, self.pipeline = self.pipeline, Pipeline(self._options)
        if sample.boot_id == last.boot_id and sample.monotonic_ns > last.monotonic_ns:
            self.pipeline.adopt_past(before)

    def _changed_between(self, since_ns: int, until_ns: int) -> bool:
        return bisect_right(self._changes, since_ns) != bisect_right(self._changes, until_ns)


def _goes_on(last: Sample, sample: Sample) -> bool:
    return sample.target == last.target and sample.boot_id == last.boot_id and sample.monotonic_ns > last.monotonic_ns
