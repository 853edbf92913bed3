"""What the target's descriptors are, and deleted files that they keep on disk."""

import os
import re
from collections import Counter
from typing import NamedTuple

from perftui.collect.scope import Collector, Scope, living
from perftui.errors import NoData
from perftui.host.clock import boottime_ns, monotonic_ns
from perftui.host.descriptors import MAX_LOOKS, descriptors, status_of
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.process_sections import OpenFileSection
from perftui.model.sample import Sample
from perftui.model.table import Table

MAX_PROCESSES = 64
MAX_ALL_LOOKS = 5 * MAX_LOOKS
MAX_DELETED = 64
MAX_STATUSES = 1000
_PATH_LIMIT = 256
_DELETED = " (deleted)"
_NAMED = re.compile(r"(socket|pipe|pidfd|anon_inode):\[?([^\]:]*)")
_NAMESPACE = re.compile(r"(cgroup|ipc|mnt|net|pid|time|user|uts)(_for_children)?:\[\d+\]\Z")
_ANONYMOUS = {
    "eventpoll": "epoll",
    **{
        name: name
        for name in (
            "eventfd", "fanotify", "inotify", "io_uring", "perf_event", "pidfd", "signalfd", "timerfd", "userfaultfd",
        )
    },
}  # fmt: skip


class Deleted(NamedTuple):
    """A file without a name: who has it open, and what it takes on disk."""

    size_bytes: int
    pid: int
    fd: int
    path: str


class OpenFileCollector(Collector):
    """Costs about 2.4 µs a descriptor. At most 10,000 of a process are looked at, and 50,000 of all."""

    name = "open-files"
    section = "open_files"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> OpenFileSection:
        now, since_boot = monotonic_ns(), boottime_ns()
        processes, skipped = living(host, scope, MAX_PROCESSES)
        main = processes[0].pid
        kinds: Counter[str] = Counter()
        suspects: list[tuple[int, int, str]] = []
        rows = []
        left = MAX_ALL_LOOKS
        for at, process in enumerate(processes):
            if left <= 0:
                skipped += len(processes) - at
                break
            try:
                found = descriptors(host, process.pid, min(MAX_LOOKS, left))
            except NoData as error:
                if process.pid == main:
                    raise
                if isinstance(error.__cause__, PermissionError):
                    rows.append((process.pid, process.start_ticks, -1, -1))
                continue
            left -= len(found.links)
            kinds.update(kind_of(link) for _, link in found.links)
            suspects += [(process.pid, fd, link) for fd, link in found.links if link.endswith(_DELETED)]
            rows.append((process.pid, process.start_ticks, found.open, len(found.links)))
        deleted = _deleted(host, suspects)
        columns = list(zip(*rows, strict=True))
        shown = deleted[:MAX_DELETED]
        return OpenFileSection(
            monotonic_ns=now,
            boottime_ns=since_boot,
            processes=Table.of(dict(zip(("pid", "start_ticks", "open_files", "looked_at"), columns, strict=True))),
            kinds=Table.of(
                {"count": [count for _, count in kinds.most_common()]},
                {"kind": [kind for kind, _ in kinds.most_common()]},
            ),
            deleted=Table.of(
                {
                    "pid": [file.pid for file in shown],
                    "fd": [file.fd for file in shown],
                    "size_bytes": [file.size_bytes for file in shown],
                },
                {"path": [file.path for file in shown]},
            ),
            deleted_count=len(deleted),
            deleted_bytes=sum(file.size_bytes for file in deleted),
            skipped=skipped,
        )


def kind_of(link: str) -> str:
    """``file`` (directories too), ``device``, ``memfd``, ``pipe``, ``socket``, ``epoll`` … or ``other``."""
    if link.startswith("/"):
        if link.startswith("/memfd:"):
            return "memfd"
        return "device" if link.startswith("/dev/") and not link.startswith("/dev/shm/") else "file"  # noqa: S108 (a name to compare)
    if _NAMESPACE.match(link):
        return "namespace"
    named = _NAMED.match(link)
    if named is None:
        return "other"
    family, name = named.groups()
    if family != "anon_inode":
        return family
    return "bpf" if name.startswith("bpf") else _ANONYMOUS.get(name, "other")


def _deleted(host: Host, suspects: list[tuple[int, int, str]]) -> list[Deleted]:
    """Those that have no name left (a file may be called ``x (deleted)``, or have a second name), each once."""
    found: dict[tuple[int, int], Deleted] = {}
    for pid, fd, link in suspects[:MAX_STATUSES]:
        if kind_of(link) != "file":
            continue
        status = status_of(host, pid, fd)
        if status is not None and status.st_nlink == 0:
            path = visible(os.fsencode(link.removesuffix(_DELETED)), _PATH_LIMIT)
            found.setdefault((status.st_dev, status.st_ino), Deleted(status.st_blocks * 512, pid, fd, path))
    return sorted(found.values(), reverse=True)
