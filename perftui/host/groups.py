"""Targets that are groups of processes: find one by what it is called, and hold it."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple, Self

import msgspec

from perftui.errors import NoData, NoSuchTarget, NotPermitted, TargetEnded, UsageError
from perftui.host.cgroupfs import Mount, directory_of, groups_under, parse_mounts, process_ids, search_order
from perftui.host.command import command_of
from perftui.host.containers import container_at, named
from perftui.host.procfs import Host
from perftui.host.stat import parse_stat
from perftui.host.target import HeldTarget
from perftui.host.text import visible
from perftui.model.group_sections import SHORT_ID, Container
from perftui.model.target import ProcessId

GroupKind = Literal["unit", "cgroup", "container"]
_SHOWN_MATCHES = 20
_HEX = frozenset("0123456789abcdef")


class Place(NamedTuple):
    """A group in one hierarchy: its path there, as processes' ``/proc/PID/cgroup`` have it, and its directory."""

    path: str
    directory: str


class FoundGroup(NamedTuple):
    """What a target spec means. ``name`` is how the group is shown."""

    kind: GroupKind
    name: str
    place: Place


class HeldGroup(HeldTarget):
    """A control group with all processes in it and below it.

    The group is known by its inode: one that is removed and made again under the same name is another one. Its
    ``process`` is its main one, which is the oldest; when that ends the next oldest takes its place, and the group has
    ended when it has no process any more. The main process at the time of the attach is held as any other target.
    """

    def __init__(self, host: Host, found: FoundGroup, inode: int, first: HeldTarget) -> None:
        target = msgspec.structs.replace(
            first.target, kind=found.kind, name=visible(found.name), group=found.place.path, with_children=True
        )
        super().__init__(-1, -1, target, first.process)
        self._host = host
        self._directory_path = found.place.directory
        self._inode = inode
        self._first = first
        self._closed = False

    @classmethod
    def open_group(cls, host: Host, found: FoundGroup) -> Self:
        """NoSuchTarget when it has no process, NotPermitted when none of them can be seen from here."""
        try:
            inode = host.inode(found.place.directory)
        except NoData as error:
            raise NoSuchTarget(f"{found.kind}:{visible(found.name)} is gone") from error
        for process in _oldest_first(host, _visible_pids(host, found)):
            with contextlib.suppress(NoSuchTarget):  # it has ended just now: the next one
                return cls(host, found, inode, HeldTarget.open(host, process.pid))
        raise NoSuchTarget(f"{found.kind}:{visible(found.name)} has no process")

    @property
    def main(self) -> HeldTarget:
        return self._first

    @property
    def ended(self) -> bool:
        """True once no process is left in it, or the group itself has been removed."""
        return self._closed or next(self._pids(), None) is None

    def check(self) -> None:
        """TargetEnded when it is gone. What is done to one of its processes checks that process itself."""
        if self.ended:
            raise TargetEnded(f"{self.target.kind} {self.target.name} has ended")

    def close(self) -> None:
        """Let go; afterwards it counts as ended. May be called twice."""
        self._closed = True
        self._first.close()

    def look(self, started: Mapping[int, int]) -> tuple[int, ...]:
        """Its processes now, the main one first. ``started``: ``start_ticks`` by PID of those that can be seen.

        A main process that has ended is replaced here.
        """
        pids = started.keys() & set(self._pids())
        if not pids:
            return (self.process.pid,)
        if self.process.pid not in pids or started[self.process.pid] != self.process.start_ticks:
            self._choose_main(min(pids, key=lambda pid: (started[pid], pid)), started)
        return (self.process.pid, *sorted(pids - {self.process.pid}))

    def _choose_main(self, pid: int, started: Mapping[int, int]) -> None:
        with contextlib.suppress(NoData, ValueError):  # ended meanwhile: the next look finds another one
            comm = parse_stat(self._host.read(f"/proc/{pid}/stat")).comm
            self.process = ProcessId(pid=pid, start_ticks=started[pid])
            command = command_of(self._host, pid, comm)
            self.target = msgspec.structs.replace(self.target, process=self.process, command=command)

    def _pids(self) -> Iterator[int]:
        with contextlib.suppress(NoData):  # the group is gone
            if self._host.inode(self._directory_path) == self._inode:
                yield from filter(None, process_ids(self._host, self._directory_path))


def find_group(host: Host, spec: str) -> FoundGroup:
    """The group that ``unit:NAME``, ``cgroup:PATH`` or ``container:ID`` means.

    UsageError when the spec is malformed or means several (the message lists them), NoSuchTarget when there is none,
    NotPermitted when names of containers may not be read.
    """
    kind, _, name = spec.partition(":")
    if not name:
        raise UsageError(f"TARGET: {kind}: needs a name, such as {_EXAMPLES[kind]}")
    return {"unit": _find_unit, "cgroup": _find_cgroup, "container": _find_container}[kind](host, name)


_EXAMPLES = {
    "unit": "unit:nginx.service",
    "cgroup": "cgroup:/system.slice/nginx.service",
    "container": "container:4f66ad9a1b2c",
}


