"""Where a process's control groups are in the file system: v1, v2 and both at once."""

import posixpath
import re
from typing import NamedTuple

_OCTAL = re.compile(r"\\([0-7]{3})")


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
    """``/proc/PID/cgroup``: ``id:controllers:path``; a path may hold colons."""
    members = []
    for line in _lines(raw):
        _, names, path = line.split(":", 2)
        members.append(Membership(frozenset(filter(None, names.split(","))), path))
    return tuple(members)


def parse_mounts(raw: bytes) -> tuple[Mount, ...]:
    """The control group mounts in ``/proc/self/mountinfo``."""
    mounts = []
    for line in _lines(raw):
        before, separator, after = line.partition(" - ")
        if not separator or not after.startswith("cgroup"):
            continue
        kind, _, options = after.split(" ", 2)
        root, point = (_OCTAL.sub(lambda match: chr(int(match[1], 8)), word) for word in before.split(" ")[3:5])
        names = frozenset(options.split(",")) if kind == "cgroup" else frozenset[str]()
        mounts.append(Mount(2 if kind == "cgroup2" else 1, names, root, point))
    return tuple(mounts)


def _lines(raw: bytes) -> list[str]:
    """Split at newlines alone: a group's name may hold what else ``splitlines`` takes for one."""
    return [line for line in raw.decode("utf-8", "surrogateescape").split("\n") if line]


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
            directory = _directory(member.path, mount) if same else None
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


def _directory(path: str, mount: Mount) -> str | None:
    """None for a path outside the mount: ``/../x`` is one outside this namespace."""
    path = path.removesuffix(" (deleted)")
    if "/.." in path:
        return None
    if mount.root == "/":
        return posixpath.normpath(mount.point + path)
    if path == mount.root or path.startswith(mount.root + "/"):
        return posixpath.normpath(mount.point + path[len(mount.root) :])
    return None
