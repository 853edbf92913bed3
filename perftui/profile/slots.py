"""When within a window each stack was seen."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from perftui.model.profile import SLOT_NS
from perftui.model.table import Table


def slots(
    looks: Mapping[int, Sequence[int]], attempts: int, span_ns: int, newcomers: Collection[int] = frozenset()
) -> Table:
    """The table of ``StackProfile.slots``: how often each row was seen in each ``SLOT_NS``.

    ``looks`` maps a thread to the row of each of its looks, oldest first; ``attempts`` is the number of looks that the
    sampler took. They are spread evenly over the window: the sampler draws random intervals around its rate and makes
    up for those that it missed. A thread with fewer looks ended within the window, unless it is one of ``newcomers``:
    those were there until its end.
    """
    counts: Counter[tuple[int, int]] = Counter()
    last = max(0, span_ns - 1) // SLOT_NS
    for ident, rows in looks.items():
        first = max(0, attempts - len(rows)) if ident in newcomers else 0
        for at, row in enumerate(rows, first):
            counts[row, min(last, (2 * at + 1) * span_ns // (2 * attempts * SLOT_NS))] += 1
    ordered = sorted(counts.items())
    return Table.of(
        {
            "row": [row for (row, _), _ in ordered],
            "slot": [slot for (_, slot), _ in ordered],
            "samples": [count for _, count in ordered],
        }
    )
