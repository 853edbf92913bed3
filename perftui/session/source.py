"""Where the ticks of a live session come from."""

from typing import NamedTuple

import msgspec

from perftui.collect.live import LiveSource
from perftui.errors import NoData, PerftuiError
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.interval import Interval
from perftui.model.profile import Mode, ProfileStatus, StackProfile
from perftui.model.sample import CollectorStatus, KnobReading, Sample
from perftui.session.options import SessionOptions
from perftui.session.pipeline import HALF_A_TICK_NS
from perftui.session.stacks import StackFollower
from perftui.tune.knobs import read_all

PROFILE_OFF = ProfileStatus(state="off", reason="profiling is switched off", remedy="press p")
NO_TARGET = ProfileStatus(state="off", reason="no process is attached", remedy="pick one in the process list")


KNOBS_NS = 3_000_000_000
"""Knobs are read again after so long: each is read once more anyway before it is set."""


class Tick(NamedTuple):
    """One look, and the windows of stacks that were finished since the look before."""

    sample: Sample
    profiles: list[StackProfile]


class LiveTicks:
    """One target with everything that looks at it. Not for two threads at a time."""

    def __init__(self, host: Host, held: HeldTarget | None, options: SessionOptions, *, profiling: bool) -> None:
        self.held = held
        self._host = host
        self._options = options
        self._source = LiveSource(host, held)
        self._stacks: StackFollower | None = None
        self._knobs: tuple[KnobReading, ...] = ()
        self._knobs_due_ns = 0
        if profiling:
            self.start_stacks()

    @property
    def ended(self) -> bool:
        """True when the target has ended."""
        return self.held is not None and self.held.ended

    @property
    def profile_status(self) -> ProfileStatus:
        if self.held is None:
            return NO_TARGET
        return self._stacks.status if self._stacks else PROFILE_OFF

    def poll(self) -> float:
        """Look at what the target's threads wait for. Returns the seconds until the next look, 0 without a target."""
        return self._source.poll()

    def tick(self) -> Tick:
        """Never raises for a signal that is missing: the sample says so."""
        sample = self._with_knobs(self._source.sample())
        profiles = self._stacks.take() if self._stacks else []
        return Tick(msgspec.structs.replace(sample, profile_status=self.profile_status), profiles)

    def follow(self, interval: Interval | None) -> None:
        """Let the stack sampler move to the process that uses the CPU."""
        if self._stacks is not None:
            self._stacks.follow(interval)

    def switch_stacks(self, mode: Mode, pid: int) -> None:
        """Look at the stacks of the first process, ``pid``, in another way. Refused and NoData tell why not."""
        if self._stacks is None:
            raise NoData(self.profile_status.reason, self.profile_status.remedy)
        self._stacks.switch(mode, pid)

    def start_stacks(self) -> None:
        """Sample stacks from now on."""
        if self._stacks is None and self.held is not None:
            self._stacks = StackFollower(self._host, self.held.main, self._options)

    def leave_stacks(self) -> StackFollower | None:
        """Sample no more stacks. The sampler is handed over to be stopped, which may take a second."""
        stacks, self._stacks = self._stacks, None
        return stacks

    def close(self) -> None:
        stacks = self.leave_stacks()
        if stacks is not None:
            stacks.stop()
        self._source.close()
        if self.held is not None:
            self.held.close()

    def forget_knobs(self) -> None:
        """Read them again with the next tick: one of them has been set."""
        self._knobs_due_ns = 0

    def _with_knobs(self, sample: Sample) -> Sample:
        if sample.monotonic_ns >= self._knobs_due_ns:
            try:
                self._knobs = read_all(self._host, self.held, sample)
                self._knobs_due_ns = sample.monotonic_ns + KNOBS_NS - HALF_A_TICK_NS
            except (PerftuiError, OSError) as error:
                failed = CollectorStatus(name="knobs", state="failed", reason=str(error))
                return msgspec.structs.replace(sample, collectors=(*sample.collectors, failed))
        return msgspec.structs.replace(sample, knobs=self._knobs)
