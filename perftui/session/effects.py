"""What the changes of this session did to the figures they were meant to change."""

from dataclasses import dataclass

import msgspec

from perftui.analyze.metrics import value_of
from perftui.model.interval import Interval
from perftui.model.journal import JournalEntry
from perftui.model.sample import Sample
from perftui.model.target import Target


@dataclass
class Effect:
    """One finding's own figure before a change, and after it has settled; measured on the target it was made for."""

    metric: str
    target: Target
    before: float | None
    settled_ns: int
    since: Sample | None = None
    after: float | None = None

    def watch(self, sample: Sample) -> None:
        if sample.target != self.target or sample.monotonic_ns < self.settled_ns:
            return
        if self.since is None:
            self.since = sample
        elif sample.monotonic_ns > self.since.monotonic_ns:
            self.after = value_of(self.metric, Interval.between(self.since, sample))

    def shown_in(self, entry: JournalEntry) -> JournalEntry:
        """The entry with both figures filled in."""
        return msgspec.structs.replace(entry, metric_before=self.before, metric_after=self.after)


class ManualWatch:
    """Finds the knobs that somebody else sets: they are left to them and proposed no more in this session.

    A value must differ from ours in two looks running: a dead-man that has just put it back notes that a moment
    later in the journal.
    """

    def __init__(self) -> None:
        self.knobs: frozenset[str] = frozenset()
        self._suspected: frozenset[str] = frozenset()

    def look(self, sample: Sample, ours: list[JournalEntry]) -> None:
        """``ours`` are the changes of this session, newest first."""
        values = {knob_key(reading.knob, reading.subject): reading for reading in sample.knobs}
        newest: dict[str, JournalEntry] = {}
        for entry in ours:
            newest.setdefault(knob_key(entry.proposal.knob, entry.proposal.subject), entry)
        differing = frozenset(
            key
            for key, entry in newest.items()
            if entry.state in ("applied", "kept")
            and (reading := values.get(key)) is not None
            and reading.available
            and reading.value != entry.proposal.after
        )
        self.knobs |= differing & self._suspected
        self._suspected = differing


def knob_key(knob: str, subject: str) -> str:
    """How ``tune.plan`` names a knob that must not be proposed."""
    return f"{knob} {subject}"
