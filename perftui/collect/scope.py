"""What a collector is asked to look at, and what it has to be."""

from typing import NamedTuple, Protocol

from perftui.errors import NoData
from perftui.host.groups import HeldGroup
from perftui.host.procfs import Host
from perftui.host.stat import start_ticks
from perftui.host.target import HeldTarget
from perftui.model.descent import descendants
from perftui.model.sample import ProcessSection, Sample
from perftui.model.section import Section
from perftui.model.table import Table
from perftui.model.target import ProcessId


class Scope(NamedTuple):
    """``pids`` are the target's processes, the main one first; empty when the whole host is watched."""

    target: HeldTarget | None
    pids: tuple[int, ...]


class Collector(Protocol):
    """Reads one section. ``name`` is how it is called on screen, ``section`` its field of the sample."""

    name: str
    section: str

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> Section:
        """NoData when the signal is not visible here."""

    def close(self) -> None:
        """Let go of all files."""
        return  # most collectors keep none open


def scope_of(held: HeldTarget | None, processes: ProcessSection | None) -> Scope:
    """The target and, when it is watched with them, its descendants in the process table; of a group all members."""
    if held is None:
        return Scope(None, ())
    if isinstance(held, HeldGroup):
        table = processes.processes if processes else Table.of({"pid": (), "start_ticks": ()})
        return Scope(held, held.look(dict(zip(table.ints("pid"), table.ints("start_ticks"), strict=True))))
    main = held.process.pid
    if processes is None or not held.target.with_children:
        return Scope(held, (main,))
    return Scope(held, (main, *descendants(processes, main)))


def living(host: Host, scope: Scope, limit: int) -> tuple[list[ProcessId], int]:
    """At most ``limit`` processes of the target, the main one first, and how many there are beyond.

    NoData when no process is watched or the main one has ended.
    """
    if scope.target is None:
        raise NoData("no process is watched", "give a PID")
    found = []
    for pid in scope.pids[:limit]:
        try:
            found.append(ProcessId(pid=pid, start_ticks=start_ticks(host.read(f"/proc/{pid}/stat"))))
        except NoData:
            continue  # it has ended
    if not found or found[0] != scope.target.process:
        raise NoData(f"process {scope.target.process.pid} has ended")
    return found, max(0, len(scope.pids) - limit)
