"""History bars: one run of text per row."""

from collections.abc import Sequence
from math import ceil, isnan, log10, nan

FLOOR = 0.005
"""Below this part of the ceiling a bar is empty: a blank costs a third of a block sign and does not flicker."""


def spark(series: Sequence[float], width: int, ceiling: float, levels: str) -> str:
    """The latest ``width`` values as bars, newest right.

    NaN (no data) and what is below ``FLOOR`` is blank; anything above it is at least the lowest of the nine
    ``levels``, anything above ``ceiling`` the highest.
    """
    if width <= 0 or ceiling <= 0:
        return " " * width
    top, least = len(levels) - 1, FLOOR * ceiling
    scale = top / ceiling
    shown = [levels[min(top, int(figure * scale + 0.5) or 1)] if figure >= least else " " for figure in series[-width:]]
    return "".join(shown).rjust(width)


def round_ceiling(peak: float, least: float) -> float:
    """The smallest of 1, 2, 5 × 10ⁿ that holds ``peak``, so that the scale seldom changes."""
    if peak <= least or isnan(peak):
        return least
    power = 10.0 ** ceil(log10(peak) - 1)
    return next((step * power for step in (1, 2, 5, 10) if step * power >= peak), peak)


def peak_of(series: Sequence[float]) -> float:
    """The highest value that is one; NaN when there is none."""
    return max([figure for figure in series if figure == figure], default=nan)


def paired(series: Sequence[float], count: int, tick: int) -> list[float]:
    """The latest ``count`` or fewer pairs of ticks, each by its higher value; an unfinished pair is left out.

    So bars move every other tick only: a moving row costs a hundred bytes on the wire, a new figure in it twenty.
    ``tick`` counts the ticks, to keep the same pairs together.
    """
    done = series[:-1] if tick % 2 else series
    done = done[-2 * count :] if count > 0 else ()
    done = done[len(done) % 2 :]
    return [a if a >= b or b != b else b for a, b in zip(done[::2], done[1::2], strict=True)]


def packed(figures: Sequence[float], width: int) -> list[float]:
    """At most ``width`` values; when there are more, each stands for the highest of its neighbours."""
    if width <= 0 or not figures:
        return []
    per_cell = ceil(len(figures) / width)
    return [max(figures[at : at + per_cell]) for at in range(0, len(figures), per_cell)]
