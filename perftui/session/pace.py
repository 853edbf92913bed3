"""When ticks are due."""

WORK_SHARE = 4
"""At most one part in so many of the time goes into a tick, what it waits for a CPU included."""

LONGEST_NS = 10_000_000_000


class Pace:
    """Ticks at a fixed interval, or at a longer one while the host is starved.

    A host without CPU to spare makes ticks late and long. When two in a row were done later than a quarter of the
    interval after they were due, it stretches to four times that delay, to 10 s at most; afterwards it comes back by a
    quarter a tick. One tick alone says nothing: the first one has thousands of files to open, and after a SIGSTOP the
    next one is minutes late.
    """

    def __init__(self, interval_seconds: float) -> None:
        self._wanted_ns = int(interval_seconds * 1e9)
        self._behind_ns = 0
        self.interval_ns = self._wanted_ns
        self.due_ns = 0
        self.missed_total = 0

    @property
    def stretched(self) -> bool:
        """Whether the interval is longer than asked for."""
        return self.interval_ns > self._wanted_ns

    def start(self, now_ns: int) -> None:
        """The first tick is due now."""
        self.due_ns = now_ns

    def ticked(self, began_ns: int, ended_ns: int) -> None:
        """Work out when the next tick is due. Those that this one was too late for are missed, not made up for."""
        missed = max(0, began_ns - self.due_ns) // self.interval_ns
        behind = ended_ns - self.due_ns
        needed = WORK_SHARE * min(behind, self._behind_ns)
        slower = min(max(needed, self.interval_ns * 3 // 4), LONGEST_NS)
        self.missed_total += missed
        self.due_ns += missed * self.interval_ns
        self.interval_ns = max(self._wanted_ns, slower)
        self._behind_ns = behind
        self.due_ns += self.interval_ns