def _find_unit(host: Host, name: str) -> FoundGroup:
    wanted = name if "." in name else f"{name}.service"
    places = _populated(host, lambda path: path.rpartition("/")[2] in (wanted, f"_{wanted}"))
    # The system's own unit comes before one of the same name in a container or under a user's manager.
    places = [place for place in places if _is_of_system(place.path)] or places
    return FoundGroup("unit", wanted, _only(f"unit:{name}", places, lambda place: place.path))


def _is_of_system(path: str) -> bool:
    """The system's units have nothing but slices above them."""
    return all(name.endswith(".slice") for name in path.split("/")[1:-1])


def _find_cgroup(host: Host, name: str) -> FoundGroup:
    parts = name.split("/")
    if not name.startswith("/") or ".." in parts or "." in parts:
        raise UsageError(f"TARGET: cgroup:{visible(name)}: the path begins with / and has no . or .. in it")
    wanted = "/" + "/".join(filter(None, parts))
    empty = []
    for mount in _hierarchies(host):
        inside = wanted == mount.point or wanted.startswith(f"{mount.point}/")
        root = "" if mount.root == "/" else mount.root
        path = (root + wanted[len(mount.point) :] or "/") if inside else wanted
        directory = directory_of(path, mount)
        if directory is None or not host.exists(f"{directory}/cgroup.procs"):
            continue
        if directory == mount.point:
            raise UsageError(f"TARGET: cgroup:{visible(name)} is the whole host: leave TARGET out")
        if next(process_ids(host, directory), None) is not None:
            return FoundGroup("cgroup", path, Place(path, directory))
        empty.append(directory)
    if empty:
        raise NoSuchTarget(f"cgroup:{visible(name)} has no process")
    raise NoSuchTarget(f"there is no control group {visible(name)}")


def _find_container(host: Host, text: str) -> FoundGroup:
    places = _populated(host, lambda path: container_at(path) is not None)
    known = [(named(host, container, place.path), place) for place in places if (container := container_at(place.path))]
    for matches in (_is_id, _is_called, _begins_with):
        found = [(container, place) for container, place in known if matches(container, text)]
        if found:
            labels = {place: f"{container.label} {container.id[:SHORT_ID]}" for container, place in found}
            place = _only(f"container:{text}", list(labels), labels.__getitem__)
            chosen = next(container for container, at in found if at == place)
            return FoundGroup("container", chosen.name or chosen.id[:SHORT_ID], place)
    nameless = [container for container, _ in known if not container.name]
    if nameless and not set(text) <= _HEX and host.is_live:
        raise NotPermitted(
            f"no container is known as {visible(text)}, and the names of {len(nameless)} cannot be read: run as root, "
            "or give the container's id"
        )
    raise NoSuchTarget(f"no running container is called {visible(text)} or has an id that begins so")


def _is_id(container: Container, text: str) -> bool:
    return container.id == text


def _is_called(container: Container, text: str) -> bool:
    pod = f"{container.namespace}/{container.pod}"
    return text in {container.name, container.pod, pod, f"{pod}/{container.name}"}


def _begins_with(container: Container, text: str) -> bool:
    return container.runtime != "lxc" and container.id.startswith(text)


def _hierarchies(host: Host) -> tuple[Mount, ...]:
    try:
        return search_order(parse_mounts(host.read("/proc/self/mountinfo")))
    except NoData:
        return ()


def _populated(host: Host, wanted: Callable[[str], bool]) -> list[Place]:
    """Groups with processes whose path is wanted, in the first hierarchy that has any."""
    for mount in _hierarchies(host):
        found = [Place(*group) for group in groups_under(host, mount) if wanted(group[0])]
        populated = [place for place in found if next(process_ids(host, place.directory), None) is not None]
        if populated:
            return populated
    return []


def _only(spec: str, places: list[Place], shown: Callable[[Place], str]) -> Place:
    if not places:
        raise NoSuchTarget(f"{visible(spec)}: nothing of that name runs here, as far as control groups tell")
    if len(places) > 1:
        lines = sorted(f"  {visible(shown(place))}  cgroup:{visible(place.path)}" for place in places)
        more = [f"  and {len(lines) - _SHOWN_MATCHES} more"] if len(lines) > _SHOWN_MATCHES else []
        head = f"TARGET: {visible(spec)} matches {len(places)} groups; give the cgroup: of one:"
        raise UsageError("\n".join([head, *lines[:_SHOWN_MATCHES], *more]))
    return places[0]


def _visible_pids(host: Host, found: FoundGroup) -> set[int]:
    pids = set(process_ids(host, found.place.directory))
    if pids == {0}:
        raise NotPermitted(
            f"{found.kind}:{visible(found.name)} runs in another PID namespace: run perftui outside the container"
        )
    return pids - {0}


def _oldest_first(host: Host, pids: Iterable[int]) -> list[ProcessId]:
    processes = []
    for pid in pids:
        with contextlib.suppress(NoData, ValueError):  # ended meanwhile
            stat = parse_stat(host.read(f"/proc/{pid}/stat"))
            processes.append(ProcessId(pid=pid, start_ticks=stat.starttime))
    return sorted(processes, key=lambda process: (process.start_ticks, process.pid))
