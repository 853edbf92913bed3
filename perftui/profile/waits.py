"""Innermost frames that wait for something instead of running."""

import re

from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.model.profile import Frame

_WAITING = {
    "threading.py": {"wait", "acquire", "join", "_wait_for_tstate_lock", "__enter__"},
    "queue.py": {"get", "put", "join"},
    "selectors.py": {"select"},
    "select.py": {"select"},
    "socket.py": {"accept", "readinto", "recv_into", "create_connection", "getaddrinfo"},
    "ssl.py": {"read", "recv", "recv_into", "do_handshake"},
    "subprocess.py": {"wait", "_wait", "_try_wait", "communicate", "_communicate"},
    "thread.py": {"_worker"},
    "_base.py": {"result", "exception", "wait", "as_completed"},
    "connection.py": {"_recv", "_recv_bytes", "_poll", "poll", "wait", "accept"},
    "popen_fork.py": {"poll", "wait"},
    "synchronize.py": {"acquire", "wait", "__enter__"},
    "queues.py": {"get", "_feed"},
    "wait.py": {"select_wait_for_socket", "poll_wait_for_socket"},
}
"""Functions of the standard library (and urllib3) whose last Python line is a blocking call."""

_NATIVE_WAIT = re.compile(
    r"_*(?:libc_|GI_|new_|do_)*(?:(?:clock_)?nanosleep|usleep|futex(?:_abstimed)?_wait\w*|futex|lll_lock_wait\w*"
    r"|(?:\w+_)?pthread_(?:(?:cond|rwlock)_\w*wait\w*|mutex_lock\w*|join|(?:timed|clock)join\w*)|sem_(?:timed|clock)?wait\w*"
    r"|epoll_p?wait2?|p?poll|p?select(?:64)?|accept4?|recv(?:from|m?msg)?|wait[34]|waitp?id|sigtimedwait|sigwait(?:info)?"
    r"|pause|fsync|fdatasync|time_sleep|pysleep)(?:@.*)?"
)
"""Functions of the C library (and Python's own) in which a thread sleeps: the innermost ones of a native stack."""

_BLOCKING_LINE = re.compile(
    r"\b(?:sleep|acquire|wait|wait_for|waitpid|accept|connect|recv\w*|select|e?poll|fsync|fdatasync|flock|lockf"
    r"|getaddrinfo|communicate|urlopen|result|input|sigwait\w*)\("
    r"|queue\w*\.(?:get|put|join)\(|thread\w*\.join\("
    r"|^\s*(?:async\s+)?with\b.*(?:lock|mutex|sem|cond)",
    re.IGNORECASE,
)
"""A source line that most likely waits in C code, which has no frame of its own (``time.sleep`` is one).

``get``, ``put`` and ``join`` alone are not: dictionaries and strings have them too.
"""

_MAX_SOURCE_BYTES = 1 << 20
_MAX_FILES = 256
_MAX_FRAMES = 10_000


class WaitingFrames:
    """Tells waiting frames by their names and, where those say nothing, by their source line.

    Half of a thread that sleeps in ``time.sleep`` and works in ``parse`` looks, by names alone, as if both took
    the CPU, so the line is worth one read per file. A wrong guess is not a wrong sum: it only comes later in the
    queue for the thread's own run time. Files are read as the target sees them, once, at most 256 of them
    and 1 MiB each; anything but a regular file is never opened, because the target chose the path.
    """

    def __init__(self, host: Host, pid: int) -> None:
        self._host = host
        self._pid = pid
        self._known: dict[Frame, bool] = {}
        self._files: dict[str, frozenset[int]] = {}

    def __call__(self, frame: Frame) -> bool:
        known = self._known.get(frame)
        if known is None:
            if len(self._known) >= _MAX_FRAMES:
                self._known.clear()
            known = self._known[frame] = self._by_name(frame) or frame.line in self._blocking_lines(frame.file)
        return known

    def _by_name(self, frame: Frame) -> bool:
        if not frame.file.endswith(".py") and _NATIVE_WAIT.fullmatch(frame.function):
            return True
        functions = _WAITING.get(frame.file.rpartition("/")[2])
        return functions is not None and frame.function.rpartition(".")[2] in functions

    def _blocking_lines(self, file: str) -> frozenset[int]:
        lines = self._files.get(file)
        if lines is None:
            if len(self._files) >= _MAX_FILES or not file.endswith(".py"):
                return frozenset()
            text = self._source(file).decode("utf-8", "replace")
            lines = self._files[file] = frozenset(
                number for number, line in enumerate(text.split("\n"), 1) if _BLOCKING_LINE.search(line)
            )
        return lines

    def _source(self, file: str) -> bytes:
        """The file's text, empty when it cannot be had."""
        within = f"root{file}" if file.startswith("/") else f"cwd/{file}"
        try:
            return self._host.read_plain(f"/proc/{self._pid}/{within}", _MAX_SOURCE_BYTES)
        except (NoData, OSError):
            return b""
