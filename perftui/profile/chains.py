"""All that looks at the stacks of one process."""

from collections import deque

import msgspec

from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import Mode, ProfileStatus, StackProfile
from perftui.profile.activity import MODES, ActivityMeter
from perftui.profile.modes import PAUSING
from perftui.profile.preflight import tells_who_runs
from perftui.profile.pyspy import PySpySampler
from perftui.profile.truth import MOST_THREADS, TruthMeter, exact_rate_hz

GIL_SHARE = 0.3
"""Of the samplers' budget: that chain has less to read."""

GIL_WINDOW_SECONDS = 2
WORTH_JUDGING = 5
"""Looks on a CPU. What sleeps does not change while it is read, and to pause a sleeper wakes it: it would look busy."""

EXACT_BUDGET_RATIO = 1.0
"""A window of one second now and then is not worth a lower rate."""

ACTIVE_BUDGET_RATIO = 0.08
"""Those that tell who runs come more often than the exact ones, and also with very many threads: four in the first half
minute take 1 % of a core, later ones a tenth of that.
"""

SPENT_NS = 30_000_000_000
MOST_SPENT = 8


class Chains:
    """The chain that sees every thread, the one that sees who holds the GIL, and windows that test the first.

    ``activity`` learns from some of these what runs and what waits, for whoever weighs the windows by it.

    For one thread but ``status``. OSError when it cannot be made (no descriptors are left), and then nothing stays
    open.
    """

    def __init__(
        self, host: Host, held: HeldTarget, *, rate_hz: int, budget_ratio: float, activity: ActivityMeter
    ) -> None:
        self._host = host
        self._held = held
        self._wall = PySpySampler(host, held, rate_hz=rate_hz, budget_ratio=budget_ratio * (1 - GIL_SHARE))
        try:
            self._gil = PySpySampler(
                host, held, mode="gil", window_seconds=GIL_WINDOW_SECONDS, budget_ratio=budget_ratio * GIL_SHARE
            )
        except OSError:
            self._wall.stop()
            raise
        self._exact, self._active = _Check(), _Check()
        self._truth, self._activity = TruthMeter(), activity
        self._first: list[StackProfile] = []
        """Windows that wait until it is known what runs."""
        self._stopped = False

    def start(self) -> None:
        self._wall.start()
        self._gil.start()
        self._activity.look_at(self._held.process)
        self._look_closer()

    @property
    def status(self) -> ProfileStatus:
        """Of the chain that sees every thread, with the cost of all, and why there is no other."""
        wall, gil = self._wall.status, self._gil.status
        slowdown = wall.slowdown_ratio
        return msgspec.structs.replace(
            wall,
            reason=wall.reason or (f"GIL: {gil.reason}" if gil.state == "unavailable" else ""),
            sampler_cpu_ratio=wall.sampler_cpu_ratio
            + gil.sampler_cpu_ratio
            + self._exact.cpu_ratio
            + self._active.cpu_ratio,
            slowdown_ratio=None if slowdown is None else slowdown + (gil.slowdown_ratio or 0.0),
            suspect_ratio=0.0 if wall.mode in PAUSING else self._truth.suspect_ratio,
        )

    def switch(self, mode: Mode) -> None:
        """Look at every thread in another way. ``modes.needs_confirmation`` tells what to ask before."""
        self._wall.switch(mode)

    def take(self) -> list[StackProfile]:
        """Windows finished since the last call, oldest first; those of the GIL have the mode ``gil``.

        The first ones come when it is known which of their stacks run, or some seconds later.
        """
        windows = self._wall.take()
        if not self._stopped:
            for window in windows:
                self._activity.saw(window)
                if window.mode == "nonblocking" and window.on_cpu >= WORTH_JUDGING:
                    self._truth.judge(window)
                elif window.mode == "exact" and not self._truth.knows_enough:
                    self._truth.learn(window)
            self._look_closer()
        windows, self._first = self._first + windows, []
        if not self._stopped and self._activity.holds(monotonic_ns()):
            windows, self._first = [], windows
        return sorted([*windows, *self._gil.take()], key=lambda window: window.ended_ns)

    def stop(self) -> None:
        """Afterwards ``take`` only hands over what is left."""
        self._stopped = True
        for sampler in (self._exact, self._active, self._gil, self._wall):
            sampler.stop()

    def _look_closer(self) -> None:
        """Take the windows of either kind that tell how the others are to be read, when they are due."""
        now, mode = monotonic_ns(), self._wall.status.mode
        for window in self._exact.take():
            self._truth.learn(window)
        for window in self._active.take():
            self._activity.ran(window)
        if self._active.failed:
            self._activity.failed()
        if mode == "nonblocking" and not self._exact.running and self._truth.due(now):
            self._truth.begun(now)
            self._exact.begin(self._exact_sampler())
        if mode in MODES and not self._active.running and self._activity.due(now):
            self._activity.begun(now)
            self._active.begin(self._active_sampler())

    def _active_sampler(self) -> PySpySampler | None:
        """None where py-spy cannot tell who runs: it then takes all threads for running."""
        if not tells_who_runs(self._host, self._held.process.pid):
            return None
        return self._sampler_once("active", budget_ratio=ACTIVE_BUDGET_RATIO)

    def _exact_sampler(self) -> PySpySampler | None:
        try:
            threads = len(self._host.names(f"/proc/{self._held.process.pid}/task"))
        except NoData:
            return None
        return None if threads > MOST_THREADS else self._sampler_once("exact", exact_rate_hz(threads))

    def _sampler_once(self, mode: Mode, rate_hz: int = 0, budget_ratio: float = EXACT_BUDGET_RATIO) -> PySpySampler:
        return PySpySampler(self._host, self._held, mode=mode, rate_hz=rate_hz, budget_ratio=budget_ratio, once=True)


class _Check:
    """A window now and then beside the chain, which has no gap for it."""

    def __init__(self) -> None:
        self._sampler: PySpySampler | None = None
        self._spent: deque[tuple[int, int]] = deque()
        self.failed = False
        """Whether the last one came to nothing."""

    @property
    def running(self) -> bool:
        return self._sampler is not None

    @property
    def cpu_ratio(self) -> float:
        """What these windows took of a core lately."""
        since = monotonic_ns() - SPENT_NS
        return sum(cpu for ended, cpu in tuple(self._spent) if ended > since) / SPENT_NS

    def begin(self, sampler: PySpySampler | None) -> None:
        self._sampler, self.failed = sampler, sampler is None
        if sampler is not None:
            sampler.start()

    def take(self) -> list[StackProfile]:
        """The window, once it is there."""
        if self._sampler is None:
            return []
        windows = self._sampler.take()
        if windows or self._sampler.status.state not in ("starting", "ok"):
            self.stop()
            self.failed = not windows
        for window in windows:
            self._spent.append((window.ended_ns, window.sampler_cpu_ns))
        while len(self._spent) > MOST_SPENT:
            self._spent.popleft()
        return windows

    def stop(self) -> None:
        if self._sampler is not None:
            self._sampler.stop()
            self._sampler = None
