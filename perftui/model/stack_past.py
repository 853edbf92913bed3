"""What can be asked of the stacks of the last minutes."""

from collections.abc import Sequence
from typing import Protocol

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
