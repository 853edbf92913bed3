"""Many windows joined into one profile that still knows when its stacks were seen."""

from collections.abc import Iterable
from itertools import islice

import msgspec

from perftui.model.profile import OTHER, SLOT_NS, Frame, StackProfile, merge
from perftui.model.table import Table

MOST_ENTRIES = 500_000
"""Beyond this (an hour of seven busy threads) the order is left out: it would take more memory than the stacks."""

_AT_ONCE = 64
"""Windows that are joined in one go: a recording of an hour has thousands."""

_Key = tuple[int, int, tuple[Frame, ...]]
"""PID, TID and stack."""


def join_in_order(windows: Iterable[StackProfile]) -> StackProfile | None:
    """One profile of all windows, of which few are held at a time; None for none.

    It has ``slots`` where every window has them, counted from the start of the first one.
    """
    order = _Order()
    coming = map(order.follow, windows)
    whole: StackProfile | None = None
    while some := list(islice(coming, _AT_ONCE)):
        whole = merge(some if whole is None else [whole, *some])
    return whole if whole is None else msgspec.structs.replace(whole, slots=order.slots(whole))


class _Order:
    """When each thread was seen in each stack."""

    def __init__(self) -> None:
        self._first_ns: int | None = None
        self._keys: dict[_Key, int] = {}
        self._entries: list[tuple[int, int, int]] = []
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
        for row, slot, samples in window.slots.rows("row", "slot", "samples"):
            self._entries.append((keys[row], later + slot, samples))
        return window

    def slots(self, whole: StackProfile) -> Table:
        """As the columns of the joined profile; what it keeps only as ``OTHER`` is found there."""
        if not self._entries:
            return Table()
        rows = {key: at for at, key in enumerate(_row_keys(whole))}
        row_of = [rows[key] if key in rows else rows[key[0], key[1], (OTHER,)] for key in self._keys]
        entries = sorted((slot, row_of[key], samples) for key, slot, samples in self._entries)
        slots, places, samples = zip(*entries, strict=True)
        return Table.of({"row": places, "slot": slots, "samples": samples})


def _row_keys(profile: StackProfile) -> list[_Key]:
    stacks = [tuple(profile.frames[index] for index in stack) for stack in profile.stacks]
    return [(row.pid, row.tid, stacks[row.stack]) for row in profile.rows]
