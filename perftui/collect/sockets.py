"""The target's sockets, from the kernel's socket diagnostics in the namespaces of its processes."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from perftui.collect.scope import Scope, living
from perftui.errors import NoData
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.descriptors import descriptors, socket_inode
from perftui.host.netns import made_inside, network_namespace
from perftui.host.procfs import Host
from perftui.host.sock_diag import LISTEN, InetSocket, UnixSocket, inet_sockets, sock_diag, unix_sockets
from perftui.model.process_sections import SOCKET_COLUMNS, SocketSection
from perftui.model.sample import Sample
from perftui.model.table import Table
from perftui.model.target import ProcessId

MAX_PROCESSES = 64
MAX_SOCKETS = 128
"""So many have a row; all are counted."""

KEPT_LOOKS = 3
"""A socket that nobody was seen to hold in so many looks is forgotten."""

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
        # Listing goes over all sockets of the namespace: 5 ms for a large table, however few are open.
        for namespace, pid in held.namespaces.items() if held.owners else ():
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
        self._traffic.count(processes, inet, held, since_boot * host.ticks_per_second // 1_000_000_000)
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


class _Carried(NamedTuple):
    """The ``TRAFFIC`` of a socket, and in how many looks since nobody was seen to hold it."""

    figures: tuple[int, ...]
    looks: int


class _Look(NamedTuple):
    """Who was looked at with all descriptors, what was held, and when, in clock ticks since boot."""

    whole: set[ProcessId]
    inodes: set[int]
    ticks: float


class _Traffic:
    """What each process's TCP sockets carried since the first look, those that were closed since included."""

    def __init__(self) -> None:
        self._known: dict[int, _Carried] = {}
        self._last = _Look(set(), set(), math.inf)
        self._totals: dict[ProcessId, list[int]] = {}

    def count(self, processes: list[ProcessId], found: list[InetSocket], held: _Held, now_ticks: int) -> None:
        """Add what every socket carried since it was seen last.

        The kernel's list is no moment's: one that is open may be missing, and be there again later. So only a socket
        that is known to be new counts from zero; any other that was not there yet begins to count now.
        """
        ids = {process.pid: process for process in processes}
        totals = {process: self._totals.get(process, [0] * len(TRAFFIC)) for process in processes}
        known = self._kept(held)
        for one in found:
            figures = tuple(one.figures.get(name, 0) for name in TRAFFIC)
            owner = ids[held.owners[one.inode]]
            if one.inode in known:
                before = known[one.inode].figures
            else:
                before = (0,) * len(TRAFFIC) if self._is_new(one.inode, owner, held) else figures
            known[one.inode] = _Carried(figures, 0)
            for at, (now, was) in enumerate(zip(figures, before, strict=True)):
                totals[owner][at] += max(0, now - was)
        seen = set().union(*held.members.values()) - held.sampled - held.hidden.keys()
        self._last = _Look({process for process in processes if process.pid in seen}, set(held.owners), now_ticks)
        self._known, self._totals = known, totals

    def _kept(self, held: _Held) -> dict[int, _Carried]:
        """What is known, without what nobody has held for long."""
        aged = {
            inode: (was.figures, 0 if inode in held.owners else was.looks + 1) for inode, was in self._known.items()
        }
        return {inode: _Carried(*carried) for inode, carried in aged.items() if carried[1] <= KEPT_LOOKS}

    def _is_new(self, inode: int, owner: ProcessId, held: _Held) -> bool:
        """Whether it was opened after the last look: nobody held it then, and its process was looked at or not there.

        In a process with too many descriptors it may just not have been looked at.
        """
        looked_at = owner in self._last.whole or owner.start_ticks >= self._last.ticks
        return looked_at and inode not in self._last.inodes and owner.pid not in held.sampled

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
