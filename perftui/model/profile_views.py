"""Figures that are worked out from a profile."""

from collections import defaultdict
from heapq import nsmallest
from typing import TypeVar

from perftui.model.finding import HotFunction
from perftui.model.profile import StackProfile, StackRow

_Key = TypeVar("_Key")


class _Detail:
    """What only the functions that are shown need to know, each as on-CPU samples."""

    __slots__ = ("leaf_lines", "lines", "threads")

    def __init__(self) -> None:
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
    visits = [tuple([function_of[index] for index in stack]) for stack in profile.stacks]
    rows = [row for row in profile.rows if row.on_cpu > 0 and visits[row.stack]]
    selves, totals = [0.0] * len(functions), [0.0] * len(functions)
    for row in rows:
        stack = visits[row.stack]
        selves[stack[-1]] += row.on_cpu
        for function in set(stack):
            totals[function] += row.on_cpu
    keys = list(functions)
    seen = (function for function in range(len(keys)) if totals[function] > 0)
    top = nsmallest(limit, seen, key=lambda function: (-selves[function], -totals[function], keys[function]))
    details = _details(profile, rows, visits, frozenset(top))
    names = {(thread.pid, thread.tid): thread.name for thread in profile.threads}
    return tuple(
        HotFunction(
            function=keys[function][0],
            file=keys[function][1],
            line=_most(details[function].leaf_lines or details[function].lines),
            thread=names.get(_most(details[function].threads), ""),
            self_ratio=min(1.0, selves[function] / whole),
            total_ratio=min(1.0, totals[function] / whole),
        )
        for function in top
    )


def _details(
    profile: StackProfile, rows: list[StackRow], visits: list[tuple[int, ...]], wanted: frozenset[int]
) -> dict[int, _Detail]:
    """Lines and threads of the wanted functions; ``visits`` are the stacks as functions."""
    details = {function: _Detail() for function in wanted}
    for row in rows:
        stack, indices = visits[row.stack], profile.stacks[row.stack]
        for function in wanted.intersection(stack):
            detail = details[function]
            detail.threads[row.pid, row.tid] += row.on_cpu
            if stack[-1] == function:
                detail.leaf_lines[profile.frames[indices[-1]].line] += row.on_cpu
            else:
                innermost = max(at for at, visited in enumerate(stack) if visited == function)
                detail.lines[profile.frames[indices[innermost]].line] += row.on_cpu
    return details


def _most(counts: dict[_Key, float]) -> _Key:
    """The heaviest key; the first one seen among equals."""
    return max(counts, key=counts.__getitem__)
