"""speedscope's own file format: https://www.speedscope.app/file-format-schema.json.

Each thread is a profile of weights: nanoseconds where the time of a look is known, else counts. Looks stand in their
order where that is known. What speedscope has no place for, to read back the very counts, is under ``perftui``.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from perftui import __version__
from perftui.errors import UsageError
from perftui.model.profile import Frame, StackProfile, StackRow
from perftui.profile.formats.about import About, Imported, Unit
from perftui.profile.formats.builder import MAX_DEPTH, Builder
from perftui.profile.formats.weigh import ThreadId, period_ns, slot_entries, thread_names, weight, whole

NAME = "speedscope"
SUFFIX = ".speedscope.json"
SCHEMA = "https://www.speedscope.app/file-format-schema.json"

_ScopeUnit = Literal["none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"]
_NS = {"nanoseconds": 1.0, "microseconds": 1e3, "milliseconds": 1e6, "seconds": 1e9}
_Index = Annotated[int, msgspec.Meta(ge=0)]


class _Frame(msgspec.Struct, omit_defaults=True):
    name: str
    file: str | None = None
    line: float | None = None


class _Shared(msgspec.Struct):
    frames: list[_Frame]


class _Sampled(msgspec.Struct, tag_field="type", tag="sampled"):
    name: str
    unit: _ScopeUnit
    startValue: float
    endValue: float
    samples: list[list[_Index]]
    weights: list[float]


class _Event(msgspec.Struct):
    type: Literal["O", "C"]
    frame: _Index
    at: float


class _Evented(msgspec.Struct, tag_field="type", tag="evented"):
    name: str
    unit: _ScopeUnit
    startValue: float
    endValue: float
    events: list[_Event]


class _Thread(msgspec.Struct):
    pid: int
    tid: int
    name: str


class _Ours(msgspec.Struct):
    """``period_ns``: so much of a weight is one look; 0 where the weights are counts."""

    period_ns: _Index
    threads: list[_Thread]


class _File(msgspec.Struct, omit_defaults=True):
    shared: _Shared
    profiles: list[_Sampled | _Evented]
    schema: str = msgspec.field(name="$schema", default="")
    name: str = ""
    exporter: str = ""
    activeProfileIndex: int = 0
    perftui: _Ours | None = None


def write(profile: StackProfile, about: About) -> bytes:
    period = period_ns(profile) if about.unit != "bytes" else 0
    unit: _ScopeUnit = "bytes" if about.unit == "bytes" else "nanoseconds" if period else "none"
    names = thread_names(profile)
    visits = _visits(profile, about)
    profiles: list[_Sampled | _Evented] = []
    for thread, name in names.items():
        weights = whole(looks * max(1, period) for _, looks in visits[thread])
        profiles.append(
            _Sampled(
                name=_label(thread, name),
                unit=unit,
                startValue=0,
                endValue=sum(weights),
                samples=[list(profile.stacks[stack]) for stack, _ in visits[thread]],
                weights=[float(one) for one in weights],
            )
        )
    heaviest = max(range(len(profiles)), key=lambda at: profiles[at].endValue, default=0)
    threads = [_Thread(pid=pid, tid=tid, name=name) for (pid, tid), name in names.items()]
    return msgspec.json.encode(
        _File(
            schema=SCHEMA,
            name=about.title,
            exporter=f"perftui@{__version__}",
            activeProfileIndex=heaviest,
            shared=_Shared(frames=[_frame(frame) for frame in profile.frames]),
            profiles=profiles,
            perftui=_Ours(period_ns=period, threads=threads) if about.view == "wall" else None,
        )
    )


def _visits(profile: StackProfile, about: About) -> dict[ThreadId, list[tuple[int, float]]]:
    """What each thread did: stacks and how long each was seen, in looks; in their order as far as it is known."""
    visits: dict[ThreadId, list[tuple[int, float]]] = defaultdict(list)
    left = [row.samples for row in profile.rows]
    for at, _, samples in slot_entries(profile):
        row = profile.rows[at]
        seen = min(samples, left[at])
        left[at] -= seen
        visits[row.pid, row.tid].append((row.stack, seen * _share(row, about)))
    for row, rest in zip(profile.rows, left, strict=True):
        if rest:
            visits[row.pid, row.tid].append((row.stack, rest * _share(row, about)))
    return {thread: [visit for visit in seen if visit[1] > 0] for thread, seen in visits.items()}


def _share(row: StackRow, about: About) -> float:
    """What one look at this row weighs."""
    return weight(row, about.view) / row.samples if row.samples else 0.0


def _frame(frame: Frame) -> _Frame:
    return _Frame(name=frame.function, file=frame.file or None, line=frame.line or None)


def _label(thread: ThreadId, name: str) -> str:
    pid, tid = thread
    numbers = ", ".join(f"{what} {number}" for what, number in (("TID", tid), ("PID", pid)) if number)
    return f"{name or 'thread'} ({numbers})" if numbers else name or "all"


def recognizes(raw: bytes) -> bool:
    return raw[:64].lstrip()[:1] == b"{"


def parse(raw: bytes) -> Imported:
    """UsageError, with the place in the document, for JSON that is something else."""
    try:
        file = msgspec.json.decode(raw, type=_File)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"not a speedscope file: {error}") from error
    units = {one.unit for one in file.profiles}
    times = units <= _NS.keys()
    if len(units) > 1 and not times:
        raise UsageError(f"profiles in different units: {', '.join(sorted(units))}")
    builder = Builder()
    frames = [builder.frame(one.name, one.file or "", _line(one)) for one in file.shared.frames]
    period = _period(file)
    for at, one in enumerate(file.profiles):
        pid, tid, name = _thread(file, at)
        builder.thread(pid, tid, name)
        try:
            visits = list(_sampled(one) if isinstance(one, _Sampled) else _evented(one))
            weights = whole(_finite(value) * _NS.get(one.unit, 1.0) / period for _, value in visits)
            for (stack, _), samples in zip(visits, weights, strict=True):
                builder.add(pid, tid, tuple(frames[index] for index in stack), samples)
        except IndexError:
            raise UsageError(f"profile {at}: a frame that is not in shared.frames") from None
        except UsageError as error:
            raise UsageError(f"profile {at}: {error}") from error
    nanoseconds = times and period == 1
    unit: Unit = "bytes" if units == {"bytes"} else "nanoseconds" if nanoseconds else "samples"
    return Imported(
        format=NAME,
        profile=builder.profile("speedscope file", rate_hz=1e9 / period if times else 0.0),
        unit=unit,
        title=file.name,
    )


def _period(file: _File) -> int:
    """What one sample is in nanoseconds: a look in a file of ours that nobody has changed, else one."""
    period = file.perftui.period_ns if file.perftui is not None else 0
    sampled = [one for one in file.profiles if isinstance(one, _Sampled) and one.unit == "nanoseconds"]
    ours = period > 0 and len(sampled) == len(file.profiles)
    return period if ours and all(value % period == 0 for one in sampled for value in one.weights) else 1


def _thread(file: _File, at: int) -> tuple[int, int, str]:
    if file.perftui is not None and len(file.perftui.threads) == len(file.profiles):
        thread = file.perftui.threads[at]
        return thread.pid, thread.tid, thread.name
    return 0, at + 1, file.profiles[at].name


def _line(frame: _Frame) -> int:
    line = frame.line or 0
    return int(line) if 0 <= line < 1 << 31 else 0


def _finite(value: float) -> float:
    if not 0 <= value < float(1 << 62):
        raise UsageError(f"a weight of {value:g}")
    return value


def _sampled(profile: _Sampled) -> Iterator[tuple[list[int], float]]:
    if len(profile.samples) != len(profile.weights):
        raise UsageError(f"{len(profile.samples)} samples with {len(profile.weights)} weights")
    return zip(profile.samples, profile.weights, strict=True)


def _evented(profile: _Evented) -> Iterator[tuple[list[int], float]]:
    """The time between two events belongs to what is open then."""
    stack: list[int] = []
    last = profile.startValue
    for event in profile.events:
        if event.at < last:
            raise UsageError(f"an event at {event.at:g} after one at {last:g}")
        if event.at > last and stack:
            yield list(stack), event.at - last
        last = event.at
        if event.type == "O":
            stack.append(event.frame)
            if len(stack) > MAX_DEPTH:
                raise UsageError(f"a stack of more than {MAX_DEPTH} frames")
        elif not stack or stack.pop() != event.frame:
            raise UsageError(f"at {event.at:g} frame {event.frame} closes, which is not the innermost that is open")
    if stack:
        raise UsageError("a frame that never closes")
