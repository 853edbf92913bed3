"""Where a process's control groups are in the file system: v1, v2 and both at once."""

import errno
import posixpath
from collections.abc import Iterator
from typing import NamedTuple

from perftui.errors import NoData
from perftui.host.mounts import parse_mountinfo
from perftui.host.procfs import Host


class Membership(NamedTuple):
    """One line of ``/proc/PID/cgroup``: no controllers means version 2."""

    controllers: frozenset[str]
    path: str


class Mount(NamedTuple):
    """A mounted hierarchy. ``root`` is the group that is seen at ``point``; ``/`` is the top (of the namespace)."""

    version: int
    controllers: frozenset[str]
    root: str
    point: str


class Group(NamedTuple):
    """A group's directory and the mount's, which is the highest one that can be seen."""

    version: int
    directory: str
    top: str


def parse_membership(raw: bytes) -> tuple[Membership, ...]:
    """``/proc/PID/cgroup``: ``id:controllers:path``. A path may hold colons, and ends of lines other than a newline."""
    members = []
    for line in filter(None, raw.decode("utf-8", "surrogateescape").split("\n")):
        _, names, path = line.split(":", 2)
        members.append(Membership(frozenset(filter(None, names.split(","))), path))
    return tuple(members)


def parse_mounts(raw: bytes) -> tuple[Mount, ...]:
    """The control group mounts in ``/proc/self/mountinfo``."""
    versions = {"cgroup": 1, "cgroup2": 2}
    return tuple(
        Mount(versions[mount.kind], mount.options if mount.kind == "cgroup" else frozenset(), mount.root, mount.point)
        for mount in parse_mountinfo(raw)
        if mount.kind in versions
    )


def groups_of(controller: str, members: tuple[Membership, ...], mounts: tuple[Mount, ...]) -> tuple[Group, ...]:
    """The directories that may have a controller's files for a process: its v1 hierarchy first, then v2.

    Empty when it is in a group that is outside what is mounted here, as seen from inside a container.
    """
    groups = []
    for mount in sorted(mounts):
        for member in members:
            same = (
                controller in member.controllers & mount.controllers if mount.version == 1 else not member.controllers
            )
            directory = directory_of(member.path, mount) if same else None
            if directory is not None:
                groups.append(Group(mount.version, directory, mount.point))
    return tuple(groups)


def levels(group: Group) -> tuple[str, ...]:
    """The group's directory and those above it, up to and with the mount point."""
    directory = group.directory
    found = [directory]
    while directory != group.top and directory != "/":
        directory = posixpath.dirname(directory)
        found.append(directory)
    return tuple(found)


def directory_of(path: str, mount: Mount) -> str | None:
    """Where a group is; None for a path outside the mount: ``/../x`` is one outside this namespace."""
    path = path.removesuffix(" (deleted)")
    if "/.." in path:
        return None
    if mount.root == "/":
        return posixpath.normpath(mount.point + path)
    if path == mount.root or path.startswith(mount.root + "/"):
        return posixpath.normpath(mount.point + path[len(mount.root) :])
    return None


SYSTEMD = "name=systemd"
"""The version 1 hierarchy without a controller in which systemd keeps its units."""


def search_order(mounts: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """The hierarchies in the order in which units and containers are looked for: version 2, systemd's own, the rest."""
    return tuple(sorted(mounts, key=lambda mount: (mount.version != 2, SYSTEMD not in mount.controllers, mount.point)))


def telling_path(members: tuple[Membership, ...]) -> str:
    """The path that says most of who a process belongs to: version 2, else systemd's own, else the deepest one."""
    deepest = sorted(members, key=lambda member: -member.path.rstrip("/").count("/"))
    ranked = sorted(deepest, key=lambda member: (bool(member.controllers), SYSTEMD not in member.controllers))
    return next((member.path for member in ranked if member.path != "/"), "/").removesuffix(" (deleted)")


def is_root(host: Host, group: Group) -> bool:
    """True for the top of a whole hierarchy, whose figures are the host's; a container's own top is none."""
    if group.directory != group.top:
        return False
    if group.version == 2:
        return not host.exists(f"{group.top}/cgroup.events")
    return host.exists(f"{group.top}/cgroup.sane_behavior")


def groups_under(host: Host, mount: Mount) -> Iterator[tuple[str, str]]:
    """Path and directory of every group that can be seen in a hierarchy, without its top."""
    left = [("" if mount.root == "/" else mount.root, mount.point)]
    while left:
        path, directory = left.pop()
        for name in _folders(host, directory):
            left.append((f"{path}/{name}", f"{directory}/{name}"))
            yield left[-1]


def process_ids(host: Host, directory: str) -> Iterator[int]:
    """The processes in a group and below it; 0 stands for those in other PID namespaces. Empty when it is gone."""
    yield from map(int, (content(host, f"{directory}/cgroup.procs") or "").split())
    for name in _folders(host, directory):
        yield from process_ids(host, f"{directory}/{name}")


def content(host: Host, path: str) -> str | None:
    """A file of a group; None when it is not there, not permitted or not supported by this group."""
    try:
        return host.text(path)
    except NoData:
        return None
    except OSError as error:
        if error.errno == errno.ENODEV:  # the group was removed between open and read
            return None
        raise


def counters(text: str | None) -> dict[str, int]:
    """``name number`` lines; others are left out."""
    pairs = (line.rpartition(" ") for line in (text or "").splitlines())
    return {name: int(number) for name, _, number in pairs if number.isdigit()}


def number(host: Host, path: str) -> int | None:
    """The number in a file; None when it is not there, or is ``max``."""
    text = content(host, path)
    return int(text) if text is not None and text.isdigit() else None


def limit_of(text: str) -> int | None:
    """None for ``max``."""
    return None if text == "max" else int(text)


def _folders(host: Host, directory: str) -> list[str]:
    try:
        return host.folders(directory)
    except NoData:
        return []


def within(path: str, top: str) -> str:
    """A process's path, or ``top`` where the process is in a group below that."""
    return top if top and path.startswith(f"{top.rstrip('/')}/") else path
