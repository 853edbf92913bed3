"""The running system as a source of samples."""

import time

from perftui.collect import HOST_COLLECTORS, TARGET_COLLECTORS
from perftui.collect.scope import Collector, Scope, scope_of
from perftui.collect.waits import WaitCollector
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns, wall_ns
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.sample import CollectorStatus, ProcessSection, Sample
from perftui.model.section import Section
from perftui.model.target import HOST


class LiveSource:
    """Calls every collector and is the only place that turns their exceptions into states.

    ``sample``, ``poll`` and ``close`` must not run at the same time. Two sources may, also on one ``Host``.
    """

    def __init__(self, host: Host, held: HeldTarget | None) -> None:
        self._host = host
        self._held = held
        self._collectors: list[Collector] = [collector() for collector in HOST_COLLECTORS]
        self._target_collectors: list[Collector] = []
        self._waits: WaitCollector | None = None
        if held is not None:
            self._target_collectors = [collector() for collector in TARGET_COLLECTORS]
            self._waits = next(c for c in self._target_collectors if isinstance(c, WaitCollector))
        self._previous: Sample | None = None

    @property
    def polls_per_second(self) -> float:
        """How often ``poll`` wants to be called; 0 without a target."""
        return self._waits.polls_per_second if self._waits else 0.0

    def poll(self) -> None:
        """Look at what the target's threads wait for; the next sample has the counts."""
        if self._waits:
            self._waits.poll()

    def sample(self) -> Sample:
        """Never raises for a signal that is missing or a collector that fails: ``collectors`` says so."""
        sections: dict[str, Section] = {}
        statuses: list[CollectorStatus] = []
        now, wall = monotonic_ns(), wall_ns()
        self._collect(self._collectors, Scope(self._held, ()), sections, statuses)
        processes = sections.get("processes")
        scope = scope_of(self._held, processes if isinstance(processes, ProcessSection) else None)
        self._collect(self._target_collectors, scope, sections, statuses)
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
        """Close every kept file. May be called twice."""
        for collector in (*self._collectors, *self._target_collectors):
            collector.close()

    def _collect(
        self,
        collectors: list[Collector],
        scope: Scope,
        sections: dict[str, Section],
        statuses: list[CollectorStatus],
    ) -> None:
        for collector in collectors:
            started = time.thread_time_ns()
            state, reason, remedy = "ok", "", ""
            try:
                sections[collector.section] = collector.collect(self._host, scope, self._previous)
            except NoData as error:
                state, reason, remedy = "no_data", error.reason, error.remedy
            except Exception as error:  # noqa: BLE001 (one broken collector must not take the others with it)
                state, reason = "failed", f"{type(error).__name__}: {error}"
            statuses.append(
                CollectorStatus(
                    name=collector.name,
                    state=state,  # type: ignore[arg-type]  # one of the three literals above
                    reason=reason,
                    remedy=remedy,
                    cpu_ns=time.thread_time_ns() - started,
                )
            )
