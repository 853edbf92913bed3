"""The windows of stacks of a stretch of a recording: those that may be put together."""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from perftui.errors import StoreError
from perftui.model.profile import StackProfile
from perftui.profile.in_order import join_in_order
from perftui.store.recording import Recording

_MOST_SAMPLES = 1 << 53
"""Whole numbers up to this one are exact in JSON."""


class Joined(NamedTuple):
    """Windows as one; ``left_out`` counts those of a mode that does not fit the others."""

    profile: StackProfile | None
    left_out: int


def stack_windows(recording: Recording, since_ns: int, until_ns: int) -> Iterator[StackProfile]:
    """The windows that saw whatever ran: who holds the interpreter's lock is another question. StoreError."""
    return (window for window in recording.profiles(since_ns, until_ns) if window.mode != "gil")


def joined(recording: Recording, since_ns: int, until_ns: int) -> Joined:
    """All of them in order, but of each process only those with native frames, or only those without. StoreError.

    A function has other callers where native frames are seen, so the same call would be counted as two. What most
    windows of a process have is taken.
    """
    with_native: Counter[int] = Counter()
    without: Counter[int] = Counter()

    def kept(native: set[int]) -> Iterator[StackProfile]:
        for counts in (with_native, without):
            counts.clear()
        for window in stack_windows(recording, since_ns, until_ns):
            pid = window.rows[0].pid if window.rows else 0
            (with_native if window.mode == "native" else without)[pid] += 1
            if (window.mode == "native") == (pid in native):
                yield window

    profile = join_in_order(kept(set()))
    native = {pid for pid, count in with_native.items() if count > without[pid]}
    if native:
        profile = join_in_order(kept(native))
    left_out = sum(without[pid] if pid in native else with_native[pid] for pid in {*with_native, *without})
    if profile is not None and profile.samples > _MOST_SAMPLES:
        raise StoreError(f"{recording.path}: damaged, or not a recording of perftui (more looks than any time has)")
    return Joined(profile, left_out)
