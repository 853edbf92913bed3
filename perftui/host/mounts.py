"""What is mounted, from ``/proc/self/mountinfo``."""

import re
from typing import NamedTuple

_OCTAL = re.compile(r"\\([0-7]{3})")


class MountPoint(NamedTuple):
    """One mount. ``device`` is ``major:minor``; strings are as the kernel has them, with odd bytes as surrogates."""

    device: str
    root: str
    point: str
    kind: str
    source: str
    read_only: bool


def parse_mountinfo(raw: bytes) -> list[MountPoint]:
    """In the order of mounting. Lines end in a newline alone: a name may hold what else looks like one."""
    mounts = []
    for line in raw.decode("utf-8", "surrogateescape").split("\n"):
        before, separator, after = line.partition(" - ")
        if not separator:
            continue
        _, _, device, root, point, options = before.split(" ")[:6]
        kind, source, *_ = after.split(" ")
        read_only = "ro" in options.split(",")
        mounts.append(MountPoint(device, plain(root), plain(point), kind, plain(source), read_only))
    return mounts


def plain(escaped: str) -> str:
    """A name as it is; the kernel writes spaces, tabs, newlines and backslashes as octal numbers."""
    return _OCTAL.sub(lambda match: chr(int(match[1], 8)), escaped)
