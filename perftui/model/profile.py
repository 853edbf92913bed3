"""Sampled stacks of the target."""

from collections.abc import Iterable
from heapq import nlargest
from typing import Literal

import msgspec

from perftui.model.table import Table
from perftui.model.weights import Part, Weights, whole_rows

Mode = Literal["nonblocking", "exact", "native", "gil", "active", "perf"]
"""How stacks are looked at.

``nonblocking`` never stops the target; ``exact`` pauses it for each look; ``native`` pauses it and has the frames of C
code too; ``gil`` sees only the thread that holds the lock of the interpreter, ``active`` only threads that run;
``perf`` is the kernel's sampler.
"""

SLOT_NS = 50_000_000
"""The time resolution inside a window: shorter than a burst that can be felt, longer than five looks at 100 Hz."""

MOST_STACKS = 100_000
"""A merged profile keeps this many of its stacks: the part of the rest is too small to be seen in any view."""


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
    ``pid`` is the one process that was looked at, whether anything was seen of it or not; 0: several, or not known.

    ``slots`` tells when: columns ``row`` (index into ``rows``), ``slot`` (number of ``SLOT_NS`` since ``started_ns``)
    and ``samples``. Empty where the order of the looks is not known, and in a merged profile.

    In a merged profile a sample is as long as a look at the process with the most looks. Looks at others count
    as several, and ``parts`` tells how each process was looked at. Nothing is a sum over processes: ``attempts`` are
    those at one that was there all the time, ``covered_ns`` is the mean.
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
    mode: Mode = "nonblocking"
    slots: Table = Table()
    parts: tuple[Part, ...] = ()
    pid: int = 0

    @property
    def pids(self) -> frozenset[int]:
        """The processes that were looked at, as far as is known."""
        if self.pid:
            return frozenset((self.pid,))
        return frozenset((*(row.pid for row in self.rows), *(part.pid for part in self.parts if part.pid)))

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


class SampledProcess(msgspec.Struct, frozen=True, kw_only=True):
    """A process that is being sampled: ``rate_hz`` looks a second, and its part of the target's CPU, if known."""

    pid: int
    rate_hz: float
    cpu_share_ratio: float | None = None


class ProfileStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Whether stacks can be had, and if not, why and what would make them visible.

    ``sampled`` are all processes that are looked at now and ``pid`` the first of them, whose rate and gap are told.
    ``cpu_share_ratio`` is their part of the target's CPU (None: not known yet), ``sampler_cpu_ratio`` what all their
    samplers use.
    ``slowdown_ratio`` estimates how much longer the target's work takes for being sampled, ``suspect_ratio`` the part
    of the stacks that cannot be right (a caller that was never seen to call that function); None: not known.
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
    mode: Mode = "nonblocking"
    slowdown_ratio: float | None = None
    suspect_ratio: float | None = None
    sampled: tuple[SampledProcess, ...] = ()


OTHER = Frame(function="(other)")
"""Stands for all stacks that a merged profile does not keep."""


def merge(profiles: Iterable[StackProfile], most_stacks: int = MOST_STACKS) -> StackProfile | None:
    """Join windows into one profile; frames and stacks are interned anew. None for no windows.

    Of several processes each weighs by time, not by looks (see ``weights``): shares are of the target as a whole.
    Beyond ``most_stacks`` only the stacks with the most samples are kept. All others become one stack of the frame
    ``OTHER``, so that the samples of each thread still add up.
    """
    windows = list(profiles)
    if not windows:
        return None
    return bounded(windows[0] if len(windows) == 1 else _joined(windows), most_stacks)


def _joined(windows: list[StackProfile]) -> StackProfile:
    weights = Weights(windows)
    frames: dict[Frame, int] = {}
    stacks: dict[tuple[int, ...], int] = {}
    counts: dict[tuple[int, int, int], tuple[float, float]] = {}
    names: dict[tuple[int, int], ThreadName] = {}
    for window in windows:
        frame_of = [frames.setdefault(frame, len(frames)) for frame in window.frames]
        stack_of = [
            stacks.setdefault(tuple(frame_of[index] for index in stack), len(stacks)) for stack in window.stacks
        ]
        factors = {pid: weights.factor(window, pid) for pid in {row.pid for row in window.rows}}
        for row in window.rows:
            key = (row.pid, row.tid, stack_of[row.stack])
            samples, on_cpu = counts.get(key, (0.0, 0.0))
            factor = factors[row.pid]
            counts[key] = (samples + factor * row.samples, on_cpu + factor * row.on_cpu)
        names.update({(thread.pid, thread.tid): thread for thread in window.threads})
    return StackProfile(
        sampler=windows[-1].sampler,
        rate_hz=weights.rate_hz,
        started_ns=weights.started_ns,
        ended_ns=weights.ended_ns,
        covered_ns=weights.covered_ns,
        attempts=weights.attempts,
        frames=tuple(frames),
        stacks=tuple(stacks),
        rows=tuple(
            StackRow(pid=pid, tid=tid, stack=stack, samples=samples, on_cpu=on_cpu)
            for (pid, tid, stack), (samples, on_cpu) in whole_rows(counts).items()
        ),
        threads=tuple(names.values()),
        sampler_cpu_ns=sum(window.sampler_cpu_ns for window in windows),
        mode=windows[-1].mode,
        parts=weights.parts,
        pid=weights.pid,
    )


def bounded(profile: StackProfile, most_stacks: int) -> StackProfile:
    """The same with at most so many stacks and ``OTHER``; the profile itself when it has no more."""
    if len(profile.stacks) <= most_stacks:
        return profile
    weights = [0] * len(profile.stacks)
    for row in profile.rows:
        weights[row.stack] += row.samples
    frames: dict[int, int] = {}
    stacks: list[tuple[int, ...]] = []
    kept: dict[int, int] = {}
    for stack in sorted(nlargest(most_stacks, range(len(weights)), key=weights.__getitem__)):
        kept[stack] = len(stacks)
        stacks.append(tuple(frames.setdefault(index, len(frames)) for index in profile.stacks[stack]))
    other = len(stacks)
    stacks.append((len(frames),))
    rows: list[StackRow] = []
    rest: dict[tuple[int, int], tuple[int, float]] = {}
    for row in profile.rows:
        if row.stack in kept:
            rows.append(msgspec.structs.replace(row, stack=kept[row.stack]))
        else:
            samples, on_cpu = rest.get((row.pid, row.tid), (0, 0.0))
            rest[row.pid, row.tid] = (samples + row.samples, on_cpu + row.on_cpu)
    rows += [
        StackRow(pid=pid, tid=tid, stack=other, samples=samples, on_cpu=min(float(samples), on_cpu))
        for (pid, tid), (samples, on_cpu) in rest.items()
    ]
    return msgspec.structs.replace(
        profile,
        frames=(*(profile.frames[index] for index in frames), OTHER),
        stacks=tuple(stacks),
        rows=tuple(rows),
    )
