"""What a change did to the figure it was meant to change."""

from dataclasses import dataclass

import msgspec

from perftui.analyze.metrics import value_of
from perftui.model.interval import Interval
from perftui.model.journal import JournalEntry
from perftui.model.sample import Sample


@dataclass
class Effect:
    """The finding's own figure before a change, and after it has settled."""

    metric: str
    before: float | None
    settled_ns: int
    since: Sample | None = None
    after: float | None = None

    def watch(self, sample: Sample) -> None:
        if sample.monotonic_ns < self.settled_ns:
            return
        if self.since is None:
            self.since = sample
        elif sample.monotonic_ns > self.since.monotonic_ns:
            self.after = value_of(self.metric, Interval.between(self.since, sample))

    def shown_in(self, entry: JournalEntry) -> JournalEntry:
        """The entry with both figures filled in."""
        return msgspec.structs.replace(entry, metric_before=self.before, metric_after=self.after)
