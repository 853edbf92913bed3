"""Who allocates: stacks by the bytes that they took."""

from collections import defaultdict
from collections.abc import Iterator

import msgspec

from perftui.model.profile import Frame, StackProfile, StackRow


class AllocationStack(msgspec.Struct, frozen=True, kw_only=True):
    """What one thread allocated in one stack; ``frames`` has the root first."""

    size_bytes: int
    allocations: int
    thread: str
    frames: tuple[Frame, ...]


class AllocationView(msgspec.Struct, frozen=True, kw_only=True):
    """Allocations that were live at one moment, the heaviest stacks first.

    The totals are of all of them, ``stacks`` may be cut: the rest has less than any of these.
    """

    size_bytes: int
    allocations: int
    stacks: tuple[AllocationStack, ...]


class Allocations(msgspec.Struct, frozen=True, kw_only=True):
    """What a process allocated while it was tracked for ``seconds``.

    ``held`` was not given back when tracking ended, ``peak`` was live at the moment when most was. What was there
    before is in neither.
    """

    pid: int
    tool: str
    seconds: float
    held: AllocationView
    peak: AllocationView


class Allocator(msgspec.Struct, frozen=True, kw_only=True):
    """One function: ``self`` is what it asked for itself, ``total`` with all that it called.

    ``line`` is the one that asked for most.
    """

    function: str
    file: str
    line: int
    self_bytes: int
    total_bytes: int
    allocations: int


def allocators(view: AllocationView) -> tuple[Allocator, ...]:
    """Every function in the stacks, the one that asked for most by itself first."""
    selves: dict[tuple[str, str], int] = defaultdict(int)
    totals: dict[tuple[str, str], int] = defaultdict(int)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    lines: dict[tuple[str, str], dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for stack in view.stacks:
        places = {(frame.function, frame.file): frame.line for frame in stack.frames}  # the innermost line of each
        for key, line in places.items():
            totals[key] += stack.size_bytes
            lines[key][line] += stack.size_bytes
        if stack.frames:
            leaf = (stack.frames[-1].function, stack.frames[-1].file)
            selves[leaf] += stack.size_bytes
            counts[leaf] += stack.allocations
    found = (
        Allocator(
            function=key[0],
            file=key[1],
            line=max(lines[key], key=lines[key].__getitem__),
            self_bytes=selves[key],
            total_bytes=total,
            allocations=counts[key],
        )
        for key, total in totals.items()
    )
    return tuple(sorted(found, key=lambda one: (-one.self_bytes, -one.total_bytes, one.file, one.function)))


def as_profile(view: AllocationView) -> StackProfile:
    """The stacks with bytes in place of samples, to fold them into the tree of a flame."""
    frames: dict[Frame, int] = {}
    stacks = tuple(tuple(frames.setdefault(frame, len(frames)) for frame in stack.frames) for stack in view.stacks)
    return StackProfile(
        sampler="memray",
        rate_hz=0.0,
        started_ns=0,
        ended_ns=0,
        covered_ns=0,
        attempts=0,
        frames=tuple(frames),
        stacks=stacks,
        rows=tuple(
            StackRow(pid=0, tid=0, stack=at, samples=stack.size_bytes, on_cpu=0.0)
            for at, stack in enumerate(view.stacks)
        ),
    )


def collapsed(view: AllocationView) -> Iterator[str]:
    """``thread;main (app.py:3);parse (app.py:9) 4096``: a line per stack, as flame graph tools read it."""
    for stack in view.stacks:
        yield f"{folded(stack)} {stack.size_bytes}"


def folded(stack: AllocationStack) -> str:
    """Thread and frames, the root first, with semicolons between."""
    places = [f"{at.function} ({at.file}:{at.line})" if at.file else at.function for at in stack.frames]
    return ";".join(part.replace(";", ":") for part in (stack.thread or "thread", *places))
