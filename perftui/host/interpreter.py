"""Which Python a process runs on, and how to start that very Python without giving it our rights."""

import os
import re
from pathlib import Path

import msgspec

from perftui.errors import NoData
from perftui.host.maps import is_interpreter
from perftui.host.procfs import Host, raise_known
from perftui.host.stat import parse_fields

_VERSION = re.compile(rb"python-?(\d\.\d{1,2})(t?)", re.IGNORECASE)


class Interpreter(msgspec.Struct, frozen=True, kw_only=True):
    """What a process runs on: ``version`` such as ``3.12``, empty when its files do not tell."""

    version: str
    free_threaded: bool
    pypy: bool = False

    @property
    def number(self) -> tuple[int, ...]:
        """``(3, 12)``; empty where the version is."""
        return tuple(map(int, self.version.split("."))) if self.version else ()


def interpreter_in(maps: bytes) -> Interpreter | None:
    """What the mapped files say: the program itself, libpython, and extension modules.

    Wide on purpose, an interpreter may be embedded. Only a process that maps nothing with "python" in its path
    certainly is none.
    """
    paths = {line.split(None, 5)[5] for line in maps.splitlines() if b"/" in line}
    named = [path for path in paths if b"python" in path.lower()]
    pypy = any(path.rpartition(b"/")[2].startswith((b"pypy", b"libpypy")) for path in paths)
    if not named and not pypy:
        return None
    found = [match for path in named if (match := _VERSION.search(path.rpartition(b"/")[2]))]
    best = found[0] if found else next((match for path in named if (match := _VERSION.search(path))), None)
    return Interpreter(
        version=best[1].decode("ascii") if best else "",
        free_threaded=any(match[2] == b"t" for match in found),
        pypy=pypy,
    )


def program_of(host: Host, pid: int) -> str:
    """The path of the Python that a process runs on. NoData when it is not a program of this mount namespace."""
    path = host.link(f"/proc/{pid}/exe")
    if not is_interpreter(os.fsencode(path)):
        raise NoData(f"process {pid} has Python inside another program, not a Python of its own")
    if path.endswith(" (deleted)"):
        raise NoData(f"the Python of process {pid} was replaced on disk", "restart the process")
    if not _same_file(host, path, f"/proc/{pid}/exe"):
        raise NoData(f"process {pid} lives in another mount namespace", f"nsenter -t {pid} -m perftui …")
    return path


def runs_as(host: Host, pid: int) -> tuple[int, int] | None:
    """The uid and gid to start what a process's owner chose; None where they are our own.

    A stranger's program never runs with our rights. NoData when the owner is somebody else and we are not root.
    """
    fields = parse_fields(host.read(f"/proc/{pid}/status"))
    uid, gid = int(fields[b"Uid"].split()[1]), int(fields[b"Gid"].split()[1])
    if uid == os.geteuid():
        return None
    if os.geteuid() != 0:
        raise NoData(f"process {pid} belongs to uid {uid}, perftui runs as uid {os.geteuid()}", "run perftui as root")
    return uid, gid


def _same_file(host: Host, path: str, other: str) -> bool:
    try:
        return Path(f"{host.root}{path}").samefile(f"{host.root}{other}")
    except OSError as error:
        if isinstance(error, FileNotFoundError):
            return False
        raise_known(error, path)
