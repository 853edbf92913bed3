"""Reading I/O priorities: ioprio_get(2), for which Python has no function.

Values are ``none``, ``idle``, ``be:0``..``be:7``, ``rt:0``..``rt:7``, as in ionice(1).
"""

import ctypes
import os
import platform
from functools import cache

from perftui.errors import NoData

WHO_PROCESS = 1
CLASS_SHIFT = 13
CLASSES = ("none", "rt", "be", "idle")
"""Index = the kernel's IOPRIO_CLASS_* number."""

_SYSCALLS = {"x86_64": (251, 252), "aarch64": (30, 31)}
"""ioprio_set, ioprio_get; from the kernel's syscall tables."""


def io_priority(tid: int) -> str:
    """The I/O priority of one thread. ProcessLookupError when there is none, NoData on another machine type."""
    return io_priority_text(io_priority_call(1, WHO_PROCESS, tid))


def io_priority_text(number: int) -> str:
    """``(class << 13) | level`` → ``be:4``. A level means nothing to ``none`` and ``idle``."""
    name = CLASSES[(number >> CLASS_SHIFT) & 3]
    return name if name in ("none", "idle") else f"{name}:{number & 7}"


def io_priority_number(text: str) -> int:
    """The reverse. ValueError for anything else."""
    name, _, level = text.partition(":")
    if name not in CLASSES or (name in ("rt", "be")) != bool(level) or level not in ("", *"01234567"):
        raise ValueError(f"{text!r} is not an I/O priority: none, idle, be:0..be:7 or rt:0..rt:7")
    return CLASSES.index(name) << CLASS_SHIFT | int(level or 0)


def io_priority_call(which: int, *arguments: int) -> int:
    """ioprio_set (``which`` 0) or ioprio_get (1). OSError as the kernel says."""
    numbers = _SYSCALLS.get(platform.machine())
    if numbers is None:
        raise NoData(f"I/O priorities are not read on {platform.machine()}", "use ionice")
    outcome: int = _syscall()(numbers[which], *arguments)
    if outcome < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return outcome


@cache
def _syscall() -> "ctypes._NamedFuncPointer":
    function = ctypes.CDLL(None, use_errno=True).syscall
    function.restype = ctypes.c_long
    return function
