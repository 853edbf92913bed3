"""A kernel file that is read many times."""

import os

from perftui.host.procfs import Host, raise_known

_SIZE = 1024
_NOT_OPENED = -2


class KeptFile:
    """A file of ``/proc`` held open, so that a reading is one system call.

    It goes on meaning the same process or thread, whatever becomes of its number. When the host's allowance of
    descriptors is used up the file is opened for each reading. Every method but ``close`` raises NoData.
    """

    __slots__ = ("_fd", "_host", "_path", "content")

    def __init__(self, host: Host, path: str) -> None:
        self._host = host
        self._path = path
        self._fd = _NOT_OPENED
        self.content = b""

    def read(self) -> bytes:
        """The first kilobyte as it is now."""
        fd = self._fd
        if fd < 0:
            return self._read_new()
        try:
            return os.pread(fd, _SIZE, 0)
        except OSError as error:
            raise_known(error, self._path)

    def _read_new(self) -> bytes:
        if self._fd == _NOT_OPENED:
            self._fd = self._host.keep(self._path)
        return self._host.read_start(self._path, _SIZE) if self._fd < 0 else self.read()

    def changed(self) -> bool:
        """Read into ``content``; True when it is not what it was before."""
        content = self.read()
        if content == self.content:
            return False
        self.content = content
        return True

    def close(self) -> None:
        self._host.drop(self._fd)
        self._fd = _NOT_OPENED
