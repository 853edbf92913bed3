"""Stack windows with their frames and stacks numbered, so that each is kept once in a chunk."""

from collections.abc import Callable, Sequence

from perftui.host.text import visible
from perftui.model.profile import Frame, StackProfile, StackRow, ThreadName
from perftui.store.streams import Window

_MOST_PLACES = 1 << 19
"""Frames in all stacks of a window: 10,000 stacks of 50. A number of two bytes may stand for a stack of any depth."""


class WindowEncoder:
    """The frames and stacks of one chunk so far. ``text_of`` numbers the names of threads."""

    def __init__(self, text_of: Callable[[str], int]) -> None:
        self._text_of = text_of
        self._frames: dict[Frame, int] = {}
        self._stacks: dict[tuple[int, ...], int] = {}

    @property
    def kept(self) -> int:
        """How many frames and stacks it remembers."""
        return len(self._frames) + len(self._stacks)

    def encode(self, profile: StackProfile) -> Window:
        old_frames, old_stacks = len(self._frames), len(self._stacks)
        frames = [self._frames.setdefault(frame, len(self._frames)) for frame in profile.frames]
        stacks = [
            self._stacks.setdefault(tuple(frames[index] for index in stack), len(self._stacks))
            for stack in profile.stacks
        ]
        return Window(
            sampler=visible(profile.sampler),
            rate_hz=profile.rate_hz,
            times=(profile.started_ns, profile.ended_ns, profile.covered_ns),
            attempts=profile.attempts,
            sampler_cpu_ns=profile.sampler_cpu_ns,
            new_frames=[
                (visible(frame.function), visible(frame.file), frame.line) for frame in list(self._frames)[old_frames:]
            ],
            new_stacks=[list(stack) for stack in list(self._stacks)[old_stacks:]],
            frames=frames,
            stacks=stacks,
            pids=[row.pid for row in profile.rows],
            tids=[row.tid for row in profile.rows],
            stack_of=[row.stack for row in profile.rows],
            samples=[row.samples for row in profile.rows],
            on_cpu=[row.on_cpu for row in profile.rows],
            threads=[(thread.pid, thread.tid, self._text_of(thread.name)) for thread in profile.threads],
        )


class WindowDecoder:
    """The inverse. Call ``learn`` with every window in order, ``decode`` with those that are wanted."""

    def __init__(self) -> None:
        self._frames: list[Frame] = []
        self._stacks: list[list[int]] = []

    def learn(self, window: Window) -> None:
        """Take in the frames and stacks that are new."""
        self._frames += (
            Frame(function=visible(function), file=visible(file), line=line)
            for function, file, line in window.new_frames
        )
        self._stacks += window.new_stacks

    def decode(self, window: Window, texts: Sequence[str]) -> StackProfile:
        """IndexError, KeyError or ValueError for a window that refers to what is not there, or to far too much."""
        if sum(len(self._stacks[number]) for number in window.stacks) > _MOST_PLACES:
            raise ValueError("too many frames in the stacks of a window")
        place = {number: at for at, number in reversed(list(enumerate(window.frames)))}
        rows = zip(window.pids, window.tids, window.stack_of, window.samples, window.on_cpu, strict=True)
        if window.stack_of and not 0 <= min(window.stack_of) <= max(window.stack_of) < len(window.stacks):
            raise IndexError("a row of no stack")
        return StackProfile(
            sampler=visible(window.sampler),
            rate_hz=window.rate_hz,
            started_ns=window.times[0],
            ended_ns=window.times[1],
            covered_ns=window.times[2],
            attempts=window.attempts,
            frames=tuple(self._frames[number] for number in window.frames),
            stacks=tuple(tuple(place[frame] for frame in self._stacks[number]) for number in window.stacks),
            rows=tuple(
                StackRow(pid=pid, tid=tid, stack=stack, samples=samples, on_cpu=on_cpu)
                for pid, tid, stack, samples, on_cpu in rows
            ),
            threads=tuple(ThreadName(pid=pid, tid=tid, name=texts[name]) for pid, tid, name in window.threads),
            sampler_cpu_ns=window.sampler_cpu_ns,
        )
