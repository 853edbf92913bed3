"""The stacks of an event loop by task, and how long the loop was kept from turning. Pure.

A coroutine that runs stands on the stack of the loop's thread, and those that await it stand above it as callers, up to
the outermost one, the task's. One that is suspended is on no stack: who waits for what cannot be seen here (on CPython
3.14 and later the collector of tasks names them). A plain callback looks as a task does and is named in the same way.
A greenlet has a stack of its own without its hub, so tasks of gevent and eventlet are not told apart.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from perftui.model.frames import LOOP_FRAMES, is_foreign, is_in, is_installed
from perftui.model.profile import SLOT_NS, Frame, StackProfile

EVENT_LOOP = Frame(function="event loop")
"""Stands for a loop that waits in its selector or works for itself."""

BLOCKED_NS = 100_000_000
"""A stretch of this length is felt by whoever waits for an answer (Nielsen, Usability Engineering, 1993)."""

_MACHINERY = re.compile(
    r"(?:^|/)(?:asyncio/\w+|selectors|uvloop/\w+|trio/_core/\w+|anyio/_backends/\w+|twisted/internet/\w+"
    r"|tornado/(?:ioloop|platform/\w+)|gevent/hub|eventlet/hubs/\w+)\.py$"
)
"""Files of the loops themselves: what stands between a loop and the code it calls."""


class LoopLag(msgspec.Struct, frozen=True, kw_only=True):
    """How long an event loop was kept from turning, as an upper bound, to within a slot of 50 ms.

    In ``looked_ns`` the thread was looked at. A stretch is a time in which it was in one and the same task and never
    seen in its selector: one long step, or short ones with no rest between them, which looks cannot tell apart.
    ``longest_ns`` is the longest, ``blame`` the user's function that was seen most in it (None without a stretch);
    ``p99_ns`` is what one in a hundred events that come at any moment waits for the loop; ``blocked_ratio`` is the part
    of the time (0–1) in stretches of ``BLOCKED_NS`` and more.
    """

    looked_ns: int
    longest_ns: int
    p99_ns: int
    blocked_ratio: float
    blame: Frame | None


def by_task(profile: StackProfile) -> StackProfile:
    """The same looks, with a frame ``task: NAME`` in place of the loop and of what called it.

    NAME is the task's outermost function; where that is a library's, the first of the user's functions below it is
    named too. A loop between two tasks is ``EVENT_LOOP``; stacks without a loop stay as they are. Rows and slots are
    untouched.
    """
    loop = _Loops(profile)
    numbers = {frame: at for at, frame in enumerate(profile.frames)}
    stacks: list[tuple[int, ...]] = []
    for stack in profile.stacks:
        below = loop.below(stack)
        if below is None:
            stacks.append(stack)
            continue
        top = loop.task(stack[below:])
        rest = stack[below:] if top is not EVENT_LOOP else stack[loop.last(stack) + 1 :]
        stacks.append((numbers.setdefault(top, len(numbers)), *rest))
    return msgspec.structs.replace(profile, frames=tuple(numbers), stacks=tuple(stacks))


def loop_lag(windows: Sequence[StackProfile], thread: tuple[int, int]) -> LoopLag | None:
    """The lag of the loop in ``thread`` (PID, TID) over windows in their order; None where no slots tell when."""
    slots = sorted((slot for window in windows for slot in _slots(window, thread)), key=lambda slot: slot.start_ns)
    if not slots:
        return None
    patience_ns = max(2 * SLOT_NS, *(int(2e9 / window.rate_hz) for window in windows if window.rate_hz > 0))
    stretches = list(_stretches(slots, patience_ns))
    looked_ns = sum(slot.end_ns - slot.start_ns for slot in slots)
    longest = max(stretches, key=_length_ns, default=[])
    return LoopLag(
        looked_ns=looked_ns,
        longest_ns=_length_ns(longest),
        p99_ns=_p99_ns(slots, stretches),
        blocked_ratio=min(1.0, sum(at for at in map(_length_ns, stretches) if at >= BLOCKED_NS) / max(1, looked_ns)),
        blame=_blamed(longest),
    )


class _Kind(NamedTuple):
    """What a frame is: a loop turns in it, it is a library's of loops, it is the user's."""

    loop: bool
    machinery: bool
    own: bool


@lru_cache(maxsize=16_384)
def _kind(function: str, file: str) -> _Kind:
    """Windows are many and their frames the same."""
    frame = Frame(function=function, file=file)
    own = not is_foreign(frame) and not is_installed(frame)
    return _Kind(is_in(frame, LOOP_FRAMES), _MACHINERY.search(file) is not None, own)


class _Loops:
    """Where in the stacks of one profile a loop ends and a task begins."""

    def __init__(self, profile: StackProfile) -> None:
        self._frames = profile.frames

    def _is(self, index: int) -> _Kind:
        frame = self._frames[index]
        return _kind(frame.function, frame.file)

    def last(self, stack: Sequence[int]) -> int:
        """The place of the innermost frame in which a loop turns, -1 for none."""
        return next((at for at in reversed(range(len(stack))) if self._is(stack[at]).loop), -1)

    def below(self, stack: Sequence[int]) -> int | None:
        """The place of the first frame that is the task's; the length of the stack for none, None without a loop."""
        at = self.last(stack) + 1
        if not at:
            return None
        return next((place for place in range(at, len(stack)) if not self._is(stack[place]).machinery), len(stack))

    def task(self, rest: Sequence[int]) -> Frame:
        """The frame that stands for the task with these frames."""
        if not rest:
            return EVENT_LOOP
        root = rest[0]
        named = self._frames[root]
        own = next((index for index in rest if self._is(index).own), root)
        name = named.function if own == root else f"{named.function} › {self._frames[own].function}"
        return Frame(function=f"task: {name}", file=self._frames[own].file)

    def blamed(self, rest: Sequence[int]) -> Frame:
        """The innermost of the user's functions, else the innermost at all."""
        return self._frames[next((index for index in reversed(rest) if self._is(index).own), rest[-1])]


