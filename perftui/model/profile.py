"""Sampled stacks of the target."""

from collections.abc import Iterable

import msgspec


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """One function at one line. ``file`` is empty for native code without a file."""

    function: str
    file: str = ""
    line: int = 0


class StackRow(msgspec.Struct, frozen=True, kw_only=True):
    """How often one thread was seen in one stack.

    ``stack`` indexes ``StackProfile.stacks``. ``samples`` counts looks (wall time); ``on_cpu`` is the
    part of them that ran on a CPU (0 ≤ on_cpu ≤ samples).
    """

    pid: int
    tid: int
    stack: int
    samples: int
    on_cpu: float


class ThreadName(msgspec.Struct, frozen=True, kw_only=True):
    pid: int
    tid: int
    name: str


class StackProfile(msgspec.Struct, frozen=True, kw_only=True):
    """The stacks of one window, or of several merged.

    ``stacks`` are tuples of indices into ``frames``, root first. ``attempts`` is the number of
    looks per thread that the sampler took, so a thread seen in every look has ``samples ==
    attempts``. Times are CLOCK_MONOTONIC nanoseconds; ``covered_ns`` is the part of the window that was sampled.
    """

    sampler: str
    rate_hz: float
    started_ns: int
    ended_ns: int
    covered_ns: int
    attempts: int
    frames: tuple[Frame, ...] = ()
    stacks: tuple[tuple[int, ...], ...] = ()
    rows: tuple[StackRow, ...] = ()
    threads: tuple[ThreadName, ...] = ()
    sampler_cpu_ns: int = 0

    @property
    def seconds(self) -> float:
        return (self.ended_ns - self.started_ns) / 1e9

    @property
    def samples(self) -> int:
        return sum(row.samples for row in self.rows)

    @property
    def on_cpu(self) -> float:
        return sum(row.on_cpu for row in self.rows)

    @property
    def coverage_ratio(self) -> float:
        span = self.ended_ns - self.started_ns
        return min(1.0, self.covered_ns / span) if span > 0 else 0.0

    def frames_of(self, row: StackRow) -> tuple[Frame, ...]:
        """The frames of one row, root first."""
        return tuple(self.frames[index] for index in self.stacks[row.stack])


class ProfileStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whether stacks can be had, and if not, why and what would make them visible.

    ``pid`` is the process that is sampled and ``cpu_share_ratio`` its part of the target's CPU (None: not known yet).
    """

    state: str  # "off" | "starting" | "ok" | "unavailable"
    sampler: str = ""
    reason: str = ""
    remedy: str = ""
    sampler_cpu_ratio: float = 0.0
    rate_hz: float = 0.0
    gap_ratio: float = 0.0
    pid: int = 0
    cpu_share_ratio: float | None = None


def merge(profiles: Iterable[StackProfile]) -> StackProfile | None:
    """Join windows into one profile; frames and stacks are interned anew. None for no windows."""
    windows = list(profiles)
    if len(windows) <= 1:
        return windows[0] if windows else None
    frames: dict[Frame, int] = {}
    stacks: dict[tuple[int, ...], int] = {}
    counts: dict[tuple[int, int, int], tuple[int, float]] = {}
    names: dict[tuple[int, int], ThreadName] = {}
    for window in windows:
        frame_of = [frames.setdefault(frame, len(frames)) for frame in window.frames]
        stack_of = [
            stacks.setdefault(tuple(frame_of[index] for index in stack), len(stacks)) for stack in window.stacks
        ]
        for row in window.rows:
            key = (row.pid, row.tid, stack_of[row.stack])
            samples, on_cpu = counts.get(key, (0, 0.0))
            counts[key] = (samples + row.samples, on_cpu + row.on_cpu)
        names.update({(thread.pid, thread.tid): thread for thread in window.threads})
    return StackProfile(
        sampler=windows[-1].sampler,
        rate_hz=windows[-1].rate_hz,
        started_ns=windows[0].started_ns,
        ended_ns=windows[-1].ended_ns,
        covered_ns=sum(window.covered_ns for window in windows),
        attempts=sum(window.attempts for window in windows),
        frames=tuple(frames),
        stacks=tuple(stacks),
        rows=tuple(
            StackRow(pid=pid, tid=tid, stack=stack, samples=samples, on_cpu=on_cpu)
            for (pid, tid, stack), (samples, on_cpu) in counts.items()
        ),
        threads=tuple(names.values()),
        sampler_cpu_ns=sum(window.sampler_cpu_ns for window in windows),
    )
