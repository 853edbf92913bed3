"""What ``perf script`` prints: a line for each sample, its frames below with the innermost first, an empty line.

The line is ``command pid/tid [cpu] time: period event:``, of which the command, one number and the event are always
there. A frame is ``address symbol+offset (object)``.
"""

import re

from perftui.errors import UsageError
from perftui.profile.formats.about import Imported
from perftui.profile.formats.builder import Builder

NAME = "perf-script"

_SAMPLE = re.compile(
    rb"(?P<command>\S.*?) +(?:(?P<pid>[0-9]{1,9})/)?(?P<tid>[0-9]{1,9}) +(?:\[[0-9]{1,6}\] +)?"
    rb"(?:[0-9]{1,12}\.[0-9]{1,9}: +)?(?:[0-9]{1,18} +)?(?P<event>[A-Za-z0-9_:.,/=*-]{1,128}): *"
)
_BORDER = re.compile(rb"(?:\+0x[0-9a-f]{1,16}|^\[unknown\]) \(")
"""Where a symbol ends and its object begins; either may hold `` (`` itself."""

_ON_CPU = frozenset((b"cycles", b"cpu-clock", b"task-clock", b"cpu-cycles", b"instructions"))
_LONGEST_COMMAND = 512


def recognizes(raw: bytes) -> bool:
    return any(_sample(line) for line in raw[: 1 << 16].split(b"\n")[:50] if line and not line.startswith(b"#"))


def _sample(line: bytes) -> "re.Match[bytes] | None":
    return _SAMPLE.fullmatch(line.rstrip()) if len(line) < _LONGEST_COMMAND and line[:1].strip() else None


def parse(raw: bytes) -> Imported:
    """One sample is one count, whatever its period. UsageError with the line."""
    builder = Builder()
    on_cpu = True
    sample: re.Match[bytes] | None = None
    frames: list[int] = []

    def end() -> None:
        if sample is not None:
            pid, tid = int(sample["pid"] or sample["tid"]), int(sample["tid"])
            builder.thread(pid, tid, sample["command"])
            builder.add(pid, tid, tuple(reversed(frames)), 1, 1.0)
        frames.clear()

    for number, line in enumerate(raw.split(b"\n"), 1):
        line = line.rstrip()
        if not line or line.startswith(b"#"):
            continue
        try:
            if line[:1].strip():
                end()
                sample = _sample(line)
                if sample is None:
                    raise UsageError("not the head of a sample: command, pid/tid, time and event")
                on_cpu = on_cpu and not _ON_CPU.isdisjoint(re.split(b"[:/]", sample["event"]))
            elif sample is None:
                raise UsageError("a frame before any sample")
            else:
                frames.append(_frame(line.strip(), builder))
        except UsageError as error:
            raise UsageError(f"line {number}: {error}") from error
    end()
    return Imported(format=NAME, profile=builder.profile("perf"), knows_cpu=on_cpu)


def _frame(line: bytes, builder: Builder) -> int:
    """Python's own trampolines are named ``py::function:file``."""
    address, _, rest = line.removesuffix(b")").removesuffix(b" (deleted)").partition(b" ")
    border = _BORDER.search(rest)
    symbol, _, place = (rest[: border.start()], b"", rest[border.end() :]) if border else rest.rpartition(b" (")
    if symbol.startswith(b"py::"):
        function, _, file = symbol[4:].partition(b":")
        return builder.frame(function, file)
    return builder.frame(symbol or place or address, place)
