"""Collectors that may take long, read beside the tick."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

import msgspec

from perftui.collect.reading import read
from perftui.collect.scope import Collector, Scope
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.model.sample import CollectorStatus
from perftui.model.section import Section

DEADLINE_SECONDS = 5.0
"""A reading that takes longer is said to have failed. It is left alone, and no other one is begun meanwhile."""

PATIENCE_SECONDS = 0.5
"""After so long in one reading the next ones are given to another thread."""

SELDOM = 5
"""What said that it has no data here is asked again after so many periods: most of it never will have any."""

KEPT_PERIODS = 3
"""A section that is older than so many periods and the deadline is shown no more."""

HUNG_REMEDY = "a file server or a device may not answer: see df and dmesg"
_EARLY_RATIO = 0.05
"""A tick comes a little early or late: the reading need not wait for the one after it."""

Job = Callable[[], None]


class Hand:
    """A thread that does one job after the other; another one takes over when it is held up.

    One lasting thread, because the start of one is seen by every reader of ``/proc`` as a PID given away, our own
    process table among them. They are daemons: one that hangs in a system call does not keep the program from ending.
    """

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._begun_ns = 0
        self._closed = False

    def do(self, job: Job) -> None:
        """Have a job done after those before it."""
        self._jobs.put(job)

    def relieve(self) -> None:
        """Start a thread if there is none, or if the one there is has been at one job for long. Call it every tick.

        Where no more threads are allowed it is tried again; what is not done meanwhile is seen to be late.
        """
        with self._lock:
            held_up = self._begun_ns and monotonic_ns() - self._begun_ns > PATIENCE_SECONDS * 1e9
            if self._closed or (self._thread is not None and not held_up):
                return
            thread = threading.Thread(target=self._work, name="perftui-reader", daemon=True)
            self._thread, self._begun_ns = thread, 0
            try:
                thread.start()
            except RuntimeError:
                self._thread = None

    def close(self) -> None:
        """Let the thread end once it has nothing to do."""
        with self._lock:
            self._closed = True
        self._jobs.put(None)

    def _work(self) -> None:
        me = threading.current_thread()
        while (job := self._jobs.get()) is not None:
            with self._lock:
                if self._thread is me:
                    self._begun_ns = monotonic_ns()
            job()
            with self._lock:
                if self._thread is not me:
                    return  # another one has taken over
                self._begun_ns = 0


class SlowReader:
    """One slow collector and its latest section."""

    def __init__(self, collector: Collector, period_seconds: float, host: Host, hand: Hand) -> None:
        self.section = collector.section
        self._collector = collector
        self._period_ns = int(period_seconds * 1e9)
        self._host = host
        self._hand = hand
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._begun_ns = 0
        self._reading = False
        self._closed = False
        self._section: Section | None = None
        self._status: CollectorStatus | None = None

    def begin_if_due(self, scope: Scope) -> None:
        """Ask for a reading; not while one is under way, nor before the period is over."""
        now = monotonic_ns()
        with self._lock:
            missing = self._status is not None and self._status.state == "no_data"
            pause_ns = self._period_ns * (SELDOM if missing else 1)
            early = self._begun_ns and now - self._begun_ns < pause_ns * (1 - _EARLY_RATIO)
            if self._closed or self._reading or early:
                return
            self._reading, self._begun_ns = True, now
            self._answered.clear()
        self._hand.do(lambda: self._read(scope))

    def wait(self, seconds: float) -> None:
        """Wait for the answer to the last reading asked for, but no longer than this."""
        self._answered.wait(max(0.0, seconds))

    def answer(self) -> tuple[Section | None, CollectorStatus | None]:
        """The latest section while it is fresh enough, and how its collector fares; None before the first answer."""
        now = monotonic_ns()
        with self._lock:
            section, status = self._section, self._status
            hung_ns = now - self._begun_ns if self._reading else 0
        if hung_ns > DEADLINE_SECONDS * 1e9:
            before = status or CollectorStatus(name=self._collector.name, state="failed")
            reason = f"no answer for {hung_ns / 1e9:.0f} s"
            status = msgspec.structs.replace(before, state="failed", reason=reason, remedy=HUNG_REMEDY, wall_ns=hung_ns)
        if status is None:
            return None, None
        age_ns = now - section.monotonic_ns if section is not None else 0
        if age_ns > KEPT_PERIODS * self._period_ns + DEADLINE_SECONDS * 1e9:
            section = None
            if status.state == "ok":
                status = msgspec.structs.replace(status, state="no_data", reason=f"stale: {age_ns / 1e9:.0f} s old")
        return section, msgspec.structs.replace(status, age_ns=age_ns, period_seconds=self._period_ns / 1e9)

    def close(self) -> None:
        """Let go of the collector's files: at once, or when the reading that is under way has ended."""
        with self._lock:
            self._closed = True
            reading = self._reading
        if not reading:
            self._collector.close()

    def _read(self, scope: Scope) -> None:
        section, status = read(self._collector, self._host, scope, None)
        with self._lock:
            self._section, self._status = section, status
            self._reading = False
            closed = self._closed
        self._answered.set()
        if closed:
            self._collector.close()
