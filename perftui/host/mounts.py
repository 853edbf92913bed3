"""What is mounted, from ``/proc/self/mountinfo``."""

import re
from typing import NamedTuple

_OCTAL = re.compile(r"\\([0-7]{3})")


class MountPoint(NamedTuple):
    """One mount. ``device`` is ``major:minor``; strings are as the kernel has them, with odd bytes as surrogates.

    ``options`` are those of the file system (``hidepid=2``, ``cpu``), not of this mount of it.
    """

    device: str
    root: str
    point: str
    kind: str
    source: str
    options: frozenset[str]
    read_only: bool


def parse_mountinfo(raw: bytes) -> list[MountPoint]:
    """In the order of mounting. Lines end in a newline alone: a name may hold what else looks like one."""
    mounts = []
    for line in raw.decode("utf-8", "surrogateescape").split("\n"):
        before, separator, after = line.partition(" - ")
        if not separator:
            continue
        _, _, device, root, point, options = before.split(" ")[:6]
        kind, source, of_system = after.split(" ", 2)
        mounts.append(
            MountPoint(
                device=device,
                root=plain(root),
                point=plain(point),
                kind=kind,
                source=plain(source),
                options=frozenset(of_system.split(",")),
                read_only="ro" in options.split(","),
            )
        )
    return mounts


def plain(escaped: str) -> str:
    """A name as it is; the kernel writes spaces, tabs, newlines and backslashes as octal numbers."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), escaped)
