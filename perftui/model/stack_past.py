"""What can be asked of the stacks of the last minutes."""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from perftui.model.profile import StackProfile


class StackPast(Protocol):
    """Windows of stacks, kept for some minutes. All times are CLOCK_MONOTONIC nanoseconds; safe from any thread."""

    @property
    def first_ns(self) -> int:
        """The start of the oldest window; 0 when there is none."""

    @property
    def last_ns(self) -> int:
        """The end of the newest window; 0 when there is none."""

    def windows(self, since_ns: int, until_ns: int) -> Sequence[StackProfile]:
        """Every whole window that overlaps this time, oldest first."""

    def span(self, since_ns: int, until_ns: int) -> StackProfile | None:
        """One profile of exactly this time, cut by slots where windows have them; None when nothing was sampled."""

    def heat(self, since_ns: int, until_ns: int, columns: int) -> Sequence[float]:
        """Mean cores on CPU in each of ``columns`` equal parts of this time; NaN where nothing was sampled."""


class Until(NamedTuple):
    """A past as it was at a moment: what comes later is not seen, whoever looks back at the moment (``StackPast``)."""

    past: StackPast
    until_ns: int

    @property
    def first_ns(self) -> int:
        first_ns = self.past.first_ns
        return first_ns if first_ns < self.until_ns else 0

    @property
    def last_ns(self) -> int:
        return min(self.past.last_ns, self.until_ns)

    def windows(self, since_ns: int, until_ns: int) -> Sequence[StackProfile]:
        found = self.past.windows(since_ns, min(until_ns, self.until_ns))
        return [window for window in found if window.ended_ns <= self.until_ns]

    def span(self, since_ns: int, until_ns: int) -> StackProfile | None:
        until_ns = min(until_ns, self.until_ns)
        return self.past.span(since_ns, until_ns) if since_ns < until_ns else None

    def heat(self, since_ns: int, until_ns: int, columns: int) -> Sequence[float]:
        """A column that goes on after the moment is left out as a whole."""
        ends = (since_ns + (until_ns - since_ns) * (at + 1) // columns for at in range(columns))
        found = self.past.heat(since_ns, until_ns, columns)
        return [cores if end <= self.until_ns else math.nan for cores, end in zip(found, ends, strict=True)]
