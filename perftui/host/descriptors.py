"""What the open files of a process are, from the links in ``/proc/PID/fd``."""

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from perftui.errors import NoData
from perftui.host.procfs import Host, raise_known

MAX_LOOKS = 10_000
_SOCKET = re.compile(r"socket:\[(\d+)\]\Z")


class Descriptors(NamedTuple):
    """``(number, link)`` of those looked at, and how many are open: more when not all were looked at.

    A link is as the kernel has it and may hold anything: show it through ``visible``.
    """

    links: list[tuple[int, str]]
    open: int


def descriptors(host: Host, pid: int, limit: int = MAX_LOOKS) -> Descriptors:
    """At most ``limit`` of a process's descriptors: where it has more, every n-th number.

    Since Linux 6.2 the directory's size says how many there are, so that a hundred thousand need not be listed.
    One costs about 2.4 µs. NoData where they may not be read.
    """
    folder = f"/proc/{pid}/fd"
    directory = host.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        total = os.fstat(directory).st_size if host.is_live else 0
        if total > limit:
            return Descriptors(_links(directory, map(str, range(0, total, -(-total // limit)))), total)
        names = os.listdir(directory)  # noqa: PTH208 (there is no path, only a descriptor)
        looked_at = names[:: max(1, -(-len(names) // limit))]
        links = _links(directory, looked_at)
        return Descriptors(links, len(names) - len(looked_at) + len(links))
    except OSError as error:
        raise_known(error, folder)
    finally:
        os.close(directory)


def _links(directory: int, names: Iterable[str]) -> list[tuple[int, str]]:
    found = []
    for name in names:
        try:
            found.append((int(name), os.readlink(name, dir_fd=directory)))
        except FileNotFoundError:
            continue  # closed meanwhile
    return found


def socket_inode(link: str) -> int:
    """``socket:[4711]`` → 4711; 0 for anything else."""
    match = _SOCKET.match(link)
    return int(match[1]) if match else 0


def status_of(host: Host, pid: int, fd: int) -> os.stat_result | None:
    """What stat(2) says of an open file, which is not opened for it; None when it is closed or may not be asked."""
    try:
        directory = host.open(f"/proc/{pid}/fd", os.O_RDONLY | os.O_DIRECTORY)
    except NoData:
        return None
    try:
        return os.stat(str(fd), dir_fd=directory)
    except OSError:
        return None
    finally:
        os.close(directory)
