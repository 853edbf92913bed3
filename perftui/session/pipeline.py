"""Samples and stack windows in, answers out: the same for a live and a recorded session."""

from collections import deque
from collections.abc import Sequence
from itertools import islice

from perftui.analyze.classify import classify
from perftui.analyze.window import Window
from perftui.model.finding import Diagnosis
from perftui.model.interval import Interval
from perftui.model.journal import JournalEntry
from perftui.model.profile import ProfileStatus, StackProfile, merge
from perftui.model.proposal import Proposal
from perftui.model.sample import Sample
from perftui.model.update import OwnCost, Update
from perftui.session.effects import knob_key
from perftui.session.options import SessionOptions
from perftui.store.history import History
from perftui.tune.plan import plan

MAX_SAMPLES = 64
"""More samples than this in one window (a long headless run) are thinned: verdicts need its ends and thirds."""

SLOWEST_READINGS = 12
"""So many ticks back the last but one reading of a slow section is looked for."""

MAX_MEMORY_POINTS = 3600
HISTORY_POINTS = 240
NOT_SAMPLED = ProfileStatus(state="off", reason="no stacks were sampled")


class Pipeline:
    """Samples and stack windows of one target in; interval, diagnosis, proposals and history out."""

    def __init__(self, options: SessionOptions) -> None:
        self._span_ns = int(options.window_seconds * 1e9)
        self._samples: deque[Sample] = deque()
        self._profiles: deque[StackProfile] = deque()
        self._memory: deque[tuple[int, int]] = deque(maxlen=MAX_MEMORY_POINTS)
        self._history = History()
        self._firing: frozenset[str] = frozenset()
        self._fresh_ns: int | None = 0
        self.interval: Interval | None = None
        self.window: Window | None = None
        self.profile: StackProfile | None = None
        self.diagnosis: Diagnosis | None = None

    def feed(self, sample: Sample, profiles: Sequence[StackProfile] = (), *, judge: bool = True) -> None:
        """Take one tick. Afterwards the attributes hold the answers; None before the second sample.

        Without ``judge`` only the rates and the history are worked out: for the past that leads up to a moment.
        """
        earlier = tuple(islice(reversed(self._samples), SLOWEST_READINGS))
        self._keep(sample, profiles)
        if not earlier:
            return
        self.interval = Interval.between(earlier[0], sample, earlier[1:])
        self._history.append(headline(self.interval))
        self.window = Window(
            samples=tuple(self._samples),
            profile=self.profile,
            profile_status=sample.profile_status,
            memory=tuple(self._memory),
        )
        if judge:
            self.diagnosis = classify(self.window, self._firing)
            self._firing = frozenset(finding.rule for finding in self.diagnosis.findings)

    def update(
        self,
        sample: Sample,
        own_cost: OwnCost,
        journal: tuple[JournalEntry, ...] = (),
        manual: frozenset[str] = frozenset(),
    ) -> Update:
        """What there is to show with ``sample``: the one that was fed last, or that one as it ended.

        Nothing is proposed for a target that has ended or cannot be seen, nor for a knob with a change that nobody has
        decided on, nor for those in ``manual`` ("knob subject").
        """
        proposals: tuple[Proposal, ...] = ()
        alive = sample.target.kind == "host" or (sample.tree is not None and sample.tree.alive)
        if alive and self.window is not None and self.diagnosis is not None:
            undecided = {knob_key(entry.proposal.knob, entry.proposal.subject) for entry in journal if entry.open}
            proposals = plan(self.diagnosis, self.window.whole, manual | undecided)
        return Update(
            sample=sample,
            interval=self.interval,
            diagnosis=self.diagnosis,
            profile=self.profile,
            profile_status=sample.profile_status or NOT_SAMPLED,
            proposals=proposals,
            journal=journal,
            history=self.history(),
            own_cost=own_cost,
        )

    def start_afresh(self) -> None:
        """Forget what was seen up to now: a setting has changed, and a verdict must not mix both sides of it."""
        self._samples.clear()
        self._profiles.clear()
        self._fresh_ns = None
        self._firing = frozenset()
        self.window = self.diagnosis = self.profile = None

    def history(self) -> dict[str, tuple[float, ...]]:
        return self._history.latest(HISTORY_POINTS)

    def _keep(self, sample: Sample, profiles: Sequence[StackProfile]) -> None:
        self._samples.append(sample)
        if self._fresh_ns is None:
            self._fresh_ns = sample.monotonic_ns
        # A tick comes a little late or early: half of one is allowed, so that N seconds hold N intervals.
        oldest = sample.monotonic_ns - self._span_ns - 500_000_000
        while len(self._samples) > 2 and self._samples[0].monotonic_ns < oldest:
            self._samples.popleft()
        if len(self._samples) > MAX_SAMPLES:
            self._samples = deque(list(self._samples)[::2])  # an odd number: the first and the last stay
        self._keep_profiles([window for window in profiles if window.started_ns >= self._fresh_ns], oldest)
        if sample.tree is not None and sample.tree.alive:
            rss = sum(max(0, value) for value in sample.tree.processes.ints("rss_bytes"))
            self._memory.append((sample.tree.monotonic_ns, rss))

    def _keep_profiles(self, profiles: list[StackProfile], oldest_ns: int) -> None:
        """Merging is the dear part, so it is done only when windows come or go."""
        before = len(self._profiles)
        while self._profiles and self._profiles[0].ended_ns < oldest_ns:
            self._profiles.popleft()
        self._profiles.extend(profiles)
        if profiles or len(self._profiles) != before:
            self.profile = merge(self._profiles)
        if len(self._profiles) > MAX_SAMPLES:
            self._profiles = deque(_merged_in_pairs(list(self._profiles)))


