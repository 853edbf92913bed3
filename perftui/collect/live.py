"""The running system as a source of samples."""

from collections.abc import Iterable, Sequence

from perftui.collect import HOST_COLLECTORS, SLOW_HOST_COLLECTORS, SLOW_TARGET_COLLECTORS, TARGET_COLLECTORS
from perftui.collect.background import Hand, SlowReader
from perftui.collect.reading import read
from perftui.collect.scope import Collector, Scope, scope_of
from perftui.collect.waits import WaitCollector
from perftui.host.clock import monotonic_ns, wall_ns
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.sample import CollectorStatus, ProcessSection, Sample
from perftui.model.section import Section
from perftui.model.target import HOST

LONG_INTERVAL_NS = 5_000_000_000
"""After so long what the slow collectors read behind the last sample is old: they are asked for this one."""

ANSWERS_SECONDS = 0.05
"""How long the first sample, or one after a long interval, waits for them; what takes longer is in a later one."""


class LiveSource:
    """Reads every collector: most in each ``sample``, the slow ones beside it.

    ``sample``, ``poll`` and ``close`` must not run at the same time. Two sources may, also on one ``Host``.
    """

    def __init__(self, host: Host, held: HeldTarget | None) -> None:
        self._host = host
        self._held = held
        self._collectors: list[Collector] = [collector() for collector in HOST_COLLECTORS]
        self._hand = Hand()
        self._slow = self._readers(SLOW_HOST_COLLECTORS)
        self._target_collectors: list[Collector] = []
        self._slow_target: list[SlowReader] = []
        self._waits: WaitCollector | None = None
        if held is not None:
            self._target_collectors = [collector() for collector in TARGET_COLLECTORS]
            self._slow_target = self._readers(SLOW_TARGET_COLLECTORS)
            self._waits = next(c for c in self._target_collectors if isinstance(c, WaitCollector))
        self._previous: Sample | None = None

    def poll(self) -> float:
        """Look at what the target's threads wait for; the next sample has the counts.

        Returns the seconds until the next look, 0 without a target.
        """
        return self._waits.poll() if self._waits else 0.0

    def sample(self) -> Sample:
        """Never raises for a signal that is missing or a collector that fails: ``collectors`` says so."""
        sections: dict[str, Section] = {}
        statuses: list[CollectorStatus] = []
        now, wall = monotonic_ns(), wall_ns()
        self._collect(self._collectors, Scope(self._held, ()), sections, statuses)
        processes = sections.get("processes")
        scope = scope_of(self._held, processes if isinstance(processes, ProcessSection) else None)
        alone = self._previous is None or now - self._previous.monotonic_ns > LONG_INTERVAL_NS
        if alone:
            self._begin_slow(scope)
        self._collect(self._target_collectors, scope, sections, statuses)
        if alone:
            self._await_slow()
        self._merge((*self._slow, *self._slow_target), sections, statuses)
        if not alone:  # two threads that read files at the same time hand the interpreter to and fro
            self._begin_slow(scope)
        self._previous = Sample(
            monotonic_ns=now,
            wall_ns=wall,
            boot_id=self._host.boot_id,
            target=self._held.target if self._held else HOST,
            collectors=tuple(statuses),
            **sections,  # type: ignore[arg-type]  # each collector names the field that its section is for
        )
        return self._previous

    def close(self) -> None:
        """Close every kept file; those of a reading that is under way when it ends. May be called twice."""
        for collector in (*self._collectors, *self._target_collectors):
            collector.close()
        for reader in (*self._slow, *self._slow_target):
            reader.close()
        self._hand.close()
        self._host.close()

    def _readers(self, slow: Iterable[tuple[type[Collector], float]]) -> list[SlowReader]:
        return [SlowReader(collector(), period, self._host, self._hand) for collector, period in slow]

    def _collect(
        self,
        collectors: Sequence[Collector],
        scope: Scope,
        sections: dict[str, Section],
        statuses: list[CollectorStatus],
    ) -> None:
        for collector in collectors:
            section, status = read(collector, self._host, scope, self._previous)
            statuses.append(status)
            if section is not None:
                sections[collector.section] = section

    def _begin_slow(self, scope: Scope) -> None:
        """All that are due at once: a wake-up costs more than many a reading."""
        for reader in (*self._slow, *self._slow_target):
            reader.begin_if_due(scope)
        self._hand.relieve()

    def _await_slow(self) -> None:
        until = monotonic_ns() + ANSWERS_SECONDS * 1e9
        for reader in (*self._slow, *self._slow_target):
            reader.wait((until - monotonic_ns()) / 1e9)

    def _merge(
        self, readers: Sequence[SlowReader], sections: dict[str, Section], statuses: list[CollectorStatus]
    ) -> None:
        """Add what the slow collectors have by now."""
        for reader in readers:
            section, status = reader.answer()
            if status is not None:
                statuses.append(status)
            if section is not None:
                sections[reader.section] = section
