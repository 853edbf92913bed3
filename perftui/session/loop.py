"""One target at a time, watched live."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import msgspec

from perftui.analyze.metrics import value_of
from perftui.analyze.rules import RULES
from perftui.errors import NoData, StoreError, TargetEnded
from perftui.host import clock
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.finding import Diagnosis
from perftui.model.incident import Incident
from perftui.model.journal import JournalEntry
from perftui.model.profile import Mode, ProfileStatus
from perftui.model.proposal import Proposal
from perftui.model.sample import Sample
from perftui.model.target import HOST, ProcessId, Target
from perftui.model.update import OwnCost, Update
from perftui.profile.source import source_lines
from perftui.profile.tree import View
from perftui.session.cost import OwnMeter
from perftui.session.course import CHANGED
from perftui.session.effects import Effect, ManualWatch
from perftui.session.options import SessionOptions
from perftui.session.pace import Pace
from perftui.session.pipeline import Pipeline
from perftui.session.source import LiveTicks
from perftui.session.tape import Tape
from perftui.store.journal import Journal
from perftui.tune.executor import Executor, approve

MISSED_LOOK_SECONDS = 0.05

LAST_TICK_SECONDS = 2.0
"""The tick that is under way belongs into the recording; less than what an app that is cut short has for ending it."""

STUCK_SECONDS = 8.0


class _Watched(NamedTuple):
    """One target and what is known of it."""

    source: LiveTicks
    pipeline: Pipeline


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
        self._pace = Pace(options.interval_seconds)
        self.tape = Tape(host, options)
        self._watched = self._watch(held)

    @property
    def manual(self) -> frozenset[str]:
        """Knobs ("knob subject") that we set and somebody else has set since."""
        return self._manual.knobs

    @property
    def held(self) -> HeldTarget | None:
        return self._watched.source.held

    @property
    def target(self) -> Target:
        return self.held.target if self.held is not None else HOST

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
            thread.join(LAST_TICK_SECONDS)
        self.tape.stop()
        if thread is not None and thread is not threading.current_thread():
            thread.join(STUCK_SECONDS)
            if thread.is_alive():  # stuck in a system call: its files are its own until the process ends
                return
        self._watched.source.close()

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
            ended = self._watched.source.ended  # asked before it is closed: then it always has
        finally:
            self.stop()
        if not last or (ended and _says_nothing(last[0].diagnosis)):
            raise TargetEnded("the target ended before anything was measured")
        return last[0]

    def _loop(self, on_update: Callable[[Update], None], seconds: float | None) -> None:
        started = clock.monotonic_ns()
        until = None if seconds is None else started + int(seconds * 1e9)
        self._pace.start(started)
        while not self._stop.is_set():
            now = clock.monotonic_ns()
            on_update(self._tick())
            self._pace.ticked(now, clock.monotonic_ns())
            if until is not None and (now >= until - self._pace.interval_ns // 4 or self._watched.source.ended):
                return
            self._look_until(self._pace.due_ns if until is None else min(self._pace.due_ns, until))

    def _look_until(self, due_ns: int) -> None:
        """Look again and again at what the target's threads wait for, until the next tick is due."""
        while not self._stop.is_set() and (left_ns := due_ns - clock.monotonic_ns()) > 0:
            pause = self._look()
            if pause <= 0:
                self._stop.wait(left_ns / 1e9)
            else:
                time.sleep(min(left_ns / 1e9, pause))  # waiting for the event instead costs twice as much CPU

    def _look(self) -> float:
        """One look, and the seconds until the next one; 0 when there is nothing to look at."""
        with self._lock:
            try:
                return self._watched.source.poll()
            except OSError:  # short of memory or descriptors: one look of twenty is missed
                return MISSED_LOOK_SECONDS

    # ---- one tick

    def _tick(self) -> Update:
        self.executor.revert_unwatched()
        with self._lock:
            source, pipeline = self._watched
            last = pipeline.interval
            if source.ended and last is not None:
                sample = _as_ended(last.newer, source.profile_status)
                self._read_journal(sample)
            else:
                sample, profiles = source.tick()
                self._read_journal(sample)
                pipeline.feed(sample, profiles)
                self.tape.add(sample, profiles)
                source.follow(pipeline.interval)
            update = pipeline.update(sample, self._cost(source), self._entries, self.manual)
            return msgspec.structs.replace(update, recording=self.tape.status or self.tape.lost)

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

    def _cost(self, source: LiveTicks) -> OwnCost:
        status = source.profile_status
        return OwnCost(
            cpu_pct=self._own.lap_cpu_pct(),
            rss_bytes=self._own.rss_bytes(),
            sampler_cpu_pct=100 * status.sampler_cpu_ratio,
            target_slowdown_pct=None if status.slowdown_ratio is None else 100 * status.slowdown_ratio,
            interval_seconds=self._pace.interval_ns / 1e9,
            starved=self._pace.stretched,
            missed_ticks_total=self._pace.missed_total,
        )

    # ---- the target

    def select(self, pid: int | None) -> None:
        """Watch another process (None: only the host). NoSuchTarget when there is none of that PID.

        Ticks are of it at once; what the flight recorder knows of its past is there a second or two later.
        StoreError when it cannot be read: the process is watched all the same.
        """
        held = HeldTarget.open(self.host, pid) if pid is not None else None
        fresh = self._watch(held)
        with self._lock:
            old, self._watched = self._watched, fresh
            fresh.pipeline.adopt_past(old.pipeline)
            target = self.target
            self.tape.mark(f"watching {target.label}")
        old.source.close()
        past = self.tape.past_of(target)
        with self._lock:
            if self._watched is fresh:  # its history goes on in that of the next one picked
                fresh.pipeline.fill_past(past)

    def set_profiling(self, on: bool) -> None:
        """Start or stop sampling stacks."""
        with self._lock:
            self.profiling = on
            source = self._watched.source
            if on:
                source.start_stacks()
            stopped = None if on else source.leave_stacks()
        if stopped is not None:
            stopped.stop()

    def set_profile_mode(self, mode: Mode, pid: int) -> str:
        """Sample the stacks of ``pid``, the first process, in another way, and say so. Refused, NoData: it cannot be.

        ``profile.modes`` tells what it costs a process and when that must be confirmed first.
        """
        with self._lock:
            self._watched.source.switch_stacks(mode, pid)
        return f"stacks of process {pid} are sampled {mode}"

    def _watch(self, held: HeldTarget | None) -> _Watched:
        source = LiveTicks(self.host, held, self.options, profiling=self.profiling)
        return _Watched(source, Pipeline(self.options))

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
            source, pipeline = self._watched
            window = pipeline.window
            before = value_of(proposal.metric, window.whole) if window and proposal.metric else None
        approval = approve(proposal, by)
        entry = self.executor.apply(proposal, approval, source.held, deadline_seconds=self.options.deadline_seconds)
        with self._lock:
            self._changes.add(entry.id)
            if entry.open and source.held is not None:
                self._effects[entry.id] = Effect(
                    metric=proposal.metric,
                    target=source.held.target,
                    before=before,
                    settled_ns=clock.monotonic_ns() + int(proposal.settle_seconds * 1e9),
                )
            self._start_afresh(pipeline, entry, "to", proposal.after)
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
            self._start_afresh(self._watched.pipeline, entry, "back to", entry.proposal.before)
        return entry

    def _start_afresh(self, pipeline: Pipeline, entry: JournalEntry, how: str, value: str) -> None:
        """A setting has changed: judge only what comes after, here and in a replay."""
        pipeline.start_afresh()
        self._watched.source.forget_knobs()
        self.tape.mark(f"{CHANGED}{entry.proposal.knob} of {entry.proposal.subject} {how} {value}")

    def send_signal(self, process: ProcessId, number: int) -> None:
        """Signal exactly this process. TargetEnded, NotPermitted, Refused when read-only."""
        self.executor.send_signal(process, number)

    def source_of(self, pid: int, file: str) -> list[str]:
        """The lines of a source file as this process sees it, fit to be shown. NoData when it cannot be read."""
        return source_lines(self.host, pid, file)

    # ---- what is kept

    def toggle_recording(self) -> str:
        """Start a recording in the state folder, or end the one that is on; what came of it, in words. StoreError."""
        if not self.tape.recording:
            return f"recording into {self.tape.start(self.target)}"
        self.tape.stop()
        if (ended := self.tape.ended) is None or ended.error:
            return ended.error if ended else "the recording has ended"
        return f"{ended.samples} samples recorded in {ended.path}"

    def mark_incident(self, text: str) -> str:
        """Save the last minutes to be opened elsewhere; where they are, in words. StoreError. Takes some seconds."""
        with self._lock:
            diagnosis, entries = self._watched.pipeline.diagnosis, self._entries
        incident = Incident(wall_ns=clock.wall_ns(), text=text, diagnosis=diagnosis, journal=entries)
        return f"saved {self.tape.save_incident(self.target, incident)}"

    def save_flame(self, format_name: str, view: View = "cpu") -> str:
        """Write the stacks of the last window to the state folder; where they are, in words.

        NoData when there are none, UsageError for a format that there is not, StoreError.
        """
        from perftui.session.flame_file import save_flame  # brings all formats, and is hardly ever needed

        with self._lock:
            profile, title = self._watched.pipeline.profile, self.target.label
        if profile is None:
            raise NoData("no stacks were sampled yet")
        wall_ns = clock.wall_ns() - clock.monotonic_ns() + profile.started_ns
        return f"saved {save_flame(profile, format_name, view=view, title=title, wall_ns=wall_ns)}"

    def _with_effect(self, entry: JournalEntry) -> JournalEntry:
        effect = self._effects.get(entry.id)
        return effect.shown_in(entry) if effect is not None else entry

    def _save_effect(self, entry_id: str) -> None:
        """Write the figures of a change that is decided to the journal, and stop measuring it."""
        effect = self._effects.pop(entry_id, None)
        if effect is not None:
            self.journal.update(entry_id, metric_before=effect.before, metric_after=effect.after)


def _as_ended(last: Sample, status: ProfileStatus) -> Sample:
    """The last sample of a target that has ended since: what was measured, no longer said to be alive."""
    last = msgspec.structs.replace(last, profile_status=status)
    if last.tree is None:
        return last
    return msgspec.structs.replace(last, tree=msgspec.structs.replace(last.tree, alive=False))


def _says_nothing(diagnosis: Diagnosis | None) -> bool:
    """True when no rule could be judged: the target was seen too briefly."""
    return diagnosis is None or (not diagnosis.findings and len(diagnosis.unknown) == len(RULES))
