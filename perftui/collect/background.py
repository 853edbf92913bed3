"""Collectors that may take long, read beside the tick."""

import threading

import msgspec

from perftui.collect.reading import read
from perftui.collect.scope import Collector, Scope
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.model.sample import CollectorStatus
from perftui.model.section import Section

DEADLINE_SECONDS = 5.0
"""A reading that takes longer is said to have failed. It is left alone, and no other one is begun meanwhile."""

KEPT_PERIODS = 3
"""A section that is older than so many periods and the deadline is shown no more."""

HUNG_REMEDY = "a file server or a device may not answer: see df and dmesg"
_EARLY_RATIO = 0.05
"""A tick comes a little early or late: the reading need not wait for the one after it."""


class SlowReader:
    """One slow collector and its latest section.

    Each reading has a thread of its own, which costs about 100 µs every some seconds: nothing waits in between, and one
    that hangs in a system call holds up neither a tick, nor another collector, nor the end of the program.
    """

    def __init__(self, collector: Collector, period_seconds: float, host: Host) -> None:
        self.section = collector.section
        self._collector = collector
        self._period_ns = int(period_seconds * 1e9)
        self._host = host
        self._lock = threading.Lock()
        self._answered = threading.Event()
        self._begun_ns = 0
        self._reading = False
        self._closed = False
        self._section: Section | None = None
        self._status: CollectorStatus | None = None

    def begin_if_due(self, scope: Scope) -> None:
        """Start a reading; not while one is under way, nor before the period is over."""
        now = monotonic_ns()
        with self._lock:
            early = self._begun_ns and now - self._begun_ns < self._period_ns * (1 - _EARLY_RATIO)
            if self._closed or self._reading or early:
                return
            self._reading, self._begun_ns = True, now
        thread = threading.Thread(target=self._read, args=(scope,), name=f"perftui-{self._collector.name}", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # no more threads are allowed here
            self._take(None, CollectorStatus(name=self._collector.name, state="failed", reason=str(error)))

    def wait(self, seconds: float) -> None:
        """Wait for the first answer, but no longer than this."""
        self._answered.wait(max(0.0, seconds))

    def answer(self) -> tuple[Section | None, CollectorStatus | None]:
        """The latest section while it is fresh enough, and how its collector fares; None before the first answer."""
        now = monotonic_ns()
        with self._lock:
            section, status, begun = self._section, self._status, self._begun_ns
            hung_ns = now - begun if self._reading else 0
        if hung_ns > DEADLINE_SECONDS * 1e9:
            reason = f"no answer for {hung_ns / 1e9:.0f} s"
            before = status or CollectorStatus(name=self._collector.name, state="failed")
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
        self._take(*read(self._collector, self._host, scope, None))

    def _take(self, section: Section | None, status: CollectorStatus) -> None:
        with self._lock:
            self._section, self._status = section, status
            self._reading = False
            closed = self._closed
        self._answered.set()
        if closed:
            self._collector.close()
