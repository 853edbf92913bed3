"""The stacks of the last minutes in memory, to be asked for any span of them: see ``model.stack_past``."""

import math
import threading
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from perftui.model.profile import SLOT_NS, StackProfile, StackRow
from perftui.model.table import Table
from perftui.model.weights import Weights, whole_rows
from perftui.store.stack_table import Drawing, StackTable
from perftui.store.thread_names import ThreadNames

KEPT_NS = 900_000_000_000
MOST_BYTES = 32 << 20
"""Of the numbers of all windows and the names of their threads; with more the oldest go earlier."""

MOST_STACKS = 100_000
"""Distinct stacks of all windows: some 30 MiB when they are 40 deep. With more the oldest windows go earlier.

The table of stacks has up to twice as many, until more than half of it is of windows that have gone: then it is made
anew.
"""

_Row = tuple[int, int, int, int, float]
"""pid, tid, stack, samples, on_cpu."""

_NONE = (0.0, 0.0)


class _Numbers(NamedTuple):
    """The rows of a window as columns, and its slots as those of ``StackProfile.slots``."""

    pids: "array[int]"
    tids: "array[int]"
    stacks: "array[int]"
    samples: "array[int]"
    on_cpu: "array[float]"
    slot_rows: "array[int]"
    slots: "array[int]"
    slot_samples: "array[int]"

    @property
    def size_bytes(self) -> int:
        return sum(len(column) * column.itemsize for column in self)


class _Window(NamedTuple):
    """``bare`` is the profile without frames, stacks, rows and slots; ``heat`` the CPU seconds of each slot of it."""

    bare: StackProfile
    numbers: _Numbers
    heat: "array[float]"

    @property
    def size_bytes(self) -> int:
        return self.numbers.size_bytes + len(self.heat) * self.heat.itemsize

    def overlaps(self, since_ns: int, until_ns: int) -> bool:
        return self.bare.started_ns < until_ns and self.bare.ended_ns > since_ns


