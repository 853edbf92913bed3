"""What the target's threads waited for, by the kernel's delay accounting."""

from perftui.collect.scope import Collector, Scope, living
from perftui.errors import NoData
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.procfs import Host
from perftui.host.taskstats import Delays, Taskstats
from perftui.model.process_sections import DelaySection
from perftui.model.sample import Sample
from perftui.model.table import Table
from perftui.model.target import ProcessId

MAX_PROCESSES = 256
SWITCH = "/proc/sys/kernel/task_delayacct"


class DelayCollector(Collector):
    """Costs one question to the kernel per process, about 15 µs."""

    name = "delays"
    section = "delays"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> DelaySection:
        now, since_boot = monotonic_ns(), boottime_ns()
        processes, skipped = living(host, scope, MAX_PROCESSES)
        if not host.has_clocks:
            raise NoData("the kernel's accounting goes by other PIDs than /proc here", "run perftui on the host")
        _check_switch(host)
        with Taskstats() as taskstats:
            asked = [(process, taskstats.of_process(process.pid)) for process in processes]
        rows = [(process, delays) for process, delays in asked if delays is not None]
        if not any(delays.blkio.ns >= 0 for _, delays in rows):
            raise NoData(
                "the target was started before delay accounting was switched on, which reaches new processes alone",
                "start the target again",
            )
        return DelaySection(monotonic_ns=now, boottime_ns=since_boot, processes=_table(rows), skipped=skipped)


def _check_switch(host: Host) -> None:
    """NoData unless delay accounting is on. Before Linux 5.14 it has no switch: it was on unless booted otherwise."""
    if host.exists(SWITCH) and host.text(SWITCH) != "1":
        raise NoData(
            "delay accounting is off: kernel.task_delayacct is 0",
            "as root: sysctl -w kernel.task_delayacct=1, and start the target again: it reaches new processes alone",
        )


def _table(rows: list[tuple[ProcessId, Delays]]) -> Table:
    columns = {
        "pid": [process.pid for process, _ in rows],
        "start_ticks": [process.start_ticks for process, _ in rows],
    }
    for at, name in enumerate(Delays._fields):
        columns[f"{name}_ns_total"] = [delays[at].ns for _, delays in rows]
        if name != "cpu":
            columns[f"{name}_total"] = [delays[at].times for _, delays in rows]
    return Table.of(columns)
