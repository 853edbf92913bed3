"""pprof: a gzipped protocol buffer, as ``go tool pprof`` and many services read it.

The fields are those of google/pprof's ``profile.proto``. Of the wire format only two kinds are needed: integers of
variable length, and what has its length before it.
"""

import gzip
from collections.abc import Iterable

from perftui import __version__
from perftui.model.profile import StackProfile
from perftui.profile.formats.about import About
from perftui.profile.formats.weigh import counts, period_ns, thread_names, whole

NAME = "pprof"
SUFFIX = ".pb.gz"

_VARINT, _BYTES = 0, 2

# Profile
_SAMPLE_TYPE, _SAMPLE, _LOCATION, _FUNCTION, _STRINGS = 1, 2, 4, 5, 6
_TIME_NS, _DURATION_NS, _PERIOD_TYPE, _PERIOD, _COMMENT, _DEFAULT_TYPE = 9, 10, 11, 12, 13, 14


class _Strings:
    """The table of texts; the first one is empty."""

    def __init__(self) -> None:
        self._index = {"": 0}

    def __call__(self, text: str) -> int:
        return self._index.setdefault(text, len(self._index))

    def encoded(self) -> bytes:
        return b"".join(_sized(_STRINGS, text.encode("utf-8", "replace")) for text in self._index)


def write(profile: StackProfile, about: About) -> bytes:
    """Values of a sample: what was counted; and where the time of a look is known, nanoseconds on a CPU and of all.

    The view is not asked: both are in it, and its own is the one that is shown first.
    """
    strings = _Strings()
    period = period_ns(profile) if about.unit != "bytes" else 0
    kinds = _kinds(about, period)
    columns = _columns(profile, about, period)
    body = bytearray().join(_sized(_SAMPLE_TYPE, _value_type(strings, *kind)) for kind in kinds)
    labels = {thread: _labels(strings, *thread, name) for thread, name in thread_names(profile).items()}
    for row, values in zip(profile.rows, zip(*columns, strict=True), strict=True):
        leaf_first = (index + 1 for index in reversed(profile.stacks[row.stack]))
        sample = _packed(1, leaf_first) + _packed(2, values) + labels[row.pid, row.tid]
        body += _sized(_SAMPLE, sample)
    body += _places(profile, strings)
    if about.wall_ns:
        body += _integer(_TIME_NS, about.wall_ns)
    body += _integer(_DURATION_NS, max(0, profile.ended_ns - profile.started_ns))
    if period:
        body += _sized(_PERIOD_TYPE, _value_type(strings, "wall", "nanoseconds")) + _integer(_PERIOD, period)
    shown = {"cpu": "cpu", "wall": "wall"}[about.view] if period else kinds[0][0]
    body += _integer(_DEFAULT_TYPE, strings(shown))
    body += _integer(_COMMENT, strings(f"perftui {__version__}: {about.title}".rstrip(": ")))
    return gzip.compress(body + strings.encoded(), mtime=0)


def _kinds(about: About, period: int) -> list[tuple[str, str]]:
    if about.unit == "bytes":
        return [("space", "bytes")]
    times = [("cpu", "nanoseconds"), ("wall", "nanoseconds")] if period else []
    return [*([("samples", "count")] if about.unit == "samples" else []), *times]


def _columns(profile: StackProfile, about: About, period: int) -> list[list[int]]:
    """A list of values for each of the kinds."""
    looks = counts(profile, "wall")
    if not period:
        return [looks]
    on_cpu = whole(row.on_cpu * period for row in profile.rows)
    times = [on_cpu, [count * period for count in looks]]
    return [looks, *times] if about.unit == "samples" else times


def _places(profile: StackProfile, strings: _Strings) -> bytes:
    """A location for each frame, a function for each name and file."""
    functions: dict[tuple[str, str], int] = {}
    body = bytearray()
    for at, frame in enumerate(profile.frames, 1):
        function = functions.setdefault((frame.function, frame.file), len(functions) + 1)
        line = _integer(1, function) + _integer(2, frame.line)
        body += _sized(_LOCATION, _integer(1, at) + _sized(4, line))
    for (name, file), at in functions.items():
        named = strings(name)
        function_fields = _integer(1, at) + _integer(2, named) + _integer(3, named) + _integer(4, strings(file))
        body += _sized(_FUNCTION, function_fields)
    return bytes(body)


def _labels(strings: _Strings, pid: int, tid: int, name: str) -> bytes:
    labels = b""
    if name:
        labels += _sized(3, _integer(1, strings("thread")) + _integer(2, strings(name)))
    for key, number in (("thread_id", tid), ("process_id", pid)):
        if number:
            labels += _sized(3, _integer(1, strings(key)) + _integer(3, number))
    return labels


def _value_type(strings: _Strings, kind: str, unit: str) -> bytes:
    return _integer(1, strings(kind)) + _integer(2, strings(unit))


def _integer(field: int, number: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(number)


def _packed(field: int, numbers: Iterable[int]) -> bytes:
    return _sized(field, b"".join(map(_varint, numbers)))


def _sized(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
