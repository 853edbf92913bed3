"""What ``perf script`` prints, read: our own stream as well as a file that somebody saved.

A record is a header, ``comm pid/tid [cpu] seconds.fraction: …``, then one line per frame, innermost first (a tab, the
address, the symbol, the file in parentheses), then an empty line. Nothing is escaped. A program that names
its threads or symbols like records can disguise its own stacks, but neither break the reader nor reach the terminal: a
line that fits nowhere is left out, and all text goes through ``visible``.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from perftui.host.text import visible
from perftui.model.profile import SLOT_NS, Frame, StackProfile, StackRow, ThreadName
from perftui.model.table import Table

KERNEL = "[kernel]"
"""The file of every frame of the kernel and its modules."""
UNKNOWN = "[unknown]"
"""The function of a frame that has no symbol, as perf prints it."""
MAX_DEPTH = 4096
"""Frames kept of one stack, from the innermost on. The kernel's own limit is 127 (``kernel.perf_event_max_stack``)."""

_HEADER = re.compile(
    rb"(.*[^ \t])?[ \t]+([0-9]{1,10})(?:/([0-9]{1,10}))? +(?:\[[0-9]{1,5}\] +)?([0-9]{1,10})\.([0-9]{1,9}):(.*)"
)
_SINGLE = re.compile(rb"(?:.*: +| *)([0-9a-f]{1,16} [^ ].*\))")
_FRAME = re.compile(rb"[ \t]*([0-9a-f]{1,16}) (.+)")
_LOST = re.compile(rb" *PERF_RECORD_LOST(?:_SAMPLES)? lost(?: samples)? ([0-9]{1,12})")
_MAP = re.compile(rb"/tmp/perf-[0-9]+\.map")
_OFFSET = re.compile(rb"\+0x[0-9a-f]+$")
_DSO_STARTS = (b" (/", b" ([", b" (inlined)")
_HEADER_LIMIT = 4096
_NAME_LIMIT = 512
_KNOWN_LIMIT = 20_000

KnownFrames = dict[bytes, Frame | None]
"""What lines mean, None for no frame: kept from window to window, most of them come again."""


class ScriptSample(msgspec.Struct, frozen=True):
    """One look at one running thread. ``stack`` is root first; ``time_ns`` of the clock that perf recorded with."""

    pid: int
    tid: int
    comm: str
    time_ns: int
    stack: tuple[Frame, ...]


class Script(msgspec.Struct, frozen=True):
    """Samples in the order they were printed; ``lost`` is how many the kernel could not hand over."""

    samples: tuple[ScriptSample, ...]
    lost: int = 0


def parse(raw: bytes, known: KnownFrames | None = None, *, trust_map: bool = True) -> Script:
    """Read what ``perf script`` printed, with its default fields or with any that has comm, tid, time, ip and sym.

    Nothing is raised: what is no record is left out. ``known`` is filled, and emptied when it grows beyond 20,000; it
    serves one value of ``trust_map``. Without that, names that come from a ``/tmp/perf-PID.map`` are not taken.
    """
    known = {} if known is None else known
    if len(known) > _KNOWN_LIMIT:
        known.clear()
    samples: list[ScriptSample] = []
    lost = 0
    head: re.Match[bytes] | None = None
    frames: list[Frame] = []
    for line in raw.split(b"\n"):
        if not line:
            _finish(head, frames, samples)
            head, frames = None, []
        elif line.startswith(b"\t") or (found := _header(line)) is None:
            if head is not None and (frame := _frame(line, known, trust_map)) is not None:
                _add(frame, frames)
        elif (missed := _LOST.match(found[6])) is not None:
            lost += int(missed[1])
        else:
            _finish(head, frames, samples)  # without -g a record is one line, and no empty one follows
            head, frames = found, []
            if (single := _SINGLE.fullmatch(found[6])) is not None and (
                frame := _frame(single[1], known, trust_map)
            ) is not None:
                _add(frame, frames)
    _finish(head, frames, samples)
    return Script(tuple(samples), lost)


