"""The recent past of the headline figures, for the panes.

One ring of doubles per series, written once a tick: 15 minutes of 16 series at 1 s take 115 KiB.
"""

import math
from array import array
from collections.abc import Mapping
from itertools import islice

NAN = math.nan


class History:
    """Fixed-size rings, all of the same length; a series that has no value in a tick gets NaN."""

    def __init__(self, capacity: int = 900) -> None:
        self._capacity = capacity
        self._rings: dict[str, array[float]] = {}
        self._ticks = 0

    def append(self, values: Mapping[str, float]) -> None:
        """Add one tick. A name seen for the first time has NaN for its past."""
        slot = self._ticks % self._capacity
        for name in values:
            if name not in self._rings:
                self._rings[name] = array("d", [NAN]) * self._capacity
        for name, ring in self._rings.items():
            ring[slot] = values.get(name, NAN)
        self._ticks += 1

    def latest(self, count: int) -> dict[str, tuple[float, ...]]:
        """The last ``count`` values of each series (fewer if there are fewer), oldest first."""
        kept = min(count, self._ticks, self._capacity)
        start = (self._ticks - kept) % self._capacity
        return {name: _wrapped(ring, start, kept) for name, ring in self._rings.items()}


def _wrapped(ring: "array[float]", start: int, count: int) -> tuple[float, ...]:
    end = start + count
    if end <= len(ring):
        return tuple(ring[start:end])
    return tuple(ring[start:]) + tuple(islice(ring, end - len(ring)))
