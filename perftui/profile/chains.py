"""All that looks at the stacks of one process."""

import msgspec

from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import Mode, ProfileStatus, StackProfile
from perftui.profile.modes import PAUSING
from perftui.profile.pyspy import PySpySampler
from perftui.profile.truth import MOST_THREADS, TruthMeter, exact_rate_hz

GIL_SHARE = 0.3
"""Of the samplers' budget: that chain has less to read."""

GIL_WINDOW_SECONDS = 2
WORTH_JUDGING = 5
"""Looks on a CPU. What sleeps does not change while it is read, and to pause a sleeper wakes it: it would look busy."""

CHECK_BUDGET_RATIO = 1.0
"""A window of one second now and then is not worth a lower rate."""


class Chains:
    """The chain that sees every thread, the one that sees who holds the GIL, and exact looks that test the first.

    For one thread but ``status``. OSError when it cannot be made (no descriptors are left), and then nothing stays
    open.
    """

    def __init__(self, host: Host, held: HeldTarget, *, rate_hz: int, budget_ratio: float) -> None:
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
        self._check: PySpySampler | None = None
        self._truth = TruthMeter()

    def start(self) -> None:
        self._wall.start()
        self._gil.start()

    @property
    def status(self) -> ProfileStatus:
        """Of the chain that sees every thread, with the cost of both, and why there is no other."""
        wall, gil = self._wall.status, self._gil.status
        slowdown = wall.slowdown_ratio
        return msgspec.structs.replace(
            wall,
            reason=wall.reason or (f"GIL: {gil.reason}" if gil.state == "unavailable" else ""),
            sampler_cpu_ratio=wall.sampler_cpu_ratio + gil.sampler_cpu_ratio,
            slowdown_ratio=None if slowdown is None else slowdown + (gil.slowdown_ratio or 0.0),
            suspect_ratio=0.0 if wall.mode in PAUSING else self._truth.suspect_ratio,
        )

    def switch(self, mode: Mode) -> None:
        """Look at every thread in another way. ``modes.needs_confirmation`` tells what to ask before."""
        self._wall.switch(mode)

    def take(self) -> list[StackProfile]:
        """Windows finished since the last call, oldest first; those of the GIL have the mode ``gil``."""
        windows = self._wall.take()
        for window in windows:
            if window.mode == "nonblocking" and window.on_cpu >= WORTH_JUDGING:
                self._truth.judge(window)
            elif window.mode == "exact" and not self._truth.knows_enough:
                self._truth.learn(window)
        self._take_exact_looks()
        return sorted([*windows, *self._gil.take()], key=lambda window: window.ended_ns)

    def stop(self) -> None:
        for sampler in (self._check, self._gil, self._wall):
            if sampler is not None:
                sampler.stop()

    def _take_exact_looks(self) -> None:
        """Beside the chain, which sees no gap: a window that only tells how far the others can be trusted."""
        if self._check is None:
            now = monotonic_ns()
            if self._wall.status.mode == "nonblocking" and self._truth.due(now):
                self._truth.begun(now)
                self._check = self._exact_sampler()
            return
        windows = self._check.take()
        for window in windows:
            self._truth.learn(window)
        if windows or self._check.status.state not in ("starting", "ok"):
            self._check.stop()
            self._check = None

    def _exact_sampler(self) -> PySpySampler | None:
        try:
            threads = len(self._host.names(f"/proc/{self._held.process.pid}/task"))
        except NoData:
            return None
        if threads > MOST_THREADS:
            return None
        sampler = PySpySampler(
            self._host,
            self._held,
            mode="exact",
            rate_hz=exact_rate_hz(threads),
            budget_ratio=CHECK_BUDGET_RATIO,
            once=True,
        )
        sampler.start()
        return sampler
