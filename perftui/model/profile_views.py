"""Figures that are worked out from a profile."""

from collections.abc import Iterable
from typing import TypeVar

from perftui.model.finding import HotFunction
from perftui.model.profile import StackProfile

_Key = TypeVar("_Key")


class _Tally:
    """What one function has gathered so far."""

    __slots__ = ("leaf_lines", "lines", "self_value", "threads", "total")

    def __init__(self) -> None:
        self.self_value = 0.0
        self.total = 0.0
        self.leaf_lines: dict[int, float] = {}
        self.lines: dict[int, float] = {}
        self.threads: dict[tuple[int, int], float] = {}


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
    tallies = [_Tally() for _ in functions]
    for row in profile.rows:
        stack = profile.stacks[row.stack]
        if row.on_cpu <= 0 or not stack:
            continue
        leaf = tallies[function_of[stack[-1]]]
        leaf.self_value += row.on_cpu
        _add(leaf.leaf_lines, profile.frames[stack[-1]].line, row.on_cpu)
        # The innermost visit gives the line; a dict keeps one entry per function.
        for function, index in {function_of[index]: index for index in stack}.items():
            tally = tallies[function]
            tally.total += row.on_cpu
            _add(tally.lines, profile.frames[index].line, row.on_cpu)
            _add(tally.threads, (row.pid, row.tid), row.on_cpu)
    names = {(thread.pid, thread.tid): thread.name for thread in profile.threads}
    found = [(key, tally) for key, tally in zip(functions, tallies, strict=True) if tally.total > 0]
    found.sort(key=lambda item: (-item[1].self_value, -item[1].total, item[0]))
    return tuple(
        HotFunction(
            function=function,
            file=file,
            line=_most(tally.leaf_lines.items() or tally.lines.items()),
            thread=names.get(_most(tally.threads.items()), ""),
            self_ratio=min(1.0, tally.self_value / whole),
            total_ratio=min(1.0, tally.total / whole),
        )
        for (function, file), tally in found[:limit]
    )


def _add(counts: dict[_Key, float], key: _Key, amount: float) -> None:
    counts[key] = counts.get(key, 0.0) + amount


def _most(counts: Iterable[tuple[_Key, float]]) -> _Key:
    """The heaviest key; the first one seen among equals."""
    return max(counts, key=lambda item: item[1])[0]
