"""Windows of a part of the past that moves on."""

from collections.abc import Callable

from perftui.model.profile import StackProfile
from perftui.model.stack_past import StackPast

LATE_NS = 6_000_000_000
"""A window of another process may come so much later than one that ended at the same time: as long as the longest."""


class Recent:
    """Each window is asked for once or twice, not again and again: it takes a millisecond to make.

    ``change`` is applied to each once.
    """

    def __init__(self, change: Callable[[StackProfile], StackProfile] = lambda window: window) -> None:
        self._change = change
        self._known: dict[tuple[int, int, int], StackProfile] = {}
        self._until_ns = 0

    def windows(self, past: StackPast, since_ns: int, until_ns: int) -> list[StackProfile]:
        """Those that lie in this time wholly, in the order of their end; all but windows that see the GIL alone."""
        if until_ns < self._until_ns:  # a replay has jumped back
            self._known, self._until_ns = {}, 0
        found = past.windows(max(since_ns, min(self._until_ns, until_ns) - LATE_NS), until_ns)
        for window in found:
            key = window.ended_ns, window.started_ns, window.pid
            if key not in self._known:
                self._known[key] = self._change(window)
        self._until_ns = until_ns
        self._known = {key: window for key, window in sorted(self._known.items()) if key[1] >= since_ns}
        return [window for window in self._known.values() if window.mode != "gil" and window.ended_ns <= until_ns]
