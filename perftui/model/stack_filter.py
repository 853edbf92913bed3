"""Which stacks of a profile are looked at, and with which of their frames."""

import re
from collections.abc import Callable, Sequence
from operator import eq

import msgspec

from perftui.errors import UsageError
from perftui.model.origin import OWN, origin
from perftui.model.profile import Frame, StackProfile, StackRow
from perftui.model.table import Table

IDLE_RATIO = 0.05
"""A thread that used less of a CPU in a stack than this was waiting there."""

INVERSE = "!"


class StackFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Every wish that is set narrows further. The empty one changes nothing.

    ``pattern`` is a regular expression; a stack is kept when the function or file of any of its frames has it, or with
    a leading ``!`` when none has. ``file_prefix`` keeps stacks that go through a file that begins so. ``own_only``
    takes the frames of libraries, of the standard library and of native code out of the stacks, so their time is their
    nearest own caller's. ``fold_recursion`` makes one frame of a function that calls itself. ``hide_idle`` drops looks
    at threads that waited.
    """

    pattern: str = ""
    file_prefix: str = ""
    tid: int | None = None
    pid: int | None = None
    own_only: bool = False
    fold_recursion: bool = False
    hide_idle: bool = False

    def __post_init__(self) -> None:
        """UsageError for a pattern that is no regular expression."""
        try:
            re.compile(self.pattern.removeprefix(INVERSE))
        except re.error as error:
            raise UsageError(f"no regular expression: {error}") from error

    def apply(self, profile: StackProfile) -> StackProfile:
        """The stacks that are kept; of all others nothing is left. Without a wish it is the very same profile."""
        if self == StackFilter():
            return profile
        kept = self._kept(profile)
        frames_of = self._shortened(profile)
        stacks: dict[tuple[int, ...], int] = {}
        counts: dict[tuple[int, int, int], tuple[int, float]] = {}
        for row in profile.rows:
            if row.stack in kept and self._wants(row):
                key = row.pid, row.tid, stacks.setdefault(frames_of[row.stack], len(stacks))
                samples, on_cpu = counts.get(key, (0, 0.0))
                counts[key] = samples + row.samples, on_cpu + row.on_cpu
        rows = tuple(
            StackRow(pid=pid, tid=tid, stack=stack, samples=samples, on_cpu=min(float(samples), on_cpu))
            for (pid, tid, stack), (samples, on_cpu) in counts.items()
        )
        return msgspec.structs.replace(profile, stacks=tuple(stacks), rows=rows, slots=Table())

    def _wants(self, row: StackRow) -> bool:
        return (
            (self.tid is None or row.tid == self.tid)
            and (self.pid is None or row.pid == self.pid)
            and not (self.hide_idle and row.on_cpu < IDLE_RATIO * row.samples)
        )

    def _kept(self, profile: StackProfile) -> set[int]:
        """The stacks that the pattern and the file let through."""
        kept = set(range(len(profile.stacks)))
        if self.pattern:
            search = re.compile(self.pattern.removeprefix(INVERSE)).search
            hits = _through(profile, lambda frame: bool(search(frame.function) or search(frame.file)))
            kept = kept - hits if self.pattern.startswith(INVERSE) else kept & hits
        if self.file_prefix:
            kept &= _through(profile, lambda frame: frame.file.startswith(self.file_prefix))
        return kept

    def _shortened(self, profile: StackProfile) -> Sequence[tuple[int, ...]]:
        """Every stack without the frames that are not wanted."""
        stacks: Sequence[tuple[int, ...]] = profile.stacks
        if self.own_only:
            own = frozenset(index for index, frame in enumerate(profile.frames) if origin(frame.file) == OWN)
            stacks = [tuple(filter(own.__contains__, stack)) for stack in stacks]
        if self.fold_recursion:
            numbers: dict[tuple[str, str], int] = {}
            function_of = [numbers.setdefault((frame.function, frame.file), len(numbers)) for frame in profile.frames]
            stacks = [_folded(stack, function_of) for stack in stacks]
        return stacks


def _folded(stack: tuple[int, ...], function_of: list[int]) -> tuple[int, ...]:
    """Of calls of a function by itself the innermost."""
    functions = [function_of[index] for index in stack]
    if not any(map(eq, functions, functions[1:])):
        return stack
    last = len(stack) - 1
    return tuple(index for at, index in enumerate(stack) if at == last or functions[at] != functions[at + 1])


def _through(profile: StackProfile, wanted: Callable[[Frame], bool]) -> set[int]:
    """The stacks with such a frame."""
    frames = {index for index, frame in enumerate(profile.frames) if wanted(frame)}
    return {at for at, stack in enumerate(profile.stacks) if not frames.isdisjoint(stack)}
