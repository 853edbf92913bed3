"""The target's sockets, from the kernel's socket diagnostics in the namespaces of its processes."""

from collections.abc import Iterable
from typing import NamedTuple

from perftui.collect.scope import Scope, living
from perftui.errors import NoData
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.descriptors import descriptors, socket_inode
from perftui.host.inside import made_inside, network_namespace
from perftui.host.procfs import Host
from perftui.host.sock_diag import LISTEN, InetSocket, UnixSocket, inet_sockets, sock_diag, unix_sockets
from perftui.model.process_sections import SOCKET_COLUMNS, SocketSection
from perftui.model.sample import Sample
from perftui.model.table import Table
from perftui.model.target import ProcessId

MAX_PROCESSES = 64
MAX_SOCKETS = 128
"""So many have a row; all are counted."""

TRAFFIC = ("received_bytes_total", "acked_bytes_total", "retransmits_total")


class SocketCollector:
    """Costs 2.4 µs a descriptor of the target, 1 µs a socket of the host and 20 µs a socket of the target."""

    name = "sockets"
    section = "sockets"

    def __init__(self) -> None:
        self._traffic = _Traffic()

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> SocketSection:
        now, since_boot = monotonic_ns(), boottime_ns()
        processes, skipped = living(host, scope, MAX_PROCESSES)
        if not host.is_live:
            raise NoData("a captured system has no sockets to ask about")
        held = _held_sockets(host, processes)
        inet: list[InetSocket] = []
        unix: list[UnixSocket] | None = []
        for namespace, pid in held.namespaces.items():
            try:
                found, local = _listed(host, namespace, pid, held.owners)
            except NoData as error:
                held.hidden.update(dict.fromkeys(held.members[namespace], error))
                continue
            inet += found
            unix = None if unix is None or local is None else unix + local
        if processes[0].pid in held.hidden:
            raise held.hidden[processes[0].pid]
        reason = next(iter(held.hidden.values()), NoData(""))
        self._traffic.count(processes, inet, held)
        return SocketSection(
            monotonic_ns=now,
            boottime_ns=since_boot,
            sockets=_table(sorted(inet, key=_rank)[:MAX_SOCKETS], held.owners),
            processes=self._traffic.table(processes, inet, held),
            unix=None if unix is None else _unix_table(unix),
            total=len(inet),
            hidden=len(held.hidden),
            hidden_reason=reason.reason,
            hidden_remedy=reason.remedy,
            skipped=skipped,
        )

    def close(self) -> None:
        """Nothing is kept open: a kept socket would keep an ended container's network alive."""


class _Held(NamedTuple):
    """Whose sockets are whose.

    ``namespaces``: one process in each, and ``members`` all of them. ``sampled``: processes with too many descriptors
    to look at all. ``hidden``: those that cannot be looked into, and why.
    """

    owners: dict[int, int]
    namespaces: dict[str, int]
    members: dict[str, set[int]]
    sampled: set[int]
    hidden: dict[int, NoData]


def _held_sockets(host: Host, processes: Iterable[ProcessId]) -> _Held:
    held = _Held({}, {}, {}, set(), {})
    for process in processes:
        pid = process.pid
        try:
            namespace = network_namespace(host, pid)
            found = descriptors(host, pid)
        except NoData as error:
            if isinstance(error.__cause__, PermissionError):
                held.hidden[pid] = error
            continue
        if len(found.links) < found.open:
            held.sampled.add(pid)
        held.namespaces.setdefault(namespace, pid)
        held.members.setdefault(namespace, set()).add(pid)
        for _, link in found.links:
            inode = socket_inode(link)
            if inode:
                held.owners.setdefault(inode, pid)
    return held


def _listed(
    host: Host, namespace: str, pid: int, owners: dict[int, int]
) -> tuple[list[InetSocket], list[UnixSocket] | None]:
    """The target's sockets in one namespace. NoData when it may not be entered."""
    own = namespace == network_namespace(host, "self")
    with sock_diag() if own else made_inside(host, pid, sock_diag) as netlink:
        return inet_sockets(netlink, owners), unix_sockets(netlink, owners)


def _rank(found: InetSocket) -> tuple[bool, int, int]:
    """Listeners first, then the fullest queues, then the most retransmits."""
    figures = found.figures
    queued = figures["receive_queue_bytes"] + figures["send_queue_bytes"]
    return found.state != LISTEN, -queued, -figures.get("retransmits_total", 0)


def _table(found: list[InetSocket], owners: dict[int, int]) -> Table:
    found = sorted(found, key=lambda one: one.inode)  # so that a recording of many sections stays small
    rows = [{**one.figures, "pid": owners[one.inode]} for one in found]
    return Table.of(
        {name: [row.get(name, -1) for row in rows] for name in SOCKET_COLUMNS},
        {
            "protocol": [one.protocol for one in found],
            "state": [one.state for one in found],
            "local_address": [one.local_address for one in found],
            "remote_address": [one.remote_address for one in found],
        },
    )


def _unix_table(found: list[UnixSocket]) -> Table:
    groups: dict[tuple[str, str], list[UnixSocket]] = {}
    for one in found:
        groups.setdefault((one.kind, one.state), []).append(one)
    return Table.of(
        {
            "count": [len(group) for group in groups.values()],
            "receive_queue_bytes": [sum(max(0, one.receive_queue) for one in group) for group in groups.values()],
            "send_queue_bytes": [sum(max(0, one.send_queue) for one in group) for group in groups.values()],
        },
        {"kind": [kind for kind, _ in groups], "state": [state for _, state in groups]},
    )


class _Traffic:
    """What each process's TCP sockets carried since the first look, those that were closed since included."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[int, ...]] | None = None
        self._totals: dict[ProcessId, list[int]] = {}

    def count(self, processes: list[ProcessId], found: list[InetSocket], held: _Held) -> None:
        """Add what every socket carried since the last look.

        A socket that is new counts from zero. At the first look all of them are, and in a process with too many
        descriptors one may just not have been looked at: those begin to count now.
        """
        ids = {process.pid: process for process in processes}
        totals = {process: self._totals.get(process, [0] * len(TRAFFIC)) for process in processes}
        known = {}
        for one in found:
            now = known[one.inode] = tuple(one.figures.get(name, 0) for name in TRAFFIC)
            pid = held.owners[one.inode]
            if self._known is None or (one.inode not in self._known and pid in held.sampled):
                continue
            before = self._known.get(one.inode, (0,) * len(TRAFFIC))
            total = totals[ids[pid]]
            for at, (is_now, was) in enumerate(zip(now, before, strict=True)):
                total[at] += max(0, is_now - was)
        self._known, self._totals = known, totals

    def table(self, processes: list[ProcessId], found: list[InetSocket], held: _Held) -> Table:
        """The ``processes`` of the section; -1 for one that is hidden."""
        counts = dict.fromkeys((process.pid for process in processes), 0)
        for one in found:
            counts[held.owners[one.inode]] += 1
        rows = [
            (counts[process.pid], *self._totals[process]) if process.pid not in held.hidden else (-1,) * 4
            for process in processes
        ]
        return Table.of(
            {
                "pid": [process.pid for process in processes],
                "start_ticks": [process.start_ticks for process in processes],
                **dict(zip(("sockets", *TRAFFIC), zip(*rows, strict=True), strict=True)),
            }
        )