class StackStore:
    """Keeps windows of stacks for 15 minutes in bounded memory. One thread may add while others read.

    A window is added in 2 ms (50 busy threads). Windows of all modes are kept; those that see only who holds the
    interpreter's lock (``gil``) are no part of ``span`` and ``heat``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._table = StackTable()
        self._windows: deque[_Window] = deque()
        self._names = ThreadNames()
        self._bytes = 0

    @property
    def first_ns(self) -> int:
        """The start of the oldest window; 0 when there is none."""
        with self._lock:
            return min((window.bare.started_ns for window in self._windows), default=0)

    @property
    def last_ns(self) -> int:
        """The end of the newest window; 0 when there is none."""
        with self._lock:
            return max((window.bare.ended_ns for window in self._windows), default=0)

    @property
    def size_bytes(self) -> int:
        """About what windows, stacks and frames take."""
        with self._lock:
            return self._bytes + self._names.size_bytes + self._table.size_bytes

    def add(self, profile: StackProfile) -> None:
        """Keep a window, and let go of those that are too old or too many."""
        with self._lock:
            numbers = _numbers(profile, self._table.numbers(profile))
            self._table.use(set(numbers.stacks))
            threads = self._names.use(profile.threads)
            bare = msgspec.structs.replace(profile, frames=(), stacks=(), rows=(), threads=threads, slots=Table())
            window = _Window(bare, numbers, _heat(bare, numbers))
            self._windows.append(window)
            self._bytes += window.size_bytes
            while len(self._windows) > 1 and self._is_past(self._windows[0].bare.ended_ns, bare.ended_ns):
                self._drop_oldest()
            if self._table.wasteful:
                self._rebuild()

    def windows(self, since_ns: int, until_ns: int) -> Sequence[StackProfile]:
        """Every whole window that overlaps this time, oldest first. Takes a millisecond or more for each."""
        table, windows = self._snapshot(since_ns, until_ns)
        return [_profile(bare, _rows(numbers), _slots(numbers), table) for bare, numbers, _ in windows]

    def span(self, since_ns: int, until_ns: int) -> StackProfile | None:
        """One profile of exactly this time; None when no window overlaps it.

        Of a window that lies in it in part, the looks are taken that are in slots of this time, of a slot at its edge
        and of looks that are in no slot a proportional part. Each look of a row has the same part on a CPU. Numbers
        are rounded so that two spans side by side have exactly what one over both has, where they are of one process
        at one rate. Several weigh by time, as where windows are merged (see ``model.weights``).
        """
        table, windows = self._snapshot(since_ns, until_ns)
        windows = [window for window in windows if window.bare.mode != "gil"]
        if not windows:
            return None
        bares = [_cut_bare(window, since_ns, until_ns) for window in windows]
        weights = Weights(bares)
        counts: dict[tuple[int, int, int], tuple[float, float]] = {}
        for window, bare in zip(windows, bares, strict=True):
            factor_of = {pid: weights.factor(bare, pid) for pid in set(window.numbers.pids)}
            for pid, tid, stack, samples, on_cpu in _cut(window, since_ns, until_ns):
                if samples:
                    key, factor = (pid, tid, stack), factor_of[pid]
                    known = counts.get(key, _NONE)
                    counts[key] = (known[0] + factor * samples, known[1] + factor * on_cpu)
        rows = ((*key, samples, on_cpu) for key, (samples, on_cpu) in whole_rows(counts).items())
        return _profile(_joined(bares, weights), rows, Table(), table)

    def heat(self, since_ns: int, until_ns: int, columns: int) -> Sequence[float]:
        """Mean cores on CPU in each of ``columns`` equal parts of this time; NaN where nothing was sampled.

        The mean is over the time of a column that windows cover, at least one of them where they are of several
        processes.
        """
        _, windows = self._snapshot(since_ns, until_ns)
        edges = [since_ns + (until_ns - since_ns) * at // columns for at in range(columns + 1)]
        used, seen = [0.0] * columns, [0.0] * columns
        covered_ns = since_ns
        for window in sorted((window for window in windows if window.bare.mode != "gil"), key=_started):
            start_ns, end_ns = window.bare.started_ns, window.bare.ended_ns
            _spread(seen, edges, (max(covered_ns, start_ns), end_ns), (end_ns - max(covered_ns, start_ns)) / 1e9)
            covered_ns = max(covered_ns, end_ns)
            if since_ns <= start_ns and bisect_right(edges, start_ns) == bisect_left(edges, end_ns):
                _spread(used, edges, (start_ns, end_ns), sum(window.heat))  # all of it is in one column
                continue
            for slot, seconds in enumerate(window.heat):
                _spread(used, edges, _slot_span(window.bare, slot), seconds)
        return [cores / seconds if seconds else math.nan for cores, seconds in zip(used, seen, strict=True)]

    def _snapshot(self, since_ns: int, until_ns: int) -> tuple[StackTable, list[_Window]]:
        with self._lock:
            return self._table, [window for window in self._windows if window.overlaps(since_ns, until_ns)]

    def _is_past(self, ended_ns: int, now_ns: int) -> bool:
        held_bytes = self._bytes + self._names.size_bytes
        return now_ns - ended_ns > KEPT_NS or held_bytes > MOST_BYTES or self._table.used > MOST_STACKS

    def _drop_oldest(self) -> None:
        window = self._windows.popleft()
        self._bytes -= window.size_bytes
        self._names.release(window.bare.threads)
        self._table.release(set(window.numbers.stacks))

    def _rebuild(self) -> None:
        """Number the stacks anew. Whoever reads goes on with the old table and windows."""
        self._table, number_of = self._table.rebuilt()
        self._windows = deque(
            window._replace(
                numbers=window.numbers._replace(stacks=_small([number_of[stack] for stack in window.numbers.stacks]))
            )
            for window in self._windows
        )
        self._bytes = sum(window.size_bytes for window in self._windows)


def _started(window: _Window) -> int:
    return window.bare.started_ns


def _numbers(profile: StackProfile, stack_of: Sequence[int]) -> _Numbers:
    slots = profile.slots if len(profile.slots) else _NO_SLOTS
    return _Numbers(
        pids=_small([row.pid for row in profile.rows]),
        tids=_small([row.tid for row in profile.rows]),
        stacks=_small([stack_of[row.stack] for row in profile.rows]),
        samples=_small([row.samples for row in profile.rows]),
        on_cpu=array("d", [row.on_cpu for row in profile.rows]),
        slot_rows=_small(slots.ints("row")),
        slots=_small(slots.ints("slot")),
        slot_samples=_small(slots.ints("samples")),
    )


_NO_SLOTS = Table.of({"row": (), "slot": (), "samples": ()})
_SMALL = (("B", 0xFF), ("H", 0xFFFF), ("I", 0xFFFFFFFF))


def _small(values: Sequence[int]) -> "array[int]":
    """With as few bytes for each as will do."""
    most = max(values, default=0)
    kind = "q" if min(values, default=0) < 0 else next((kind for kind, limit in _SMALL if most <= limit), "q")
    return array(kind, values)


def _rows(numbers: _Numbers) -> Iterable[_Row]:
    return zip(numbers.pids, numbers.tids, numbers.stacks, numbers.samples, numbers.on_cpu, strict=True)


def _slots(numbers: _Numbers) -> Table:
    if not numbers.slots:
        return Table()
    return Table.of({"row": numbers.slot_rows, "slot": numbers.slots, "samples": numbers.slot_samples})


def _profile(bare: StackProfile, rows: Iterable[_Row], slots: Table, table: StackTable) -> StackProfile:
    drawing = Drawing(table.frames, table.path)
    drawn = tuple(
        StackRow(pid=pid, tid=tid, stack=drawing.stack(stack), samples=samples, on_cpu=on_cpu)
        for pid, tid, stack, samples, on_cpu in rows
    )
    return msgspec.structs.replace(
        bare, frames=tuple(drawing.frames), stacks=tuple(drawing.stacks), rows=drawn, slots=slots
    )


def _joined(bares: Sequence[StackProfile], weights: Weights) -> StackProfile:
    """What several windows say beside their rows."""
    return msgspec.structs.replace(
        bares[-1],
        rate_hz=weights.rate_hz,
        started_ns=weights.started_ns,
        ended_ns=weights.ended_ns,
        covered_ns=weights.covered_ns,
        attempts=weights.attempts,
        sampler_cpu_ns=sum(bare.sampler_cpu_ns for bare in bares),
        threads=tuple({(thread.pid, thread.tid): thread for bare in bares for thread in bare.threads}.values()),
        parts=weights.parts,
        pid=weights.pid,
    )


def _cut_bare(window: _Window, since_ns: int, until_ns: int) -> StackProfile:
    """What a window says beside its rows, for the part of it that lies in this time."""
    bare, numbers, _ = window
    before, after = (_part(time_ns, bare.started_ns, bare.ended_ns) for time_ns in (since_ns, until_ns))

    def cut(amount: int) -> int:
        return round(amount * after) - round(amount * before)

    pids = {bare.pid} if bare.pid else set(numbers.pids)
    return msgspec.structs.replace(
        bare,
        started_ns=max(since_ns, bare.started_ns),
        ended_ns=min(until_ns, bare.ended_ns),
        covered_ns=cut(bare.covered_ns),
        attempts=cut(bare.attempts),
        sampler_cpu_ns=cut(bare.sampler_cpu_ns),
        pid=pids.pop() if len(pids) == 1 else 0,
    )


def _cut(window: _Window, since_ns: int, until_ns: int) -> Iterable[_Row]:
    """The rows with those of their looks that lie in this time."""
    bare, numbers, _ = window
    if since_ns <= bare.started_ns and bare.ended_ns <= until_ns:
        return _rows(numbers)
    before, after = _looks_before(window, since_ns), _looks_before(window, until_ns)
    samples = [round(last) - round(first) for first, last in zip(before, after, strict=True)]
    on_cpu = [
        part / whole * cpu if whole else 0.0
        for part, whole, cpu in zip(samples, numbers.samples, numbers.on_cpu, strict=True)
    ]
    return zip(numbers.pids, numbers.tids, numbers.stacks, samples, on_cpu, strict=True)


def _looks_before(window: _Window, time_ns: int) -> list[float]:
    """How many looks of each row came before a time."""
    bare, numbers, _ = window
    ratio = _part(time_ns, bare.started_ns, bare.ended_ns)
    looks = [ratio * samples for samples in numbers.samples]
    parts: dict[int, float] = {}
    for row, slot, samples in zip(numbers.slot_rows, numbers.slots, numbers.slot_samples, strict=True):
        part = parts.get(slot)
        if part is None:
            part = parts[slot] = _part(time_ns, *_slot_span(bare, slot))
        looks[row] += (part - ratio) * samples
    return looks


def _heat(bare: StackProfile, numbers: _Numbers) -> "array[float]":
    """CPU seconds in each slot of a window; looks that are in no slot are spread over all of it."""
    span_ns = bare.ended_ns - bare.started_ns
    if span_ns <= 0 or not bare.attempts:
        return array("d")
    count = -(-span_ns // SLOT_NS)
    heat = array("d", bytes(8 * count))
    seconds = span_ns / 1e9 / bare.attempts
    each = [
        seconds * cpu / samples if samples else 0.0
        for cpu, samples in zip(numbers.on_cpu, numbers.samples, strict=True)
    ]
    loose = seconds * sum(numbers.on_cpu)
    for row, slot, samples in zip(numbers.slot_rows, numbers.slots, numbers.slot_samples, strict=True):
        there = each[row] * samples
        heat[min(slot, count - 1)] += there
        loose -= there
    for slot in range(count):
        first_ns, last_ns = _slot_span(bare, slot)
        heat[slot] += loose * (last_ns - first_ns) / span_ns
    return heat


def _slot_span(bare: StackProfile, slot: int) -> tuple[int, int]:
    """Start and end of a slot; one that begins at the window's end or later is the last nanosecond of it."""
    first_ns = min(bare.started_ns + slot * SLOT_NS, bare.ended_ns - 1)
    return first_ns, min(first_ns + SLOT_NS, bare.ended_ns)


def _part(time_ns: int, first_ns: int, last_ns: int) -> float:
    """The part of a span that lies before a time, 0–1."""
    if time_ns >= last_ns:
        return 1.0
    return max(0.0, (time_ns - first_ns) / (last_ns - first_ns))


def _spread(totals: list[float], edges: Sequence[int], span: tuple[int, int], amount: float) -> None:
    """Add an amount to those columns that a span lies in, to each by how much of it is there."""
    since_ns, until_ns = span
    if until_ns <= since_ns:
        return
    column = max(0, bisect_right(edges, since_ns) - 1)
    while column < len(totals) and edges[column] < until_ns:
        overlap = min(until_ns, edges[column + 1]) - max(since_ns, edges[column])
        totals[column] += amount * max(0, overlap) / (until_ns - since_ns)
        column += 1
