"""Which kind of memory an address of a process lies in, from ``/proc/PID/maps``."""

import re
from bisect import bisect_right

from perftui.model.sample import REGIONS

_INTERPRETER = re.compile(rb"/(?:lib)?(?:python|pypy)(?:[0-9.]+[a-z]{0,2})?(?:-c)?(?:\.so[0-9.]*)?(?: \(deleted\))?$")
_LIBRARY = re.compile(rb"/lib(python[0-9.]+)[a-z]*\.so[0-9.]*(?: \(deleted\))?$")
_SHARED = (b"/dev/shm/", b"/dev/zero", b"/memfd:", b"/SYSV")
NONE = REGIONS.index("none")
UNKNOWN = REGIONS.index("unknown")


class Maps:
    """The address space at one moment; a look-up costs one bisection."""

    def __init__(self, starts: list[int], ends: list[int], regions: list[int]) -> None:
        self._starts = starts
        self._ends = ends
        self._regions = regions

    def region(self, address: int) -> int:
        """Index into ``REGIONS``; "unknown" for an address that is not mapped, "none" for 0."""
        if address == 0:
            return NONE
        row = bisect_right(self._starts, address) - 1
        return self._regions[row] if row >= 0 and address < self._ends[row] else UNKNOWN


def parse_maps(raw: bytes) -> Maps:
    """Lines ``start-end perms offset dev inode path``. ValueError for anything else."""
    starts, ends, regions = [], [], []
    data_end = -1
    for line in raw.splitlines():
        span, perms, _offset, _device, inode, *rest = line.split(None, 5)
        start, end = (int(part, 16) for part in span.split(b"-"))
        path = rest[0] if rest else b""
        # The kernel maps what a program's data segment has beyond its file (its BSS) right behind it, without a name.
        bss = start == data_end and inode == b"0" and not path and perms[1:2] == b"w"
        region = "interpreter" if bss else _region(perms, path)
        data_end = end if region == "interpreter" else -1
        starts.append(start)
        ends.append(end)
        regions.append(REGIONS.index(region))
    return Maps(starts, ends, regions)


def python_library(raw: bytes) -> str:
    """``python3.12`` when a libpython is mapped, else empty; ``raw`` is a maps file."""
    for line in raw.splitlines():
        match = _LIBRARY.search(line)
        if match:
            return match[1].decode("ascii")
    return ""


def is_interpreter(path: bytes) -> bool:
    """True for the path of a python or pypy binary or of its shared library."""
    return _INTERPRETER.search(path) is not None


def _region(perms: bytes, path: bytes) -> str:
    if path == b"[heap]":
        return "heap"
    if path.startswith(b"[stack"):
        return "stack"
    if perms[3:4] == b"s" or path.startswith(_SHARED):
        return "shared"
    if not path or path.startswith(b"[anon"):
        return "anonymous"
    if perms[1:2] == b"w" and is_interpreter(path):
        return "interpreter"
    return "file" if path.startswith(b"/") else "unknown"
