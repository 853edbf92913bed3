"""A kernel file that is read many times."""

import os

from perftui.errors import NoData
from perftui.host.procfs import Host

_SIZE = 1024


class KeptFile:
    """A short file of ``/proc`` held open, so that a reading is one system call.

    It goes on meaning the same process or thread, whatever becomes of its number. When the host's allowance of
    descriptors is used up the file is opened for each reading. Every method but ``close`` raises NoData.
    """

    __slots__ = ("_fd", "_host", "_path", "content")

    def __init__(self, host: Host, path: str) -> None:
        self._host = host
        self._path = path
        self._fd = -2  # not opened yet
        self.content = b""

    def read(self) -> bytes:
        """The first kilobyte as it is now."""
        if self._fd == -2:
            self._fd = self._host.keep(self._path)
        if self._fd < 0:
            return self._host.read_start(self._path, _SIZE)
        try:
            return os.pread(self._fd, _SIZE, 0)
        except ProcessLookupError as error:
            raise NoData(f"{self._path}: it has ended") from error
        except PermissionError as error:
            raise NoData(f"no permission to read {self._path}", "run as root") from error

    def changed(self) -> bool:
        """Read into ``content``; True when it is not what it was before."""
        content = self.read()
        if content == self.content:
            return False
        self.content = content
        return True

    def close(self) -> None:
        self._host.drop(self._fd)
        self._fd = -2
