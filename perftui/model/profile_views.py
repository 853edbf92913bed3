"""Figures that are worked out from a profile."""

from collections import defaultdict
from heapq import nlargest
from typing import TypeVar

from perftui.model.finding import HotFunction
from perftui.model.profile import StackProfile, StackRow

_Key = TypeVar("_Key")


class _Tally:
    """What one function that may be shown has gathered, as on-CPU samples."""

    __slots__ = ("leaf_lines", "lines", "threads", "total")

    def __init__(self) -> None:
        self.total = 0.0
        self.leaf_lines: dict[int, float] = defaultdict(float)
        self.lines: dict[int, float] = defaultdict(float)
        self.threads: dict[tuple[int, int], float] = defaultdict(float)


def hot_functions(profile: StackProfile, limit: int = 20) -> tuple[HotFunction, ...]:
    """The functions that used the CPU, most of it by themselves first.

    Ratios are of all on-CPU samples of the profile, 0–1; none when nothing ran. A function that stands in a
    stack twice counts once in ``total_ratio``. ``line`` is the one that was seen most often as the innermost,
    ``thread`` the one that spent most in the function.
    """
    whole = profile.on_cpu
    if whole <= 0:
        return ()
    functions: dict[tuple[str, str], int] = {}
    function_of = [functions.setdefault((frame.function, frame.file), len(functions)) for frame in profile.frames]
    visits = [tuple(map(function_of.__getitem__, stack)) for stack in profile.stacks]
    rows = [row for row in profile.rows if row.on_cpu > 0 and visits[row.stack]]
    selves = [0.0] * len(functions)
    for row in rows:
        selves[visits[row.stack][-1]] += row.on_cpu
    # Whoever has less by itself than the last one that is shown needs no further look.
    least = min(nlargest(limit, selves), default=0.0)
    candidates = frozenset(function for function, value in enumerate(selves) if value >= least)
    tallies = _tallies(profile, rows, visits, candidates, selves)
    names = {(thread.pid, thread.tid): thread.name for thread in profile.threads}
    keys = list(functions)
    order = sorted(tallies, key=lambda function: (-selves[function], -tallies[function].total, keys[function]))
    return tuple(
        HotFunction(
            function=keys[function][0],
            file=keys[function][1],
            line=_most(tallies[function].leaf_lines or tallies[function].lines),
            thread=names.get(_most(tallies[function].threads), ""),
            self_ratio=min(1.0, selves[function] / whole),
            total_ratio=min(1.0, tallies[function].total / whole),
        )
        for function in order[:limit]
    )


def _tallies(
    profile: StackProfile,
    rows: list[StackRow],
    visits: list[tuple[int, ...]],
    wanted: frozenset[int],
    selves: list[float],
) -> dict[int, _Tally]:
    """The wanted functions that were seen; ``visits`` are the stacks as functions."""
    tallies: dict[int, _Tally] = defaultdict(_Tally)
    for row in rows:
        stack, indices = visits[row.stack], profile.stacks[row.stack]
        for function in wanted.intersection(stack):
            tally = tallies[function]
            tally.total += row.on_cpu
            tally.threads[row.pid, row.tid] += row.on_cpu
            if stack[-1] == function:
                tally.leaf_lines[profile.frames[indices[-1]].line] += row.on_cpu
            elif selves[function] <= 0:  # never the innermost, so its own visits have to give the line
                innermost = len(stack) - 1 - stack[::-1].index(function)
                tally.lines[profile.frames[indices[innermost]].line] += row.on_cpu
    return tallies


def _most(counts: dict[_Key, float]) -> _Key:
    """The heaviest key; the first one seen among equals."""
    return max(counts, key=counts.__getitem__)