def _merged_in_pairs(profiles: list[StackProfile]) -> list[StackProfile]:
    pairs = (merge(profiles[at : at + 2]) for at in range(0, len(profiles), 2))
    return [profile for profile in pairs if profile is not None]


def headline(interval: Interval) -> dict[str, float]:
    """The figures that the panes draw over time; a series without data is left out."""
    values: dict[str, float] = {}
    if (cpu := interval.cpu) is not None:
        values["cpu"] = cpu.total.busy_ratio
    if (memory := interval.newer.memory) is not None:
        values["memory"] = 1 - memory.available_bytes / max(1, memory.total_bytes)
        if memory.swap_total_bytes:
            values["swap"] = 1 - memory.swap_free_bytes / memory.swap_total_bytes
    if (pressure := interval.pressure) is not None:
        values["psi-cpu"] = pressure.cpu.some_ratio
        values["psi-memory"] = pressure.memory.some_ratio
        values["psi-io"] = pressure.io.some_ratio
    if (disks := interval.disks) is not None:
        values["disk-read"] = sum(disk.read_bytes_per_s for disk in disks)
        values["disk-write"] = sum(disk.write_bytes_per_s for disk in disks)
    if (networks := interval.networks) is not None:
        outward = [network for network in networks if network.name != "lo"]
        values["net-rx"] = sum(network.rx_bytes_per_s for network in outward)
        values["net-tx"] = sum(network.tx_bytes_per_s for network in outward)
    values.update(_target_headline(interval))
    return values


def _target_headline(interval: Interval) -> dict[str, float]:
    tree = interval.tree
    if tree is None:
        return {}
    values = {"target-cpu": tree.cpu_cores, "target-rss": float(tree.rss_bytes)}
    if interval.threads is not None:
        values["target-delay"] = sum(thread.delay_ratio for thread in interval.threads)
    if tree.read_bytes_per_s is not None:
        values["target-read"] = tree.read_bytes_per_s
    if tree.write_bytes_per_s is not None:
        values["target-write"] = tree.write_bytes_per_s
    return values
