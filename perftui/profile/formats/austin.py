"""What austin writes as text: a line for each look, ``P<pid>;T<tid>;<frame>;… <metric>``.

https://p403n1x87.github.io/austin: a frame is ``file:function:line``, or in its alternative ``file:function;L<line>``.
The metric is microseconds; of ``--full`` it is microseconds, 1 when idle, and the change of the memory. The thread may
stand behind the interpreter, ``T<interpreter>:<tid>``. Lines that begin with ``#`` tell how it was made.
"""

import re

from perftui.errors import UsageError
from perftui.profile.formats.about import Imported
from perftui.profile.formats.builder import Builder

NAME = "austin"

_LINE = re.compile(
    rb"(?:P([0-9]{1,9});)?T(?:[0-9]{1,9}:)?(0x[0-9A-Fa-f]{1,15}|[0-9A-Fa-f]{1,18})(;.*)? ([-0-9,]{1,64})"
)
_FACT = re.compile(rb"# ([a-z_]{1,32}): (.*)")
_ONLY_LINE = re.compile(rb"L([0-9]{1,9})")


def recognizes(raw: bytes) -> bool:
    first = raw.lstrip()[: 1 << 20].partition(b"\n")[0].strip()
    return first.startswith((b"# austin:", b"# mode:")) or _LINE.fullmatch(first) is not None


def parse(raw: bytes) -> Imported:
    """UsageError with the line; also for what was made with ``--memory``, whose numbers may fall below zero."""
    builder = Builder()
    facts: dict[bytes, bytes] = {}
    full = False
    for number, line in enumerate(raw.split(b"\n"), 1):
        line = line.strip()
        if fact := _FACT.fullmatch(line):
            facts[fact[1]] = fact[2]
        elif line:
            try:
                full |= _read(line, facts.get(b"mode", b""), builder)
            except UsageError as error:
                raise UsageError(f"line {number}: {error}") from error
    on_cpu = full or facts.get(b"mode") == b"cpu"
    return Imported(format=NAME, profile=builder.profile("austin", rate_hz=1e9), unit="nanoseconds", knows_cpu=on_cpu)


def _read(line: bytes, mode: bytes, builder: Builder) -> bool:
    """Count one look; True when it tells whether the thread was idle."""
    match = _LINE.fullmatch(line)
    if match is None:
        raise UsageError("not P<pid>;T<tid>;<frames> and a metric with a space between them")
    if mode == b"memory":
        raise UsageError("bytes of memory, which are no time: run austin without --memory")
    pid, tid = int(match[1] or 0), int(match[2], 16 if b"x" in match[2] or not match[2].isdigit() else 10)
    metrics = match[4].split(b",")
    if len(metrics) not in (1, 3) or not metrics[0].isdigit():
        raise UsageError(f"{match[4].decode()} is no time in microseconds")
    ns = int(metrics[0]) * 1000
    full = len(metrics) == 3
    ran = ns if mode == b"cpu" or (full and metrics[1] == b"0") else 0
    builder.thread(pid, tid)
    builder.add(pid, tid, tuple(_frames((match[3] or b"").split(b";")[1:], builder)), ns, float(ran))
    return full


def _frames(pieces: list[bytes], builder: Builder) -> list[int]:
    frames: list[int] = []
    held: tuple[bytes, bytes] | None = None
    for piece in pieces:
        only = _ONLY_LINE.fullmatch(piece)
        if held is not None:
            frames.append(builder.frame(*held, int(only[1]) if only else 0))
        held = None
        if only:
            continue
        head, _, last = piece.rpartition(b":")
        if head and last.isdigit() and len(last) < 10 and b":" in head:
            file, _, function = head.rpartition(b":")
            frames.append(builder.frame(function, file, int(last)))
        elif head and last:
            held = (last, head)  # its line is the next piece
        else:
            frames.append(builder.frame(piece))
    return frames + ([builder.frame(*held)] if held is not None else [])
