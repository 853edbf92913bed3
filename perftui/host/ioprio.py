"""I/O priorities, which have no file in /proc: ioprio_get(2)."""

import ctypes
import os
import platform

from perftui.errors import NoData

_IOPRIO_GET = {"x86_64": 252, "aarch64": 31}
WHO_PROCESS = 1
LIBC = ctypes.CDLL(None, use_errno=True)
"""One handle for every call: to open the library again costs more than to ask."""

_CLASS_SHIFT = 13
_LEVEL_MASK = 7  # the bits above hold hints since Linux 6.5
_CLASSES = ("none", "rt", "be", "idle")


def io_priority(tid: int) -> str:
    """``none``, ``idle``, ``be:0``…``be:7`` or ``rt:0``…``rt:7`` of one thread. NoData where it cannot be asked."""
    number = _IOPRIO_GET.get(platform.machine())
    if number is None:
        raise NoData(f"I/O priority is not known on {platform.machine()}")
    value = LIBC.syscall(number, WHO_PROCESS, tid)
    if value < 0:
        raise NoData(f"I/O priority of {tid}: {os.strerror(ctypes.get_errno())}")
    return io_priority_text(value)


def io_priority_text(value: int) -> str:
    """The text of the kernel's number."""
    at = value >> _CLASS_SHIFT
    name = _CLASSES[at] if 0 <= at < len(_CLASSES) else "none"
    return f"{name}:{value & _LEVEL_MASK}" if name in ("rt", "be") else name


def io_priority_number(text: str) -> int:
    """``be:4`` → the kernel's number. ValueError for what is no I/O priority."""
    name, colon, level = text.partition(":")
    levelled = name in ("rt", "be")
    if name not in _CLASSES or levelled != bool(colon) or (levelled and level not in tuple("01234567")):
        raise ValueError(f"{text!r} is not an I/O priority: none, idle, be:0..be:7 or rt:0..rt:7")
    return _CLASSES.index(name) << _CLASS_SHIFT | int(level or 0)
