"""Samples and stack windows in, answers out: the same for a live and a recorded session."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from perftui.analyze.classify import classify
from perftui.analyze.window import Window
from perftui.errors import NoData
from perftui.model.catalogue import NAMES, SUMMED_UP, TARGET_NAMES
from perftui.model.finding import Diagnosis
from perftui.model.headline import details, headline
from perftui.model.interval import Interval
from perftui.model.journal import JournalEntry
from perftui.model.merging import Merging
from perftui.model.profile import MOST_STACKS, ProfileStatus, StackProfile, bounded, merge
from perftui.model.proposal import Proposal
from perftui.model.sample import Sample
from perftui.model.series import Summary
from perftui.model.stack_past import Until
from perftui.model.update import OwnCost, Update
from perftui.session.effects import knob_key
from perftui.session.options import SessionOptions
from perftui.store.stacks import StackStore
from perftui.store.tiers import FINE_SECONDS, Tiers
from perftui.tune.plan import plan

MAX_SAMPLES = 64
"""More samples than this in one window (a long headless run) are thinned: verdicts need its ends and thirds."""

JUDGED_NS = 2_000_000_000
JUDGED_THREADS = 250
"""A verdict is renewed after two seconds, after twice as many for each so many threads."""

JUDGED_STACKS = 5000
"""A verdict looks at so many stacks, those with the most samples: the part of the rest is too small to change it."""

HALF_A_TICK_NS = 500_000_000
"""A tick comes a little late or early: so much is allowed, so that N seconds hold N intervals."""

MAX_MEMORY_POINTS = 3600
HISTORY_POINTS = 240
SUMMARY_TICKS = 20
"""A series is summed up anew every so many ticks, one at most in each: all at once would be felt."""

NOT_SAMPLED = ProfileStatus(state="off", reason="no stacks were sampled")


class Pipeline:
    """Samples and stack windows of one target in; interval, diagnosis, proposals and history out."""

    def __init__(self, options: SessionOptions) -> None:
        self._span_ns = int(options.window_seconds * 1e9)
        self._samples: deque[Sample] = deque()
        self._profiles, self._gil_profiles = Merging(), Merging()
        self._stacks = StackStore()
        self._memory: deque[tuple[int, int]] = deque(maxlen=MAX_MEMORY_POINTS)
        self._tiers = Tiers(NAMES, options.interval_seconds)
        self._recent: dict[str, Summary] = {}
        self._fed = 0
        self._judged_ns = 0
        self._firing: frozenset[str] = frozenset()
        self._fresh_ns: int | None = 0
        self.interval: Interval | None = None
        self.window: Window | None = None
        self.profile: StackProfile | None = None
        self.gil_profile: StackProfile | None = None
        self.diagnosis: Diagnosis | None = None

    def feed(self, sample: Sample, profiles: Sequence[StackProfile] = (), *, judge: bool = True) -> None:
        """Take one tick. Afterwards the attributes hold the answers; None before the second sample.

        Without ``judge`` only the rates and the history are worked out: for the past that leads up to a moment.
        """
        earlier = tuple(reversed(self._samples))
        self._keep(sample, profiles)
        if not earlier:
            return
        self.interval = Interval.between(earlier[0], sample, earlier=earlier[1:])
        self._tiers.append(sample.wall_ns, sample.monotonic_ns, headline(self.interval) | details(self.interval))
        if judge:
            self._sum_up()
            self._judge(sample)

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
            gil_profile=self.gil_profile,
            stacks=Until(self._stacks, self._stacks.last_ns),
            profile_status=sample.profile_status or NOT_SAMPLED,
            proposals=proposals,
            journal=journal,
            history=self.history(),
            recent=dict(self._recent),
            past=self._tiers.past(),
            own_cost=own_cost,
        )

    def start_afresh(self) -> None:
        """Forget what was seen up to now: a setting has changed, and a verdict must not mix both sides of it."""
        self._samples.clear()
        self._profiles, self._gil_profiles = Merging(), Merging()
        self._fresh_ns = None
        self._firing = frozenset()
        self.window = self.diagnosis = self.profile = self.gil_profile = None

    def adopt_past(self, other: "Pipeline") -> None:
        """Go on with the history of the host from before the target was changed."""
        self._tiers, self._recent = other._tiers, other._recent
        self._tiers.forget(TARGET_NAMES)
        for name in TARGET_NAMES:
            self._recent.pop(name, None)

    def fill_past(self, past: Iterable[tuple[int, Mapping[str, float]]]) -> None:
        """Add series to the history: (CLOCK_MONOTONIC, values) of ticks that lie in it."""
        self._tiers.fill(past)

    def history(self) -> Mapping[str, tuple[float, ...]]:
        return self._tiers.latest(HISTORY_POINTS)

    def _judge(self, sample: Sample) -> None:
        """Renew the verdict; not in every second once the window is full: it takes 1 ms, 4 for each 100 threads."""
        filled = sample.monotonic_ns - self._samples[0].monotonic_ns >= self._span_ns - HALF_A_TICK_NS
        threads = len(sample.threads.threads) if sample.threads else 0
        pause_ns = JUDGED_NS * (1 + threads // JUDGED_THREADS) - HALF_A_TICK_NS
        if filled and sample.monotonic_ns - self._judged_ns < pause_ns:
            return
        self._judged_ns = sample.monotonic_ns if filled else 0
        self.window = Window(
            samples=tuple(self._samples),
            profile=bounded(self.profile, JUDGED_STACKS) if self.profile else None,
            profile_status=sample.profile_status,
            memory=tuple(self._memory),
        )
        self.diagnosis = classify(self.window, self._firing)
        self._firing = frozenset(finding.rule for finding in self.diagnosis.findings)

    def _sum_up(self) -> None:
        """The last 15 minutes of the series whose turn it is, of those that the resources tell them of."""
        now = self._tiers.now_ns
        for name in SUMMED_UP[self._fed % SUMMARY_TICKS :: SUMMARY_TICKS]:
            self._recent.pop(name, None)
            with suppress(NoData):
                self._recent[name] = self._tiers.window(name, now - FINE_SECONDS * 1_000_000_000, now)
        self._fed += 1

    def _keep(self, sample: Sample, profiles: Sequence[StackProfile]) -> None:
        self._samples.append(sample)
        if self._fresh_ns is None:
            self._fresh_ns = sample.monotonic_ns
        oldest = sample.monotonic_ns - self._span_ns - HALF_A_TICK_NS
        while len(self._samples) > 2 and self._samples[0].monotonic_ns < oldest:
            self._samples.popleft()
        if len(self._samples) > MAX_SAMPLES:
            self._samples = deque(list(self._samples)[::2])  # an odd number: the first and the last stay
        for window in profiles:
            self._stacks.add(window)
        fresh = [window for window in profiles if window.started_ns >= self._fresh_ns]
        gil = [window for window in fresh if window.mode == "gil"]
        self._gil_profiles = _kept(self._gil_profiles, gil, oldest)
        self._profiles = _kept(self._profiles, [window for window in fresh if window.mode != "gil"], oldest)
        self.profile, self.gil_profile = self._profiles.profile(), self._gil_profiles.profile()
        if sample.tree is not None and sample.tree.alive:
            rss = sum(max(0, value) for value in sample.tree.processes.ints("rss_bytes"))
            self._memory.append((sample.tree.monotonic_ns, rss))


def _kept(profiles: Merging, new: Iterable[StackProfile], oldest_ns: int) -> Merging:
    """With the new windows, and without those that are too old or have too many stacks.

    Of each process in one mode only: a pause for each look, or frames of C code, would show as a difference. Where
    there are too many two become one.
    """
    for window in new:
        kept = [earlier for earlier in profiles.windows if not _was_switched(earlier, window)]
        if len(kept) < len(profiles):
            profiles = _joined(kept)
        profiles.add(window)
    while (oldest := profiles.oldest) is not None and oldest.ended_ns < oldest_ns:
        profiles.drop()
    while profiles.used > MOST_STACKS and len(profiles) > 1:
        profiles.drop()
    if len(profiles) <= MAX_SAMPLES:
        return profiles
    return _joined(_merged_in_pairs(profiles.windows))


def _was_switched(earlier: StackProfile, window: StackProfile) -> bool:
    """Whether py-spy looks at this process in another way now. That perf did is no other way of the same."""
    return earlier.pid == window.pid and earlier.mode != window.mode and "perf" not in (earlier.mode, window.mode)


def _joined(windows: Iterable[StackProfile]) -> Merging:
    joined = Merging()
    for window in windows:
        joined.add(window)
    return joined


def _merged_in_pairs(profiles: list[StackProfile]) -> list[StackProfile]:
    """Each joined with the next one of the same process: how long a process was watched is its own affair."""
    alone: dict[frozenset[int], StackProfile] = {}
    joined: list[StackProfile] = []
    for window in profiles:
        earlier = alone.pop(window.pids, None)
        if earlier is None:
            alone[window.pids] = window
        elif (pair := merge((earlier, window))) is not None:
            joined.append(pair)
    return sorted((*joined, *alone.values()), key=lambda window: window.ended_ns)