class _Slot(msgspec.Struct, frozen=True):
    """What was seen of a thread in one slot: its one task (empty when the loop turned), looks by the line to blame."""

    start_ns: int
    end_ns: int
    task: str
    blamed: dict[Frame, int]


def _slots(window: StackProfile, thread: tuple[int, int]) -> Iterator[_Slot]:
    stack_of = {at: row.stack for at, row in enumerate(window.rows) if (row.pid, row.tid) == thread}
    looks: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for number, slot, samples in window.slots.rows("row", "slot", "samples") if stack_of and len(window.slots) else ():
        if number in stack_of and samples > 0:
            looks[slot].append((stack_of[number], samples))
    loop = _Loops(window)
    seen = {stack: _seen(window, loop, stack) for stack in set(stack_of.values())}
    for slot, there in looks.items():
        start_ns = window.started_ns + slot * SLOT_NS
        end_ns = max(start_ns, min(start_ns + SLOT_NS, window.ended_ns))
        tasks = {seen[stack][0] for stack, _ in there}
        blamed: dict[Frame, int] = defaultdict(int)
        for stack, samples in there:
            blamed[seen[stack][1]] += samples
        yield _Slot(start_ns, end_ns, tasks.pop() if len(tasks) == 1 else "", blamed)


def _seen(window: StackProfile, loop: _Loops, stack: int) -> tuple[str, Frame]:
    """The task that a stack is in, and whom to blame; no task when it is the loop itself."""
    indices = window.stacks[stack]
    below = loop.below(indices)
    rest = indices[below:] if below is not None else ()
    return (loop.task(rest).function, loop.blamed(rest)) if rest else ("", EVENT_LOOP)


def _stretches(slots: Sequence[_Slot], patience_ns: int) -> Iterator[list[_Slot]]:
    """Slots one after the other in one and the same task, without a turn of the loop."""
    stretch: list[_Slot] = []
    for slot in slots:
        last = stretch[-1] if stretch else None
        if last and (slot.task != last.task or slot.start_ns - last.start_ns > patience_ns):
            yield stretch
            stretch = []
        if slot.task:
            stretch.append(slot)
    if stretch:
        yield stretch


def _length_ns(stretch: Sequence[_Slot]) -> int:
    return stretch[-1].end_ns - stretch[0].start_ns if stretch else 0


def _p99_ns(slots: Sequence[_Slot], stretches: Sequence[Sequence[_Slot]]) -> int:
    """An event that comes in a slot waits until the stretch around it ends, or not at all."""
    waits = sorted(stretch[-1].end_ns - slot.start_ns for stretch in stretches for slot in stretch)
    rank = int(0.99 * len(slots)) - (len(slots) - len(waits))
    return waits[min(rank, len(waits) - 1)] if waits and rank >= 0 else 0


def _blamed(stretch: Sequence[_Slot]) -> Frame | None:
    """The function that was seen most, at the line that was seen most."""
    lines: dict[Frame, int] = defaultdict(int)
    functions: dict[tuple[str, str], int] = defaultdict(int)
    for slot in stretch:
        for frame, count in slot.blamed.items():
            lines[frame] += count
            functions[frame.function, frame.file] += count
    return max(lines, key=lambda frame: (functions[frame.function, frame.file], lines[frame]), default=None)
