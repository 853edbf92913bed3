"""How much of the time the sampler keeps its target standing still."""

import random
from collections.abc import Mapping

from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host

_MEAN_PAUSE_NS = 8_000_000
_MOST_RATIO = 0.99


class StopMeter:
    """Looks at random moments whether the target's busiest thread is held by a tracer: so it counts what stands still.

    This is what slows the target down: work that takes a second takes 1 / (1 - stopped) seconds. 125 looks a second
    take a thousandth of a core or two.
    """

    def __init__(self, host: Host, pid: int) -> None:
        self._host = host
        self._pid = pid
        self._run_ns: Mapping[int, int] = {}
        self._file = ""
        self._looks = 0
        self._stopped = 0
        self.due_ns = 0

    def begin(self, run_ns: Mapping[int, int]) -> None:
        """A new window: count afresh, of the thread that ran most since the last one (``run_ns`` maps TIDs)."""
        grown = {tid: now - self._run_ns.get(tid, 0) for tid, now in run_ns.items()}
        self._run_ns = run_ns
        self._file = f"/proc/{self._pid}/task/{max(grown, key=grown.__getitem__, default=self._pid)}/stat"
        self._looks = self._stopped = 0

    def look(self) -> None:
        """One look, and the time of the next."""
        try:
            state = self._host.read(self._file).rpartition(b") ")[2][:1]
        except NoData:  # the thread has ended
            state = b""
        self._looks += bool(state)
        self._stopped += state == b"t"
        self.due_ns = monotonic_ns() + int(_MEAN_PAUSE_NS * random.uniform(0.5, 1.5))  # noqa: S311 (this guards no secret)

    @property
    def slowdown_ratio(self) -> float | None:
        """How much longer the target's work takes in this window; None when there was no look."""
        if not self._looks:
            return None
        stopped = min(_MOST_RATIO, self._stopped / self._looks)
        return stopped / (1 - stopped)