def profile(
    samples: Iterable[ScriptSample],
    *,
    rate_hz: float,
    started_ns: int,
    ended_ns: int,
    covered_ns: int,
    sampler_cpu_ns: int = 0,
    pid: int = 0,
) -> StackProfile:
    """Samples counted by thread and stack. All ran when they were seen: ``on_cpu == samples``.

    ``attempts`` is how often a thread that never stopped running would have been seen, the rate times the covered time.
    A sample from before the window, which perf handed over late, is counted and has no slot.
    """
    frames: dict[Frame, int] = {}
    stacks: dict[tuple[Frame, ...], int] = {}
    rows: dict[tuple[int, int, int], int] = {}
    counts: list[int] = []
    slots: dict[tuple[int, int], int] = defaultdict(int)
    names: dict[tuple[int, int], str] = {}
    for sample in samples:
        row = rows.setdefault(
            (sample.pid, sample.tid, stacks.setdefault(sample.stack, len(stacks))),
            len(rows),
        )
        if row == len(counts):
            counts.append(0)
        counts[row] += 1
        if sample.time_ns >= started_ns:
            slots[row, (sample.time_ns - started_ns) // SLOT_NS] += 1
        names[sample.pid, sample.tid] = sample.comm
    return StackProfile(
        sampler="perf",
        mode="perf",
        rate_hz=rate_hz,
        started_ns=started_ns,
        ended_ns=ended_ns,
        covered_ns=covered_ns,
        attempts=max(round(rate_hz * covered_ns / 1e9), _most_seen(rows, counts)),
        stacks=tuple(tuple(frames.setdefault(frame, len(frames)) for frame in stack) for stack in stacks),
        frames=tuple(frames),
        rows=tuple(
            StackRow(pid=pid, tid=tid, stack=stack, samples=count, on_cpu=float(count))
            for (pid, tid, stack), count in zip(rows, counts, strict=True)
        ),
        threads=tuple(ThreadName(pid=pid, tid=tid, name=name) for (pid, tid), name in names.items()),
        sampler_cpu_ns=sampler_cpu_ns,
        slots=Table.of(
            {
                "row": [row for row, _ in slots],
                "slot": [slot for _, slot in slots],
                "samples": list(slots.values()),
            }
        ),
        pid=pid,
    )


def _most_seen(rows: Iterable[tuple[int, int, int]], counts: Sequence[int]) -> int:
    """Samples of the thread that was seen most: the kernel's rate is only nearly the one that was asked for."""
    seen: dict[int, int] = defaultdict(int)
    for (_, tid, _), count in zip(rows, counts, strict=True):
        seen[tid] += count
    return max(seen.values(), default=0)


def _header(line: bytes) -> re.Match[bytes] | None:
    return _HEADER.fullmatch(line) if len(line) <= _HEADER_LIMIT else None


def _finish(head: re.Match[bytes] | None, frames: list[Frame], samples: list[ScriptSample]) -> None:
    if head is None:
        return
    comm, first, second, seconds, fraction, _ = head.groups()
    samples.append(
        ScriptSample(
            pid=int(first),
            tid=int(second or first),
            comm=visible((comm or b"").strip(), _NAME_LIMIT),
            time_ns=int(seconds) * 1_000_000_000 + int(fraction.ljust(9, b"0")),
            stack=tuple(reversed(frames)),
        )
    )


def _add(frame: Frame, frames: list[Frame]) -> None:
    """A run of frames without a symbol in one file says no more than the first of them."""
    repeats = frames and frame.function == UNKNOWN and frames[-1] == frame
    if not repeats and len(frames) < MAX_DEPTH:
        frames.append(frame)


def _frame(line: bytes, known: KnownFrames, trust_map: bool) -> Frame | None:
    try:
        return known[line]
    except KeyError:
        frame = known[line] = _read_frame(line, trust_map)
        return frame


def _read_frame(line: bytes, trust_map: bool) -> Frame | None:
    match = _FRAME.fullmatch(line)
    if match is None:
        return None
    address, rest = match.groups()
    symbol, file = _split(rest)
    if not trust_map and _MAP.fullmatch(file):
        symbol = UNKNOWN.encode()
    name = visible(_OFFSET.sub(b"", symbol), _NAME_LIMIT)
    if int(address, 16) >> 63 or file.startswith(b"[kernel"):
        return Frame(function=name, file=KERNEL)
    return Frame(function=name, file="" if file in (b"[unknown]", b"inlined") else visible(file))


def _split(rest: bytes) -> tuple[bytes, bytes]:
    """``symbol (file)``. Both may hold spaces and parentheses; a file begins with ``/`` or ``[`` nearly always."""
    if not rest.endswith(b")"):
        return rest, b""
    starts = [at for start in _DSO_STARTS if (at := rest.find(start)) > 0]
    at = min(starts) if starts else rest.rfind(b" (")
    return (rest[:at], rest[at + 2 : -1]) if at > 0 else (rest, b"")
