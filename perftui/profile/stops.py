"""How much of the time the sampler keeps its target standing still."""

import random
from collections.abc import Mapping

from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host

_MEAN_PAUSE_NS = 8_000_000
_MOST_RATIO = 0.99


class StopMeter:
    """Measures how long the target's busiest thread is held by a tracer: work takes longer by just that.

    The kernel counts how long a thread ran and how long it waited for a CPU (``schedstat``). The rest it slept or was
    held; which of the two, looks at random moments tell (state ``t``). Looks alone would mislead on a busy machine:
    they come about more easily while the target stands still. 125 looks a second take a thousandth of a core or two.
    """

    def __init__(self, host: Host, pid: int) -> None:
        self._host = host
        self._pid = pid
        self._run_ns: Mapping[int, int] = {}
        self._task = ""
        self._began_ns = 0
        self._busy_ns: int | None = None
        self._away = 0
        self._held = 0
        self.due_ns = 0

    def begin(self, run_ns: Mapping[int, int]) -> None:
        """A new window: measure afresh, the thread that ran most since the last one (``run_ns`` maps TIDs)."""
        grown = {tid: now - self._run_ns.get(tid, 0) for tid, now in run_ns.items()}
        self._run_ns = run_ns
        self._task = f"/proc/{self._pid}/task/{max(grown, key=grown.__getitem__, default=self._pid)}"
        self._began_ns = monotonic_ns()
        self._busy_ns = self._busy_so_far()
        self._away = self._held = 0

    def look(self) -> None:
        """One look, and the time of the next."""
        self.due_ns = monotonic_ns() + int(_MEAN_PAUSE_NS * random.uniform(0.5, 1.5))  # noqa: S311 (this guards no secret)
        try:
            state = self._host.read(f"{self._task}/stat").rpartition(b") ")[2][:1]
        except NoData:  # the thread has ended
            return
        self._away += state != b"R"
        self._held += state == b"t"

    def end(self) -> float | None:
        """How much longer the target's work took in this window; None when its busiest thread has ended."""
        busy_ns = self._busy_so_far()
        if busy_ns is None or self._busy_ns is None:
            return None
        span_ns = max(1, monotonic_ns() - self._began_ns)
        away_ratio = min(1.0, max(0.0, 1 - (busy_ns - self._busy_ns) / span_ns))
        stopped = min(_MOST_RATIO, away_ratio * self._held / max(1, self._away))
        return stopped / (1 - stopped)

    def _busy_so_far(self) -> int | None:
        """Nanoseconds on a CPU or waiting for one."""
        try:
            ran, waited, *_ = self._host.read(f"{self._task}/schedstat").split()
        except (NoData, ProcessLookupError, ValueError):
            return None
        return int(ran) + int(waited)
