"""The one place where files of the kernel are opened.

Paths are absolute as the kernel has them (``/proc/stat``) and are looked up under a root, which tests
replace by a captured tree.
"""

import errno
import os
import resource
import stat
import threading
import weakref
from functools import cached_property
from pathlib import Path
from typing import NoReturn

from perftui.errors import NoData
from perftui.host.shelf import Shelf
from perftui.model.units import cpu_list

_CHUNK = 1 << 14
"""For a sysctl the kernel clears a buffer as long as it is asked for: 64 KiB take twice as long as 16."""

_RESERVED_FDS = 256
"""Descriptors left to everything that is not a kept kernel file: SQLite, pipes, the terminal."""


def no_data(error: OSError, path: str) -> NoData | None:
    """The state that an error of the kernel stands for; None for one that is a failure."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            gone = path.startswith("/proc/") and path[6:7].isdigit()
            return NoData(f"{path} is not there", "" if gone else "this kernel or container does not offer it")
        case errno.EACCES | errno.EPERM:
            return NoData(f"no permission to read {path}", "run as root or as the user of the target")
        case errno.ESRCH:
            return NoData(f"{path}: the process has ended")
        case errno.EOPNOTSUPP:
            remedy = "boot with psi=1" if path.startswith("/proc/pressure") else ""
            return NoData(f"the kernel has {path} switched off", remedy)
    return None


def raise_known(error: OSError, path: str) -> NoReturn:
    """The NoData that an error stands for, or the error itself."""
    known = no_data(error, path)
    try:
        if known is None:
            raise error
        raise known from error
    finally:
        del known, error  # in this frame, which its own traceback holds, they would keep all that the callers have


class Host:
    """A system, read through its kernel files.

    Every reading method raises NoData for a file that is not there, not permitted or of an ended process, and
    OSError for anything else.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        self._prefix = str(root).rstrip("/")
        self._kept_budget: int | None = None
        self._kept_lock = threading.Lock()
        self._shelf = Shelf()
        weakref.finalize(self, self._shelf.close).atexit = False

    @property
    def is_live(self) -> bool:
        """True for this machine; False for a captured tree, which has no processes to signal or hold."""
        return not self._prefix

    @cached_property
    def has_clocks(self) -> bool:
        """True where the PIDs of ``/proc`` are those of this process: live, and not of another PID namespace."""
        try:
            return self.is_live and self.link("/proc/self") == str(os.getpid())
        except NoData:
            return False

    def open(self, path: str, flags: int = os.O_RDONLY) -> int:
        """A file descriptor; the caller closes it."""
        try:
            return os.open(self._prefix + path, flags | os.O_CLOEXEC)
        except OSError as error:
            raise_known(error, path)

    def read(self, path: str) -> bytes:
        """The whole file. One of this machine that is read time and again stays open in between."""
        fd = self._shelf.fds.pop(path, -1)
        if fd < 0:
            return self._read_new(path)
        try:
            os.lseek(fd, 0, os.SEEK_SET)
            content = read_all(fd)
        except OSError as error:
            self.drop(fd)
            if error.errno in (errno.ESRCH, errno.ENODEV):  # there may be another process, group or device there
                return self._read_new(path)
            raise_known(error, path)
        if not content or self._shelf.fds.setdefault(path, fd) != fd:  # another thread was faster
            self.drop(fd)
        return content

    def _read_new(self, path: str) -> bytes:
        fd = self.keep(path) if self.is_live and self._shelf.wants(path) else -1
        if fd < 0:
            return self._read_once(path)
        try:
            content = read_all(fd)
        except OSError as error:
            self.drop(fd)
            raise_known(error, path)
        self.drop(fd if not content or self._shelf.fds.setdefault(path, fd) != fd else self._shelf.surplus())
        return content

    def _read_once(self, path: str) -> bytes:
        fd = self.open(path)
        try:
            return read_all(fd)
        except OSError as error:
            raise_known(error, path)
        finally:
            os.close(fd)

    def read_start(self, path: str, size: int) -> bytes:
        """At most the first ``size`` bytes."""
        fd = self.open(path)
        try:
            return os.read(fd, size)
        except OSError as error:
            raise_known(error, path)
        finally:
            os.close(fd)

    def read_plain(self, path: str, limit: int, *, follow: bool = True) -> bytes:
        """A regular file of at most ``limit`` bytes, at a path that a stranger chose; NoData for anything else.

        Without ``follow`` a link at the end of the path is not followed.

        Opening a device or a FIFO can act by itself (a watchdog starts) or wait for ever, so what the path leads to
        is looked at first, without opening it.
        """
        found = self.open(path, os.O_PATH | (0 if follow else os.O_NOFOLLOW))
        try:
            status = os.fstat(found)
            if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
                raise NoData(f"{path} is not a plain file of at most {limit} bytes")
            fd = os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise_known(error, path)
        finally:
            os.close(found)
        try:
            return os.read(fd, limit)
        except OSError as error:
            raise_known(error, path)
        finally:
            os.close(fd)

    def text(self, path: str) -> str:
        """The whole file, stripped; for files whose content is the kernel's own and ASCII."""
        return self.read(path).decode("utf-8", "replace").strip()

    def names(self, path: str) -> list[str]:
        """Names in a directory, unsorted."""
        try:
            return os.listdir(self._prefix + path)  # noqa: PTH208 (thousands of entries, each second)
        except OSError as error:
            raise_known(error, path)

    def folders(self, path: str) -> list[str]:
        """Names of the directories in a directory, unsorted; a link to one is none."""
        try:
            with os.scandir(self._prefix + path) as entries:
                return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError as error:
            raise_known(error, path)

    def inode(self, path: str) -> int:
        """The number of a file's inode. Since Linux 5.5 the kernel gives that of a control group to no other one."""
        try:
            return Path(self._prefix + path).stat().st_ino
        except OSError as error:
            raise_known(error, path)

    def count(self, path: str) -> int:
        """How many entries a directory of descriptors (``/proc/PID/fd``) has.

        Since Linux 6.2 its size says so, which costs nothing for a process with 100,000 of them.
        """
        try:
            return (
                Path(self._prefix + path).stat().st_size if self.is_live and self._sized_fds else len(self.names(path))
            )
        except OSError as error:
            raise_known(error, path)

    def link(self, path: str) -> str:
        """Where a symbolic link points. It may hold anything: show it through ``visible``."""
        try:
            return str(Path(self._prefix + path).readlink())
        except OSError as error:
            raise_known(error, path)

    def exists(self, path: str) -> bool:
        return os.path.exists(self._prefix + path)  # noqa: PTH110 (Path.exists raises where it may not look)

    def owner(self, path: str) -> int:
        """The uid that owns a file."""
        try:
            return Path(self._prefix + path).stat().st_uid
        except OSError as error:
            raise_known(error, path)

    def close(self) -> None:
        """Let go of the files that are kept open between readings. The host can be read on."""
        while self._shelf.fds:
            self.drop(self._shelf.fds.popitem()[1])

    def keep(self, path: str) -> int:
        """A descriptor to be read again and again with ``os.pread``; -1 when no more may be kept open.

        Where none is left, one of the files that ``read`` keeps for itself makes room.
        The soft limit of open files is raised to the hard one when the first is asked for. ``keep`` and ``drop``
        may be called by several threads.
        """
        if not self._may_keep():
            self.drop(self._shelf.oldest())
            if not self._may_keep():
                return -1
        try:
            return self.open(path)
        except BaseException:
            self._give_back()
            raise

    def drop(self, fd: int) -> None:
        """Close a descriptor from ``keep``; -1 is fine."""
        if fd >= 0:
            os.close(fd)
            self._give_back()

    def _may_keep(self) -> bool:
        with self._kept_lock:
            if self._kept_budget is None:
                self._kept_budget = max(0, _raised_fd_limit() - _RESERVED_FDS)
            if self._kept_budget <= 0:
                return False
            self._kept_budget -= 1
            return True

    def _give_back(self) -> None:
        with self._kept_lock:
            if self._kept_budget is not None:
                self._kept_budget += 1

    @cached_property
    def boot_id(self) -> str:
        """Changes with every start of the machine; empty where the kernel does not tell."""
        try:
            return self.text("/proc/sys/kernel/random/boot_id")
        except NoData:
            return ""

    @cached_property
    def _sized_fds(self) -> bool:
        return Path("/proc/self/fd").stat().st_size > 0

    @cached_property
    def ticks_per_second(self) -> int:
        """USER_HZ, the unit of CPU times in ``/proc``."""
        return os.sysconf("SC_CLK_TCK")

    @cached_property
    def page_size(self) -> int:
        return os.sysconf("SC_PAGE_SIZE")

    @property
    def cpus_online(self) -> int:
        """How many CPUs are online now (not how many this process may use)."""
        return len(cpu_list(self.text("/sys/devices/system/cpu/online")))


def read_all(fd: int) -> bytes:
    """From the current position to the end."""
    # A short piece is not the end: maps and mountinfo come by whole lines, at most a page of them at a time.
    content = os.read(fd, _CHUNK)
    piece = os.read(fd, _CHUNK)
    if not piece:
        return content
    pieces = [content, piece]
    while piece := os.read(fd, _CHUNK):
        pieces.append(piece)
    return b"".join(pieces)


def _raised_fd_limit() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard
