"""A recorded session taken through the pipeline, one tick after the other."""

from bisect import bisect_right

from perftui.model.sample import Sample
from perftui.session.options import SessionOptions
from perftui.session.pipeline import Pipeline
from perftui.session.source import Tick
from perftui.store.recording import Recording

CHANGED = "changed: "
"""Marks that begin so stand where a setting was changed. A live session starts afresh there, and so does a replay."""


class Course:
    """Begins anew where the target or the boot changes, as a live session does.

    Settings were changed where the marks of ``recording`` say so.
    """

    def __init__(self, options: SessionOptions, recording: Recording) -> None:
        self._options = options
        self._recording = recording
        self._changes = [mark.at_ns for mark in recording.marks if mark.text.startswith(CHANGED)]
        self._last: Sample | None = None
        self.pipeline = Pipeline(options)

    def feed(self, tick: Tick, *, judge: bool = True) -> None:
        """Take the next tick; without ``judge`` for its rates only."""
        sample, last = tick.sample, self._last
        if last is not None:
            if not _goes_on(last, sample):
                self._begin_anew(last, sample)
            elif self._changed_between(last, sample):
                self.pipeline.start_afresh()
        self.pipeline.feed(sample, tick.profiles, judge=judge)
        self._last = sample

    def _begin_anew(self, last: Sample, sample: Sample) -> None:
        before, self.pipeline = self.pipeline, Pipeline(self._options)
        if sample.boot_id == last.boot_id and sample.monotonic_ns > last.monotonic_ns:
            self.pipeline.adopt_past(before)

    def _changed_between(self, last: Sample, sample: Sample) -> bool:
        since, until = (bisect_right(self._changes, self._recording.time_of(taken)) for taken in (last, sample))
        return since != until


def _goes_on(last: Sample, sample: Sample) -> bool:
    return sample.target == last.target and sample.boot_id == last.boot_id and sample.monotonic_ns > last.monotonic_ns
