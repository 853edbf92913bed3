"""Many windows joined into one profile that still knows when its stacks were seen."""

from collections.abc import Iterable, Sequence
from itertools import islice

import msgspec

from perftui.model.profile import OTHER, SLOT_NS, Frame, StackProfile, merge
from perftui.model.table import Table

MOST_ENTRIES = 500_000
"""Beyond this (an hour of seven busy threads) the order is left out: it would take more memory than the stacks."""

_AT_ONCE = 64
"""Windows that are joined in one go: a recording of an hour has thousands."""

_RATES_HZ = (1e-3, 1e9)
"""What a forged file says beyond must become neither infinite nor nothing."""

_Key = tuple[int, int, tuple[Frame, ...]]
"""PID, TID and stack."""


def join_in_order(windows: Iterable[StackProfile]) -> StackProfile | None:
    """One profile of all windows, of which few are held at a time; None for none.

    It has ``slots`` where every window has them, counted from the start of the first one. They weigh what its rows do:
    those of a row never have more samples than the row, and as many when every look of it is in a slot.
    """
    order = _Order()
    coming = map(order.follow, windows)
    whole: StackProfile | None = None
    while some := list(islice(coming, _AT_ONCE)):
        whole = merge(some if whole is None else [whole, *some])
    return whole if whole is None else msgspec.structs.replace(whole, slots=order.slots(whole))


class _Order:
    """When each thread was seen in each stack, in seconds: rates differ between processes and change."""

    def __init__(self) -> None:
        self._first_ns: int | None = None
        self._keys: dict[_Key, int] = {}
        self._looked: list[float] = []
        self._entries: list[tuple[int, int, float]] = []
        self._known = True

    def follow(self, window: StackProfile) -> StackProfile:
        """Take note of a window, and hand it on."""
        if self._first_ns is None:
            self._first_ns = window.started_ns
        self._known = self._known and len(window.slots) > 0 and len(self._entries) < MOST_ENTRIES
        if not self._known:
            self._entries = []
            return window
        later = round((window.started_ns - self._first_ns) / SLOT_NS)
        keys = [self._keys.setdefault(key, len(self._keys)) for key in _row_keys(window)]
        self._looked += [0.0] * (len(self._keys) - len(self._looked))
        look = 1 / window.rate_hz if _RATES_HZ[0] < window.rate_hz < _RATES_HZ[1] else 1.0
        for key, told in zip(keys, window.rows, strict=True):
            self._looked[key] += look * told.samples
        for row, slot, samples in window.slots.rows("row", "slot", "samples"):
            self._entries.append((keys[row], later + slot, look * samples))
        return window

    def slots(self, whole: StackProfile) -> Table:
        """As the columns of the joined profile; what it keeps only as ``OTHER`` is found there."""
        if not self._entries:
            return Table()
        rows = {key: at for at, key in enumerate(_row_keys(whole))}
        row_of = [rows[key] if key in rows else rows[key[0], key[1], (OTHER,)] for key in self._keys]
        looked = [0.0] * len(whole.rows)
        for row, seconds in zip(row_of, self._looked, strict=True):
            looked[row] += seconds
        entries = sorted((slot, row_of[key], seconds) for key, slot, seconds in self._entries)
        slots, places, seen = zip(*entries, strict=True)
        return Table.of(
            {"row": places, "slot": slots, "samples": _counted(whole, looked, zip(places, seen, strict=True))}
        )


def _counted(whole: StackProfile, looked: Sequence[float], entries: Iterable[tuple[int, float]]) -> list[int]:
    """The seconds of entries (row, seconds) as samples: what a row has of them, by its part of what was ``looked``.

    Each is the difference of two rounded sums, so that nothing is lost to rounding.
    """
    sums = [0.0] * len(whole.rows)
    counts = []
    for row, seconds in entries:
        factor = whole.rows[row].samples / looked[row] if looked[row] > 0 else 0.0
        before, sums[row] = sums[row], sums[row] + seconds
        counts.append(round(factor * sums[row]) - round(factor * before))
    return counts


def _row_keys(profile: StackProfile) -> list[_Key]:
    stacks = [tuple(profile.frames[index] for index in stack) for stack in profile.stacks]
    return [(row.pid, row.tid, stacks[row.stack]) for row in profile.rows]
