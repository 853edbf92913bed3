"""One reading of one collector: the only place that turns its exceptions into a state."""

import time

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.model.sample import CollectorStatus, Sample
from perftui.model.section import Section


def read(
    collector: Collector, host: Host, scope: Scope, previous: Sample | None
) -> tuple[Section | None, CollectorStatus]:
    """The section, and how the reading went and what it cost this thread. Never raises what a collector raises."""
    section: Section | None = None
    state, reason, remedy = "ok", "", ""
    began, started = monotonic_ns(), time.thread_time_ns()
    try:
        section = collector.collect(host, scope, previous)
    except NoData as error:
        state, reason, remedy = "no_data", error.reason, error.remedy
    except Exception as error:  # noqa: BLE001 (one broken collector must not take the others with it)
        state, reason = "failed", f"{type(error).__name__}: {error}"
    return section, CollectorStatus(
        name=collector.name,
        state=state,  # type: ignore[arg-type]  # one of the three literals above
        reason=reason,
        remedy=remedy,
        cpu_ns=time.thread_time_ns() - started,
        wall_ns=monotonic_ns() - began,
    )
