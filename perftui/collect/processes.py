"""Every process of the host, from ``/proc/PID/stat``."""

from perftui.collect.scope import Scope
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.process_table import ProcessTable
from perftui.host.procfs import Host
from perftui.model.sample import ProcessSection, Sample


class ProcessCollector:
    name = "processes"
    section = "processes"

    def __init__(self) -> None:
        self._table: ProcessTable | None = None

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> ProcessSection:
        if self._table is None:
            self._table = ProcessTable(host)
        return ProcessSection(
            monotonic_ns=monotonic_ns(),
            boottime_ns=boottime_ns(),
            processes=self._table.scan(),
            ticks_per_second=host.ticks_per_second,
        )

    def close(self) -> None:
        if self._table is not None:
            self._table.close()
