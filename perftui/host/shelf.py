"""Kernel files that are read time and again, kept open between two readings.

Opening and closing a file of ``/proc`` takes as long as reading it (20 µs each between pauses), and a tick reads
eighty.
"""

import os
import re

_MOST_FILES = 1024
_MOST_SEEN = 4096

_STEADY = re.compile(
    r"/sys/(?!.*/(?:cgroup\.procs|cgroup\.threads|tasks)\Z)"
    r"|/proc/(?![0-9]|self/|thread-self/)"
    r"|/proc/[0-9]+/(?:task/[0-9]+/)?(?:autogroup|cgroup|io|limits|stat|status|wchan)\Z"
)
"""Files that mean the same however long they are open.

The list of a group's processes does not, in version 1 of the control groups: it is made when the file is first read. Of
a process not its ``maps`` and ``environ``, which go on showing the memory from before an exec, nor its ``net``, which
keeps a network namespace alive. What ``self`` is depends on who asks.
"""


class Shelf:
    """Descriptors by path, the one read last at the end; one that is being read is not among them.

    For several threads: every step is one of a dict.
    """

    def __init__(self) -> None:
        self.fds: dict[str, int] = {}
        self._seen: dict[str, bool] = {}

    def wants(self, path: str) -> bool:
        """True for a file that is worth a place: one that is read for the second time at least."""
        wanted = self._seen.get(path)
        if wanted is None:
            if len(self._seen) >= _MOST_SEEN:
                self._seen.clear()
            self._seen[path] = _STEADY.match(path) is not None
            return False
        return wanted

    def close(self) -> None:
        """Close all: of a host that nobody has any more."""
        while (fd := self.oldest()) >= 0:
            os.close(fd)

    def surplus(self) -> int:
        """Take off the one that was not read for the longest time when there are too many; -1 when there are not."""
        return self.oldest() if len(self.fds) > _MOST_FILES else -1

    def oldest(self) -> int:
        """Take off the one that was not read for the longest time; -1 when there is none."""
        try:
            return self.fds.pop(next(iter(self.fds)))
        except (KeyError, RuntimeError, StopIteration):  # another thread has it, or changes the shelf just now
            return -1
