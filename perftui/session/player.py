"""A recording, one moment of it at a time."""

from collections import deque
from collections.abc import Iterator

import msgspec

from perftui.errors import NotDeliverable, PerftuiError, StoreError
from perftui.host import clock
from perftui.host.procfs import Host
from perftui.model.journal import JournalEntry
from perftui.model.proposal import Proposal
from perftui.model.update import OwnCost, Update
from perftui.session.cost import OwnMeter
from perftui.session.course import Course
from perftui.session.options import SessionOptions
from perftui.session.source import Tick
from perftui.store.recording import Recording

LOOK_BACK_SECONDS = 240
"""As much of the past is taken through the pipeline before a moment is shown: what the panes draw over time."""

KEPT_UPDATES = 60
"""So many moments can be stepped back without seeking, if they take no more than ``KEPT_BYTES``."""

KEPT_BYTES = 64 << 20
COST_NS = 1_000_000_000


class RecordedTicks:
    """The ticks of a recording from some moment on."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._ticks: Iterator[Tick] = iter(())
        self.seek(recording.first_ns)

    def seek(self, time_ns: int) -> None:
        """Go on with the first tick that is not older than ``time_ns``."""
        ticks = self.recording.ticks(time_ns, self.recording.last_ns)
        self._ticks = (Tick(sample, list(profiles)) for sample, profiles in ticks)

    def tick(self) -> Tick | None:
        return next(self._ticks, None)

    def close(self) -> None:
        self.recording.close()


class Player:
    """Shows one moment; ``forward``, ``back`` and ``seek`` move it. For one thread.

    A recording that is played from its start gives the very answers of the live session. After a jump the verdicts are
    those of two windows before, which is all that a verdict looks back on but for the slow growth of memory.
    """

    def __init__(self, recording: Recording, options: SessionOptions, journal: tuple[JournalEntry, ...] = ()) -> None:
        self.recording = recording
        self._options = options
        self._journal = journal
        self._own = OwnMeter(Host())
        self._cost, self._cost_ns = OwnCost(cpu_pct=0.0, rss_bytes=self._own.rss_bytes()), clock.monotonic_ns()
        self._source = RecordedTicks(recording)
        self._shown: deque[Update] = deque(maxlen=KEPT_UPDATES)
        self._behind = 0
        self._course = self._new_course()
        self._next = self._source.tick()
        if self._next is None:
            raise _unreadable(recording)
        self._advance()

    @property
    def update(self) -> Update:
        """The moment that is shown."""
        return self._shown[-1 - self._behind]

    @property
    def at_ns(self) -> int:
        """Its time in the recording."""
        return self.recording.time_of(self.update.sample)

    @property
    def next_ns(self) -> int | None:
        """The time of the moment after it; None at the end."""
        if self._behind:
            return self.recording.time_of(self._shown[-self._behind].sample)
        return self._time_ahead()

    def forward(self) -> bool:
        """Show the next moment; False at the end."""
        if self._behind:
            self._behind -= 1
        elif self._next is None:
            return False
        else:
            self._advance()
        return True

    def back(self) -> bool:
        """Show the moment before; False at the start."""
        if self._behind + 1 < len(self._shown):
            self._behind += 1
            return True
        at_ns = self.at_ns
        if at_ns <= self.recording.first_ns:
            return False
        self.seek(at_ns - 1)
        return self.at_ns < at_ns

    def seek(self, time_ns: int, past_seconds: float = LOOK_BACK_SECONDS) -> None:
        """Show the last moment that is not newer than ``time_ns``, or the first of all.

        Takes some tens of milliseconds, and with four minutes of the past some hundreds.
        """
        judged_ns = int(2 * self._options.window_seconds * 1e9)
        past_ns = max(judged_ns, int(past_seconds * 1e9))
        self._course, self._behind = self._new_course(), 0
        self._shown.clear()
        self._begin(time_ns - past_ns)
        while (ahead := self._time_ahead()) is None or ahead > time_ns:
            # In a long gap, before the start, behind the end; again when what was before could not be read.
            before = self.recording.last_before(time_ns)
            ends = before is None or before == time_ns
            time_ns = before or self.recording.first_ns
            self._begin(time_ns - past_ns)
            if ends:
                break
        if self._next is None:
            raise _unreadable(self.recording)
        judged_from = time_ns - judged_ns
        self._advance(judged_from, time_ns)
        while (ahead := self._time_ahead()) is not None and ahead <= time_ns:
            self._advance(judged_from, time_ns)

    def close(self) -> None:
        self._source.close()

    def _begin(self, since_ns: int) -> None:
        self._source.seek(since_ns)
        self._next = self._source.tick()

    def _time_ahead(self) -> int | None:
        """The time of the tick that is taken next; None at the end."""
        return self.recording.time_of(self._next.sample) if self._next else None

    def _new_course(self) -> Course:
        return Course(self._options, self.recording)

    def _advance(self, judged_from_ns: int = 0, until_ns: int = 0) -> None:
        """Take the next tick. One before ``judged_from_ns`` is judged only if it is the last up to ``until_ns``."""
        tick, self._next = self._next, self._source.tick()
        if tick is None:
            return
        ahead = self._time_ahead()
        judge = ahead is None or ahead > until_ns or self.recording.time_of(tick.sample) >= judged_from_ns
        self._course.feed(tick, judge=judge)
        if judge:
            update = self._course.pipeline.update(tick.sample, self._own_cost(), self._journal)
            self._shown.append(_elsewhere(update))
            while len(self._shown) > 2 and len(self._shown) * self.recording.sample_bytes > KEPT_BYTES:
                self._shown.popleft()

    def _own_cost(self) -> OwnCost:
        """What the replay itself costs; over seconds, for a jump judges twenty moments at once."""
        now = clock.monotonic_ns()
        if now - self._cost_ns >= COST_NS:
            self._cost_ns = now
            self._cost = OwnCost(cpu_pct=self._own.lap_cpu_pct(), rss_bytes=self._own.rss_bytes())
        return self._cost


def _unreadable(recording: Recording) -> PerftuiError:
    """What there is to say of a recording of which no sample can be shown."""
    if recording.damage:
        return StoreError(recording.damage[-1])
    return NotDeliverable(f"{recording.path}: there is no sample in this recording")


def _elsewhere(update: Update) -> Update:
    """Its proposals as they can be carried out here: not at all."""
    return msgspec.structs.replace(update, proposals=tuple(map(_not_here, update.proposals)))


def _not_here(proposal: Proposal) -> Proposal:
    if proposal.action is None:
        return proposal
    return msgspec.structs.replace(proposal, permitted=False, privilege="a live target")
