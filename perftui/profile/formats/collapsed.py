"""Collapsed stacks: a line for each, frames from the root joined by ``;``, a space and a count.

The format of Brendan Gregg's stackcollapse scripts and of ``py-spy record -f raw``. A frame is
``function (file:line)``. Where threads are known the first frame is ``thread (TID): name``, of several processes it
stands after ``process (PID)``.
"""

import re

from perftui.errors import UsageError
from perftui.model.profile import Frame, StackProfile
from perftui.profile.formats.about import About, Imported
from perftui.profile.formats.builder import Builder
from perftui.profile.formats.weigh import counts, thread_names

NAME = "collapsed"
SUFFIX = ".collapsed.txt"

_LINE = re.compile(rb"(.*\S)[ \t]+([0-9]{1,18})")
_PLACE = re.compile(rb"(.+?)(?::([0-9]{1,9}))?\)")
_PROCESS = re.compile(rb"process \(?([0-9]{1,9})\)?.*")
_THREAD = re.compile(rb"thread \((0x[0-9A-Fa-f]{1,15}|[0-9]{1,18})\)(?:: ?(.*))?")
_BREAKS = str.maketrans({";": ":"} | dict.fromkeys("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


def write(profile: StackProfile, about: About) -> bytes:
    """A semicolon in a name becomes a colon: nothing can be escaped in this format."""
    names = thread_names(profile)
    processes = len({pid for pid, _ in names})
    heads = {
        (pid, tid): [*([f"process ({pid})"] if processes > 1 else []), *([_thread(tid, name)] if tid else [])]
        for (pid, tid), name in names.items()
    }
    frames = [frame_text(frame) for frame in profile.frames]
    lines: dict[str, int] = {}
    for row, count in zip(profile.rows, counts(profile, about.view), strict=True):
        if count:
            stack = [*heads[row.pid, row.tid], *(frames[index] for index in profile.stacks[row.stack])]
            line = ";".join(stack) or "(no stack)"
            lines[line] = lines.get(line, 0) + count
    return "".join(f"{line} {count}\n" for line, count in lines.items()).encode()


def frame_text(frame: Frame) -> str:
    place = f"{frame.file}:{frame.line}" if frame.file and frame.line else frame.file
    return _joined(f"{frame.function} ({place})" if place else frame.function)


def _thread(tid: int, name: str) -> str:
    return _joined(f"thread ({tid}): {name}" if name else f"thread ({tid})")


def _joined(text: str) -> str:
    """Fit to stand between semicolons on a line that is split at its last space."""
    return text.translate(_BREAKS).strip() or "?"


def recognizes(raw: bytes) -> bool:
    """Whether the first line that is not empty is a stack with a count."""
    return _LINE.fullmatch(raw.lstrip()[: 1 << 20].partition(b"\n")[0].strip()) is not None


def parse(raw: bytes) -> Imported:
    """UsageError with the line."""
    builder = Builder()
    for number, line in enumerate(raw.split(b"\n"), 1):
        if line := line.strip():
            try:
                _read(line, builder)
            except UsageError as error:
                raise UsageError(f"line {number}: {error}") from error
    return Imported(format=NAME, profile=builder.profile("collapsed file"))


def _read(line: bytes, builder: Builder) -> None:
    match = _LINE.fullmatch(line)
    if match is None:
        raise UsageError("not a stack and a whole number with a space between them")
    pieces = match[1].split(b";")
    pid = tid = 0
    name = b""
    if (process := _PROCESS.fullmatch(pieces[0])) and len(pieces) > 1:
        pid, pieces = int(process[1]), pieces[1:]
    if thread := _THREAD.fullmatch(pieces[0]):
        tid, name, pieces = int(thread[1], 0), thread[2] or b"", pieces[1:]
    builder.thread(pid, tid, name)
    builder.add(pid, tid, tuple(_frame(piece, builder) for piece in pieces), int(match[2]))


def _frame(piece: bytes, builder: Builder) -> int:
    """``function (file:line)``; C++ has `` (`` in names too, so it is the last one that counts."""
    function, _, rest = piece.rpartition(b" (")
    place = _PLACE.fullmatch(rest) if function else None
    if place is None:
        return builder.frame(piece)
    return builder.frame(function, place[1], int(place[2] or 0))
