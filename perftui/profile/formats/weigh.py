"""What the stacks of a profile weigh, as files want it told."""

import math
from collections.abc import Iterable, Iterator

import msgspec

from perftui.errors import UsageError
from perftui.model.profile import StackProfile, StackRow
from perftui.model.table import Table
from perftui.profile.tree import View

ThreadId = tuple[int, int]
"""PID and TID."""

MOST_NS = 1 << 63
NO_THREAD: ThreadId = (0, 0)
"""Of stacks that may be of any thread."""


def check(profile: StackProfile) -> None:
    """UsageError for figures that cannot be written as whole numbers of 64 bits."""
    if not (0 <= profile.rate_hz < math.inf and all(0 <= row.on_cpu < math.inf for row in profile.rows)):  # NaN is not
        raise UsageError("a rate or a part on a CPU that cannot be")
    if any(frame.line < 0 for frame in profile.frames):
        raise UsageError("a line below zero")
    known = profile.attempts > 0 and profile.covered_ns > 0
    look_ns = profile.covered_ns / profile.attempts if known else 1e9 / (profile.rate_hz or 1e9)
    if profile.samples * max(1.0, look_ns) >= MOST_NS:
        raise UsageError("more looks than any time has")


def weight(row: StackRow, view: View) -> float:
    """Looks in the wall view, those on a CPU in the cpu view."""
    return row.on_cpu if view == "cpu" else float(row.samples)


def whole(weights: Iterable[float]) -> Iterator[int]:
    """Whole numbers with the same sum, rounded: what is cut off one is carried on to the next."""
    carried = 0.0
    for one in weights:
        number = max(0, round(one + carried))
        carried += one - number
        yield number


def counts(profile: StackProfile, view: View) -> list[int]:
    """A whole number for each row. Those of the wall view are exact."""
    if view == "wall":
        return [row.samples for row in profile.rows]
    return list(whole(weight(row, view) for row in profile.rows))


def period_ns(profile: StackProfile) -> int:
    """The time that one look stands for: what passed, not what was asked for. 0 where it is not known."""
    if profile.attempts and profile.covered_ns:
        return round(profile.covered_ns / profile.attempts)
    return round(1e9 / profile.rate_hz) if profile.rate_hz else 0


def in_view(profile: StackProfile, view: View) -> StackProfile:
    """The same stacks with what they weigh in this view as ``on_cpu``."""
    if view == "cpu":
        return profile
    rows = tuple(msgspec.structs.replace(row, on_cpu=float(row.samples)) for row in profile.rows)
    return msgspec.structs.replace(profile, rows=rows)


def thread_names(profile: StackProfile) -> dict[ThreadId, str]:
    """Every thread that was seen, in the order of the rows; empty names for those without."""
    names = {(thread.pid, thread.tid): thread.name for thread in profile.threads}
    return {(row.pid, row.tid): names.get((row.pid, row.tid), "") for row in profile.rows}


def of_thread(profile: StackProfile, tid: int) -> StackProfile:
    """The stacks of one thread alone. UsageError, with those that there are, for one that was not seen."""
    rows = tuple(row for row in profile.rows if row.tid == tid)
    if not rows:
        known = ", ".join(f"{tid} {name}".rstrip() for (_, tid), name in thread_names(profile).items())
        raise UsageError(f"--thread: no thread {tid} was seen; there are {known or 'none'}")
    threads = tuple(thread for thread in profile.threads if thread.tid == tid)
    place = {at: new for new, at in enumerate(at for at, row in enumerate(profile.rows) if row.tid == tid)}
    slots = [entry for entry in slot_entries(profile) if entry[0] in place]
    columns = [(place[row], slot, samples) for row, slot, samples in slots]
    return msgspec.structs.replace(profile, rows=rows, threads=threads, slots=_table(columns))


def slot_entries(profile: StackProfile) -> list[tuple[int, int, int]]:
    """Row, slot and samples of each entry in ``slots``, oldest slot first; empty where the order is not known."""
    if not len(profile.slots):
        return []
    table = profile.slots
    return sorted(
        zip(table.ints("row"), table.ints("slot"), table.ints("samples"), strict=True), key=lambda entry: entry[1]
    )


def _table(entries: list[tuple[int, int, int]]) -> Table:
    rows, slots, samples = zip(*entries, strict=True) if entries else ((), (), ())
    return Table.of({"row": rows, "slot": slots, "samples": samples}) if entries else Table()
