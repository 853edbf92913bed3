"""Frames and stacks by number, each kept once."""

from array import array
from collections.abc import Callable, Iterable, Sequence

from perftui.model.profile import Frame, StackProfile

_REBUILT_FROM = 1024
"""A table with fewer stacks is not worth being made anew."""

_ENTRY_BYTES = 140
_FRAME_BYTES = 400
"""Measured on CPython 3.11: what a stack takes beside its frames' numbers, and a frame with its texts."""


class Drawing:
    """The frames and stacks of one profile, numbered as they come. ``places`` counts the frames of its stacks."""

    def __init__(self, frames: Sequence[Frame], path_of: Callable[[int], Sequence[int]]) -> None:
        self._all_frames, self._path_of = frames, path_of
        self._frame_of: dict[int, int] = {}
        self._stack_of: dict[int, int] = {}
        self.frames: list[Frame] = []
        self.stacks: list[tuple[int, ...]] = []
        self.places = 0

    def stack(self, number: int) -> int:
        """The place in ``stacks`` of the stack that has this number in the whole. IndexError when there is none."""
        known = self._stack_of.get(number)
        if known is None:
            if number < 0:
                raise IndexError("a row of no stack")
            known = self._stack_of[number] = len(self.stacks)
            path = self._path_of(number)
            self.places += len(path)
            for frame in path:
                if frame not in self._frame_of:
                    self._frame_of[frame] = len(self.frames)
                    self.frames.append(self._all_frames[frame])
            self.stacks.append(tuple(map(self._frame_of.__getitem__, path)))
        return known


class StackTable:
    """Only grows, so that one thread may read what it was told of while another adds. ``used`` stacks have uses."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._frame_of: dict[Frame, int] = {}
        self._paths: list[bytes] = []
        self._stack_of: dict[bytes, int] = {}
        self._uses = array("I")
        self.used = 0

    def numbers(self, profile: StackProfile) -> list[int]:
        """A number for each stack of the profile."""
        frame_of = [self._frame(frame) for frame in profile.frames]
        return [self._stack(array("I", map(frame_of.__getitem__, stack)).tobytes()) for stack in profile.stacks]

    def path(self, number: int) -> Sequence[int]:
        """The numbers of a stack's frames, root first."""
        return memoryview(self._paths[number]).cast("I")

    def use(self, stacks: Iterable[int]) -> None:
        """Count one more use of each."""
        for stack in stacks:
            self.used += not self._uses[stack]
            self._uses[stack] += 1

    def release(self, stacks: Iterable[int]) -> None:
        for stack in stacks:
            self._uses[stack] -= 1
            self.used -= not self._uses[stack]

    @property
    def size_bytes(self) -> int:
        """About what it takes: an entry of the dict and the list, and the numbers themselves."""
        return sum(_ENTRY_BYTES + len(path) for path in self._paths) + _FRAME_BYTES * len(self.frames)

    @property
    def wasteful(self) -> bool:
        """Whether more than half of it has no use: then ``rebuilt`` takes less."""
        return len(self._paths) > max(_REBUILT_FROM, 2 * self.used)

    def rebuilt(self) -> tuple["StackTable", list[int]]:
        """A table of what is used, and the new number of each stack (0 for those that have gone)."""
        table = StackTable()
        drawing = Drawing(self.frames, self.path)
        for stack, uses in enumerate(self._uses):
            if uses:
                drawing.stack(stack)
                table._uses.append(uses)
        table.frames = drawing.frames
        table._frame_of = {frame: number for number, frame in enumerate(drawing.frames)}
        table._paths = [array("I", stack).tobytes() for stack in drawing.stacks]
        table._stack_of = {path: number for number, path in enumerate(table._paths)}
        table.used = self.used
        return table, [drawing.stack(stack) if uses else 0 for stack, uses in enumerate(self._uses)]

    def _frame(self, frame: Frame) -> int:
        number = self._frame_of.setdefault(frame, len(self.frames))
        if number == len(self.frames):
            self.frames.append(frame)
        return number

    def _stack(self, path: bytes) -> int:
        number = self._stack_of.setdefault(path, len(self._paths))
        if number == len(self._paths):
            self._paths.append(path)
            self._uses.append(0)
        return number
