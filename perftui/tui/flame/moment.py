"""Which time the flame pane shows, and the moment that it is compared with."""

from perftui.model.async_view import by_task
from perftui.model.profile import StackProfile
from perftui.model.stack_past import StackPast
from perftui.model.update import Update
from perftui.tui.renderables.heat import SpanNs, span_text

OFFSET_SLACK_NS = 500_000_000

MANY_STACKS = 10_000
"""From so many on what is made of them takes longer than a key may wait."""

Mark = tuple[int, str]
"""CLOCK_MONOTONIC, and what was there."""


class Moment:
    """``span`` is the part of the past that is shown instead of what is live, ``marked_ns`` what the user marked.

    With ``by_task`` the stacks of event loops begin with their tasks.
    """

    def __init__(self) -> None:
        self.span: SpanNs | None = None
        self.marked_ns: int | None = None
        self.by_task = False
        self._update: Update | None = None
        self._wall_offset_ns = 0
        self._cut: tuple[SpanNs, StackProfile | None] | None = None
        self._tasks: tuple[StackProfile, StackProfile] | None = None

    def take(self, update: Update | None) -> None:
        """What is chosen of one target's past is nothing of another's."""
        if update is not None and self._update is not None and update.sample.target != self._update.sample.target:
            self.span = self.marked_ns = None
        self._update = update

    @property
    def text(self) -> str:
        """For the pane's head; empty for what is usual."""
        span = span_text(self.span, self.wall_offset_ns) if self.span else ""
        return ", ".join(filter(None, (span, "by task" if self.by_task else "")))

    @property
    def past(self) -> StackPast | None:
        return self._update.stacks if self._update else None

    @property
    def wall_offset_ns(self) -> int:
        """Wall time less monotonic time; the same as long as it is about right, because maps begin at whole seconds."""
        if self._update is not None:
            now_ns = self._update.sample.wall_ns - self._update.sample.monotonic_ns
            if abs(now_ns - self._wall_offset_ns) > OFFSET_SLACK_NS:
                self._wall_offset_ns = now_ns
        return self._wall_offset_ns

    @property
    def mark(self) -> Mark | None:
        """The user's mark; without one the last change that was applied, or in a replay the last mark before."""
        if self.marked_ns is not None:
            return self.marked_ns, "marked"
        update, past = self._update, self.past
        if update is None or past is None:
            return None
        found = [
            (entry.wall_ns - self.wall_offset_ns, f"{entry.proposal.knob} {entry.proposal.after}")
            for entry in update.journal
            if entry.state in ("applied", "kept")
        ]
        if update.replay is not None:
            ahead_ns = update.replay.at_ns - update.sample.monotonic_ns
            found += ((at_ns - ahead_ns, text) for at_ns, text in update.replay.marks)
        return max((mark for mark in found if past.first_ns < mark[0] < past.last_ns), default=None)

    @property
    def chosen(self) -> tuple[object, ...]:
        """What tells one choice from another."""
        return self.span, self.by_task, self._update.sample.target if self._update else None

    def ready(self, live: StackProfile | None) -> bool:
        """Whether ``profile`` is up to date, or is made so at once: not of a span to be cut, nor of very many tasks."""
        if not self._is_cut:
            return False
        profile = self._plain(live)
        return not self.by_task or profile is None or len(profile.stacks) < MANY_STACKS or self._has_tasks_of(profile)

    def prepare(self, live: StackProfile | None) -> None:
        """What takes a second of very many stacks."""
        span, past = self.span, self.past
        if span is not None and not self._is_cut:
            self._cut = span, past.span(*span) if past else None
        profile = self._plain(live)
        if self.by_task and profile is not None and not self._has_tasks_of(profile):
            self._tasks = profile, by_task(profile)

    def profile(self, live: StackProfile | None) -> StackProfile | None:
        """Of the span that was chosen (None until it is cut), else the live one; by task where that is wanted."""
        profile = self._plain(live)
        if profile is None or not self.by_task:
            return profile
        if self.ready(live):
            self.prepare(live)
        return self._tasks[1] if self._tasks is not None else None

    @property
    def _is_cut(self) -> bool:
        return self.span is None or (self._cut is not None and self._cut[0] == self.span)

    def _plain(self, live: StackProfile | None) -> StackProfile | None:
        if self.span is None:
            return live
        return self._cut[1] if self._cut is not None and self._is_cut else None

    def _has_tasks_of(self, profile: StackProfile) -> bool:
        return self._tasks is not None and self._tasks[0] is profile
