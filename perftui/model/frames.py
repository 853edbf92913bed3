"""What a frame is, by its function and its file: an event loop's, a wait for work, whose code."""

import re
from functools import lru_cache

from perftui.model.profile import Frame

FrameTable = dict[str, tuple[str, ...]]
"""Function → the ends of the files in which it means this."""

LOOP_FRAMES: FrameTable = {
    "run_forever": ("asyncio/base_events.py", "asyncio/windows_events.py"),
    "_run_once": ("asyncio/base_events.py",),
    "run": ("asyncio/runners.py", "uvloop/__init__.py", "gevent/hub.py", "eventlet/hubs/hub.py", "trio/_core/_run.py"),
    "unrolled_run": ("trio/_core/_run.py",),
    "start": ("tornado/ioloop.py",),
    "mainLoop": ("twisted/internet/base.py",),
}
"""Frames in which an event loop turns."""

TURN_FRAMES: FrameTable = {
    "_run_once": ("asyncio/base_events.py",),
    "select": ("selectors.py",),
    "poll": ("selectors.py", "tornado/platform/epoll.py"),
    "doPoll": ("twisted/internet/epollreactor.py",),
    "runUntilCurrent": ("twisted/internet/base.py",),
    "mainLoop": ("twisted/internet/base.py",),
    "unrolled_run": ("trio/_core/_run.py",),
}
"""Innermost frames of a loop that is between two callbacks."""

IDLE_FRAMES: FrameTable = {
    "_worker": ("concurrent/futures/thread.py",),
    "worker": ("multiprocessing/pool.py",),
    "get": ("queue.py", "multiprocessing/queues.py", "multiprocessing/pool.py"),
    "wait": ("threading.py", "concurrent/futures/_base.py", "multiprocessing/connection.py"),
    "_wait_for_tstate_lock": ("threading.py",),
    "join": ("threading.py", "queue.py", "multiprocessing/process.py"),
    "_join_started_thread": ("threading.py",),
    "_handle_results": ("multiprocessing/pool.py",),
    "_handle_tasks": ("multiprocessing/pool.py",),
}
"""Innermost frames of a thread that waits for work, for an event, or for another thread to end."""

_STANDARD = re.compile(r"^<frozen |/lib/python\d[\d.]*/(?!site-packages/|dist-packages/)|^<string>$")
_INSTALLED = re.compile(r"/(?:site|dist)-packages/|^/(?:usr/)?lib(?:32|64)?/.*\.so[.0-9]*$|^\[kernel\]$")


def is_in(frame: Frame, table: FrameTable) -> bool:
    """Of CPython 3.11 and later py-spy tells a method with its class: ``BaseEventLoop._run_once``."""
    files = table.get(frame.function.rpartition(".")[2])
    return files is not None and frame.file.endswith(files)


def is_installed(frame: Frame) -> bool:
    """Whether it is an installed library's."""
    return _matches(_INSTALLED, frame.file)


def is_foreign(frame: Frame) -> bool:
    """Whether it is the interpreter's: native, or of the standard library."""
    return not frame.file or frame.function == "[unknown]" or _matches(_STANDARD, frame.file)


@lru_cache(maxsize=8192)
def _matches(pattern: re.Pattern[str], file: str) -> bool:
    """Files are few, frames are many."""
    return pattern.search(file) is not None
