"""One target at a time, watched live."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import msgspec

from perftui.analyze.metrics import value_of
from perftui.analyze.rules import RULES
from perftui.collect.live import LiveSource
from perftui.errors import PerftuiError, StoreError, TargetEnded
from perftui.host import clock
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.finding import Diagnosis
from perftui.model.journal import JournalEntry
from perftui.model.profile import ProfileStatus
from perftui.model.proposal import Proposal
from perftui.model.sample import CollectorStatus, Sample
from perftui.model.target import ProcessId
from perftui.model.update import OwnCost, Update
from perftui.session.cost import OwnMeter
from perftui.session.effects import Effect, ManualWatch, knob_key
from perftui.session.options import SessionOptions
from perftui.session.pipeline import Pipeline
from perftui.session.stacks import StackFollower
from perftui.store.journal import Journal
from perftui.tune.executor import Executor, approve
from perftui.tune.knobs import read_all
from perftui.tune.plan import plan

PROFILE_OFF = ProfileStatus(state="off", reason="profiling is switched off", remedy="press p")
NO_TARGET = ProfileStatus(state="off", reason="no process is attached", remedy="pick one in the process list")


@dataclass
class _Watched:
    """One target with everything that looks at it."""

    held: HeldTarget | None
    source: LiveSource
    pipeline: Pipeline
    stacks: StackFollower | None = None

    def close(self) -> None:
        if self.stacks is not None:
            self.stacks.stop()
        self.source.close()
        if self.held is not None:
            self.held.close()


class Session:
    """Watches one target at a time and carries out confirmed changes.

    ``start`` / ``stop`` run the loop in a thread, ``run`` in the caller's. ``apply``, ``keep`` and ``undo`` block (tens
    to hundreds of milliseconds) and may be called from any thread.
    """

    def __init__(
        self,
        host: Host,
        held: HeldTarget | None,
        options: SessionOptions,
        journal: Journal | None = None,
    ) -> None:
        self.host = host
        self.options = options
        self.profiling = options.profiling
        self.journal = journal or Journal()
        self.executor = Executor(host, self.journal, read_only=options.read_only)
        self._lock = threading.RLock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._effects: dict[str, Effect] = {}
        self._changes: set[str] = set()
        self._manual = ManualWatch()
        self._entries: tuple[JournalEntry, ...] = ()
        self._own = OwnMeter(host)
        self._watched = self._watch(held)

    @property
    def manual(self) -> frozenset[str]:
        """Knobs ("knob subject") that we set and somebody else has set since."""
        return self._manual.knobs

    @property
    def held(self) -> HeldTarget | None:
        return self._watched.held

    # ---- running

    def start(self, on_update: Callable[[Update], None], on_failure: Callable[[Exception], None]) -> None:
        """Begin ticking in a thread; both are called from that thread.

        ``on_failure`` gets a fault that ended the loop: without it the screen would just stand still.
        """

        def work() -> None:
            try:
                self._loop(on_update, None)
            except Exception as fault:  # noqa: BLE001  (whatever it is, the owner of the screen must know)
                on_failure(fault)

        self._thread = threading.Thread(target=work, name="perftui-session", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the loop and everything that it started. May be called twice."""
        self._stop.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=10)
            if thread.is_alive():  # stuck in a system call: its files are its own until the process ends
                return
        self._watched.close()

    def run(self, seconds: float, on_update: Callable[[Update], None] | None = None) -> Update:
        """Watch for so long and return the last update; ends early when the target does.

        TargetEnded when it ended before anything was measured.
        """
        last: list[Update] = []

        def keep(update: Update) -> None:
            last[:] = [update]
            if on_update is not None:
                on_update(update)

        try:
            self._loop(keep, seconds)
        finally:
            self.stop()
        if not last or (self._target_gone() and _says_nothing(last[0].diagnosis)):
            raise TargetEnded("the target ended before anything was measured")
        return last[0]

    def _loop(self, on_update: Callable[[Update], None], seconds: float | None) -> None:
        interval_ns = int(self.options.interval_seconds * 1e9)
        started = due = clock.monotonic_ns()
        until = None if seconds is None else started + int(seconds * 1e9)
        while not self._stop.is_set():
            now = clock.monotonic_ns()
            update = self._tick()
            on_update(update)
            # A host so starved that a tick takes a quarter of the interval is given more time between ticks.
            took = clock.monotonic_ns() - now
            due = max(due + interval_ns, now + 4 * took)
            if until is not None and (now >= until - interval_ns // 4 or self._target_gone()):
                return
            self._look_until(due)

    def _look_until(self, due_ns: int) -> None:
        """Look again and again at what the target's threads wait for, until the next tick is due."""
        while not self._stop.is_set() and (left_ns := due_ns - clock.monotonic_ns()) > 0:
            rate = self._watched.source.polls_per_second
            if rate <= 0:
                self._stop.wait(left_ns / 1e9)
                continue
            with self._lock, suppress(OSError):  # short of memory or descriptors: one look of twenty is missed
                self._watched.source.poll()
            time.sleep(min(left_ns / 1e9, 1 / rate))  # waiting for the event instead costs twice as much CPU

    def _target_gone(self) -> bool:
        return self.held is not None and self.held.ended

    # ---- one tick

    def _tick(self) -> Update:
        self.executor.revert_unwatched()
        with self._lock:
            watched = self._watched
            last = watched.pipeline.interval
            if watched.held is not None and watched.held.ended and last is not None:
                ended = _as_ended(last.newer)
                self._read_journal(ended)
                return self._update(watched, ended)
            sample = self._with_knobs(watched)
            self._read_journal(sample)
            profiles = watched.stacks.take() if watched.stacks else []
            watched.pipeline.feed(sample, profiles, self._profile_status(watched))
            if watched.stacks is not None:
                watched.stacks.follow(watched.pipeline.interval)
            return self._update(watched, sample)

    def _with_knobs(self, watched: _Watched) -> Sample:
        sample = watched.source.sample()
        try:
            return msgspec.structs.replace(sample, knobs=read_all(self.host, watched.held, sample))
        except (PerftuiError, OSError) as error:
            failed = CollectorStatus(name="knobs", state="failed", reason=str(error))
            return msgspec.structs.replace(sample, collectors=(*sample.collectors, failed))

    def _read_journal(self, sample: Sample) -> None:
        """Measure the open changes, let go of the closed ones, and see who else sets our knobs."""
        for effect in self._effects.values():
            effect.watch(sample)
        with suppress(StoreError):  # a locked or damaged journal: what was read before is shown
            entries = self.journal.entries(limit=50)
            decided = [entry.id for entry in entries if entry.id in self._effects and not entry.open]
            for entry_id in decided:
                self._save_effect(entry_id)
            if decided:
                entries = self.journal.entries(limit=50)
            self._entries = tuple(self._with_effect(entry) for entry in entries)
        self._manual.look(sample, [entry for entry in self._entries if entry.id in self._changes])

    def _update(self, watched: _Watched, sample: Sample) -> Update:
        pipeline = watched.pipeline
        status = self._profile_status(watched)
        proposals: tuple[Proposal, ...] = ()
        if pipeline.window is not None and pipeline.diagnosis is not None and not self._target_gone():
            proposals = plan(pipeline.diagnosis, pipeline.window.whole, self.manual | _undecided(self._entries))
        return Update(
            sample=sample,
            interval=pipeline.interval,
            diagnosis=pipeline.diagnosis,
            profile=pipeline.profile,
            profile_status=status,
            proposals=proposals,
            journal=self._entries,
            history=pipeline.history(),
            own_cost=OwnCost(
                cpu_pct=self._own.lap_cpu_pct(),
                rss_bytes=self._own.rss_bytes(),
                sampler_cpu_pct=100 * status.sampler_cpu_ratio,
            ),
        )

    # ---- the target

    def select(self, pid: int | None) -> None:
        """Watch another process (None: only the host). NoSuchTarget when there is none of that PID."""
        held = HeldTarget.open(self.host, pid) if pid is not None else None
        fresh = self._watch(held)
        with self._lock:
            old, self._watched = self._watched, fresh
        old.close()

    def set_profiling(self, on: bool) -> None:
        """Start or stop sampling stacks."""
        with self._lock:
            self.profiling = on
            watched = self._watched
            stacks = watched.stacks
            if on and stacks is None:
                watched.stacks = self._follow(watched.held)
            elif not on:
                watched.stacks = None
        if not on and stacks is not None:
            stacks.stop()

    def _watch(self, held: HeldTarget | None) -> _Watched:
        watched = _Watched(held=held, source=LiveSource(self.host, held), pipeline=Pipeline(self.options))
        watched.stacks = self._follow(held) if self.profiling else None
        return watched

    def _follow(self, held: HeldTarget | None) -> StackFollower | None:
        return StackFollower(self.host, held, self.options) if held is not None else None

    def _profile_status(self, watched: _Watched) -> ProfileStatus:
        if watched.held is None:
            return NO_TARGET
        return watched.stacks.status if watched.stacks else PROFILE_OFF

    # ---- changes

    @property
    def notices(self) -> tuple[str, ...]:
        """What became of changes that an earlier run left behind, a line each. Nothing is put back unasked."""
        news = self.executor.unreported()
        ended = [
            f"{entry.proposal.knob} on {entry.proposal.subject}: {entry.state}. {entry.detail}".strip()
            for entry in news
        ]
        left = [
            f"{entry.proposal.knob} on {entry.proposal.subject} was left at {entry.proposal.after} by a run that was "
            f"killed: undo it in the journal, or run: perftui tune recover"
            for entry in self.executor.stranded()
        ]
        self.executor.mark_reported(entry.id for entry in news)
        return (*left, *ended)

    def apply(self, proposal: Proposal, by: str) -> JournalEntry:
        """Carry out one confirmed proposal under the dead-man. Refused, NotPermitted, TargetEnded as they come."""
        with self._lock:
            watched = self._watched
            window = watched.pipeline.window
            before = value_of(proposal.metric, window.whole) if window and proposal.metric else None
        approval = approve(proposal, by)
        entry = self.executor.apply(proposal, approval, watched.held, deadline_seconds=self.options.deadline_seconds)
        with self._lock:
            self._changes.add(entry.id)
            if entry.open and watched.held is not None:
                self._effects[entry.id] = Effect(
                    metric=proposal.metric,
                    target=watched.held.target,
                    before=before,
                    settled_ns=clock.monotonic_ns() + int(proposal.settle_seconds * 1e9),
                )
            watched.pipeline.start_afresh()
            return self._with_effect(entry)

    def keep(self, entry_id: str) -> JournalEntry:
        """Make an applied change stay."""
        entry = self.executor.keep(entry_id)
        with self._lock:
            self._save_effect(entry_id)
        return entry

    def undo(self, entry_id: str) -> JournalEntry:
        """Put an applied or kept change back."""
        entry = self.executor.undo(entry_id)
        with self._lock:
            self._save_effect(entry_id)
            self._watched.pipeline.start_afresh()
        return entry

    def send_signal(self, process: ProcessId, number: int) -> None:
        """Signal exactly this process. TargetEnded, NotPermitted, Refused when read-only."""
        self.executor.send_signal(process, number)

    def _with_effect(self, entry: JournalEntry) -> JournalEntry:
        effect = self._effects.get(entry.id)
        return effect.shown_in(entry) if effect is not None else entry

    def _save_effect(self, entry_id: str) -> None:
        """Write the figures of a change that is decided to the journal, and stop measuring it."""
        effect = self._effects.pop(entry_id, None)
        if effect is not None:
            self.journal.update(entry_id, metric_before=effect.before, metric_after=effect.after)


def _undecided(journal: tuple[JournalEntry, ...]) -> frozenset[str]:
    """Knobs with a change that nobody has decided on: nothing more is proposed for them."""
    return frozenset(knob_key(entry.proposal.knob, entry.proposal.subject) for entry in journal if entry.open)


def _as_ended(last: Sample) -> Sample:
    """The last sample of a target that has ended since: what was measured, no longer said to be alive."""
    if last.tree is None:
        return last
    return msgspec.structs.replace(last, tree=msgspec.structs.replace(last.tree, alive=False))


def _says_nothing(diagnosis: Diagnosis | None) -> bool:
    """True when no rule could be judged: the target was seen too briefly."""
    return diagnosis is None or (not diagnosis.findings and len(diagnosis.unknown) == len(RULES))
