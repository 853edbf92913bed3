"""Stacks of a foreign file made into a profile, within bounds: such a file is trusted with nothing."""

from perftui.errors import UsageError
from perftui.host.text import visible
from perftui.model.profile import Frame, StackProfile, StackRow, ThreadName

MAX_BYTES = 256 << 20
"""Of a file. Text is read line by line."""
MAX_DEPTH = 4096
"""Frames of one stack; CPython's own recursion limit is 1,000."""
MAX_STACKS = 500_000
MAX_FRAMES = 500_000
MAX_CELLS = 32 << 20
"""Frames of all different stacks together, 8 bytes each: some formats repeat a deep stack in one byte."""
MAX_LOOKED = 1 << 30
"""Frames of all looks together: half a minute of work. A look may take few bytes to repeat the deepest stack."""
MAX_THREADS = 20_000
MAX_TOTAL = 1 << 53
"""Of all counts together: beyond this the numbers of JSON are not whole. As nanoseconds it is a hundred days."""
MAX_LINE = 1 << 31
MAX_TID = 1 << 63
"""Some files have the address of a thread in place of its number."""
_NAME_LIMIT = 512


class Builder:
    """Interns frames and stacks while they come in. UsageError, saying what, for what is beyond the bounds."""

    def __init__(self) -> None:
        self._read: dict[tuple[bytes | str, bytes | str, int], int] = {}
        self._frames: dict[Frame, int] = {}
        self._stacks: dict[tuple[int, ...], int] = {}
        self._counts: dict[tuple[int, int, int], tuple[int, float]] = {}
        self._names: dict[tuple[int, int], str] = {}
        self._total = 0
        self._cells = 0
        self._looked = 0

    def frame(self, function: bytes | str, file: bytes | str = b"", line: int = 0) -> int:
        """The index of a frame. Its texts are foreign."""
        key = (function, file, line)
        index = self._read.get(key)
        if index is None:
            if len(self._read) >= MAX_FRAMES:
                raise UsageError(f"more than {MAX_FRAMES} different frames")
            if not 0 <= line < MAX_LINE:
                raise UsageError(f"{line} is no line number")
            frame = Frame(function=visible(function, _NAME_LIMIT), file=visible(file), line=line)
            index = self._read[key] = self._frames.setdefault(frame, len(self._frames))
        return index

    def thread(self, pid: int, tid: int, name: bytes | str = b"") -> None:
        """Name a thread; the first name stays."""
        if (pid, tid) not in self._names:
            if len(self._names) >= MAX_THREADS:
                raise UsageError(f"more than {MAX_THREADS} threads")
            if not (0 <= pid < MAX_LINE and 0 <= tid < MAX_TID):
                raise UsageError(f"{pid} and {tid} are no process and thread")
            self._names[pid, tid] = visible(name, _NAME_LIMIT)

    def look(self, frames: int) -> None:
        """Take note that a stack of so many frames was put together; before the work where that is known."""
        self._looked += frames
        if self._looked > MAX_LOOKED:
            raise UsageError(f"more than {MAX_LOOKED} frames in all looks together")

    def add(self, pid: int, tid: int, stack: tuple[int, ...], samples: int, on_cpu: float = 0.0) -> None:
        """Count a stack, root first, ``samples`` times. Only threads that were named may have some."""
        if len(stack) > MAX_DEPTH:
            raise UsageError(f"a stack of more than {MAX_DEPTH} frames")
        self.look(len(stack))
        if samples < 0:
            raise UsageError(f"a count below zero: {samples}")
        self._total += samples
        if self._total > MAX_TOTAL:
            raise UsageError(f"counts of more than {MAX_TOTAL} together")
        index = self._stacks.get(stack)
        if index is None:
            self._cells += len(stack)
            if len(self._stacks) >= MAX_STACKS or self._cells > MAX_CELLS:
                raise UsageError(f"more than {MAX_STACKS} different stacks, or {MAX_CELLS} frames in them")
            index = self._stacks[stack] = len(self._stacks)
        known, ran = self._counts.get((pid, tid, index), (0, 0.0))
        self._counts[pid, tid, index] = (known + samples, ran + on_cpu)

    def profile(self, sampler: str, *, rate_hz: float = 0.0) -> StackProfile:
        """All of it. UsageError when nothing was counted.

        With a rate the time that was covered is that of the thread with most samples, which was seen in every look.
        """
        if not self._total:
            raise UsageError("there are no stacks in it")
        looks: dict[tuple[int, int], int] = {}
        for (pid, tid, _), (samples, _) in self._counts.items():
            looks[pid, tid] = looks.get((pid, tid), 0) + samples
        attempts = max(looks.values())
        span_ns = min(MAX_TOTAL, round(attempts * 1e9 / rate_hz)) if rate_hz else 0
        return StackProfile(
            sampler=sampler,
            rate_hz=rate_hz,
            started_ns=0,
            ended_ns=span_ns,
            covered_ns=span_ns,
            attempts=attempts if rate_hz else 0,
            frames=tuple(self._frames),
            stacks=tuple(self._stacks),
            rows=tuple(
                StackRow(pid=pid, tid=tid, stack=stack, samples=samples, on_cpu=on_cpu)
                for (pid, tid, stack), (samples, on_cpu) in self._counts.items()
                if samples
            ),
            threads=tuple(ThreadName(pid=pid, tid=tid, name=name) for (pid, tid), name in self._names.items() if name),
        )
