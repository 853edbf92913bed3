"""Whose the target is: its systemd unit, its container, and the PIDs it has in there."""

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host.cgroupfs import parse_membership, telling_path, within
from perftui.host.clock import monotonic_ns
from perftui.host.containers import container_of, named, unit_of
from perftui.host.procfs import Host
from perftui.host.stat import parse_fields
from perftui.host.text import visible
from perftui.model.group_sections import Container, GroupSection
from perftui.model.sample import Sample
from perftui.model.table import Table


class GroupCollector(Collector):
    """Names are looked up when the target comes to another group, inner PIDs when a process is first seen.

    Beside the tick, because the names of a user's containers are in the user's home, which may be on a dead mount.
    """

    name = "group"
    section = "group"

    def __init__(self) -> None:
        self._membership = b""
        self._path = "/"
        self._container: Container | None = None
        self._inner: dict[int, int] = {}

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> GroupSection:
        if scope.target is None:
            raise NoData("no process is watched", "give a PID")
        now = monotonic_ns()
        membership = host.read(f"/proc/{scope.target.process.pid}/cgroup")
        if membership != self._membership:
            self._locate(host, membership, scope.target.target.group)
        unit, user_unit, slice_ = unit_of(self._path)
        self._inner = {pid: self._inner[pid] if pid in self._inner else inner_pid(host, pid) for pid in scope.pids}
        return GroupSection(
            monotonic_ns=now,
            path=visible(self._path),
            unit=unit,
            user_unit=user_unit,
            slice=slice_,
            container=self._container,
            processes=Table.of({"pid": list(self._inner), "inner_pid": list(self._inner.values())}),
        )

    def _locate(self, host: Host, membership: bytes, top: str) -> None:
        self._path = within(telling_path(parse_membership(membership)), top)
        container = container_of(self._path)
        self._container = named(host, container, self._path) if container else None
        self._membership = membership


def inner_pid(host: Host, pid: int) -> int:
    """What the process is called in its own PID namespace; -1 where that is this one, or not readable.

    ``NSpid`` lists a process's numbers from this namespace to its own.
    """
    try:
        numbers = parse_fields(host.read(f"/proc/{pid}/status")).get(b"NSpid", b"").split()
    except NoData:
        return -1
    return int(numbers[-1]) if len(numbers) > 1 else -1
