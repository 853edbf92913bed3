"""Which functions take more or less than before, told from noise.

**On what.** Shares mislead when one function grows: all others shrink with it. Seconds per second (cores) mislead when
the load changes: all functions grow alike. So a function is compared with the others: the *common change* is what those
functions went through that hold together, and a verdict is on what goes beyond it. Its size is in points of the time
of the later side. Cores and shares of both sides are there too, and the common change itself: when it is all that has
changed, there was more work or everything is slower, and no stack can tell which.

**Common.** The median of all functions' ratios of shares, each with a voice of at most a tenth: one that dominates does
not outvote the rest (as in Love *et al.*, *Genome Biology* 15, 2014). Then the sum of all that do not differ from it by
more than the least or by more than chance, which is less noisy. One alone, or less than half of all voices, is nothing
common: then plain shares are compared.

**Noise.** A bootstrap over blocks of windows (Künsch, *Ann. Statist.* 17, 1989), a dozen a side. Its variance needs no
drawing: the change is a sum over blocks but for the common change, which is taken to first order. A test compares it
with drawn ones. It is never less than what counted looks have by chance, all there is when a side is one window.
The interval is Student's, as a dozen blocks are few, at 99.9 % for all functions together (Bonferroni).

**Least.** What is noise in a program that does the same all the time is not only chance: caches, neighbours, the
clock rate. Less than 1 point, and less than a twentieth of what was to be expected, is no change (the same twentieth
as for the metrics of ``perftui diff``).

**Figures** of ``tests/bench/stack_diff.py``: 20 functions with Zipf's shares, 60 windows of a second and 100 looks on
each side, 500 A/A runs, 200 with one function that takes 10 % of the whole more. How many accuse a function, by its own
time or in total, and how many find the planted one:

- always busy: 0 and 199
- load of 70 ± 15 % and parts of each function that vary by 10 %, both for seconds (AR(1), 0.7): 2 and 197
- parts that vary by 30 % from window to window: 0 and 188
- load and parts that drift for tens of seconds (0.95, 15 %): 52 and 192. What drifts for longer than a block of 5 s
  is a change between these two minutes: only longer sides tell whether it lasts.

**Cost** of a call with two new windows among 60 + 60, on a shared core that is quiet or busy: 14 to 19 ms of CPU with
500 different stacks, 31 to 66 ms with 2,000 of 20 frames; four times as much when all windows are new.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from perftui.analyze.stack_judge import LEAST_RATIO, Change
from perftui.analyze.stack_pair import Pair
from perftui.analyze.stack_side import Function, Known, Numbers, Side, View
from perftui.model.profile import StackProfile

Verdict = Literal["worse", "better", "unchanged", "inconclusive"]

HIDDEN_RATIO = 0.10
"""When a change of so many points could hide in the noise, "unchanged" would say too much."""

LEAST_TOTAL = 0.10
"""All functions alike have changed when the whole differs by a tenth: shared machines do less by themselves."""

MOST_VANISHED = 20
VANISHED_LOOKS = 20
VANISHED_RATIO = 0.005
VANISHED_BLOCKS = 3
"""A stack that is gone was in 20 looks, half a percent of the time, in three blocks: chance does not lose it."""


class FunctionChange(msgspec.Struct, frozen=True, kw_only=True):
    """``own`` is the time of the function itself, ``total`` with all that it called."""

    function: str
    file: str
    own: Change
    total: Change


class VanishedStack(msgspec.Struct, frozen=True, kw_only=True):
    """A stack (functions and their files, root first) that was seen before and never after."""

    path: tuple[Function, ...]
    before_cores: float
    before_ratio: float


class SideFigures(msgspec.Struct, frozen=True, kw_only=True):
    """``looks`` are those that count in the view, on every thread."""

    windows: int
    seconds: float
    looks: float
    cores: float


class StackDiff(msgspec.Struct, frozen=True, kw_only=True):
    """Functions in order of their change, those that have changed first; ``reason`` is the verdict in a sentence.

    ``common_ratio`` is by what the common functions' cores are multiplied. ``basis`` tells what the intervals rest on:
    how much blocks of windows differ, or on the counts of one window alone.
    """

    view: View
    before: SideFigures
    after: SideFigures
    common_ratio: float
    basis: Literal["windows", "counts"]
    functions: tuple[FunctionChange, ...]
    vanished: tuple[VanishedStack, ...]
    verdict: Verdict
    reason: str


def compare(
    before: Iterable[StackProfile],
    after: Iterable[StackProfile],
    *,
    view: View = "cpu",
    known: Known | None = None,
) -> StackDiff:
    """What is different in ``after``. One who compares again and again gives the same ``known`` each time."""
    numbers = known or Numbers()
    was, now = numbers.sides(before, after, view)
    obstacle = _obstacle(was, now)
    if obstacle:
        return _result(view, was, now, "inconclusive", obstacle)
    pair = Pair(numbers, was, now)
    functions = sorted((_function(pair, function) for function in pair.functions), key=_rank)
    verdict, reason = _verdict(pair, functions)
    return _result(view, was, now, verdict, reason, pair.judge.common_ratio, tuple(functions), _vanished(pair))


def _result(
    view: View,
    before: Side,
    after: Side,
    verdict: Verdict,
    reason: str,
    common_ratio: float = 1.0,
    functions: tuple[FunctionChange, ...] = (),
    vanished: tuple[VanishedStack, ...] = (),
) -> StackDiff:
    return StackDiff(
        view=view,
        before=_figures(before),
        after=_figures(after),
        common_ratio=common_ratio,
        basis="counts" if min(before.windows, after.windows) == 1 else "windows",
        functions=functions,
        vanished=vanished,
        verdict=verdict,
        reason=reason,
    )


def _figures(side: Side) -> SideFigures:
    return SideFigures(windows=side.windows, seconds=side.span_seconds, looks=side.looks, cores=side.cores)


def _obstacle(before: Side, after: Side) -> str:
    """Why the sides cannot be compared, if so."""
    for side, name in ((before, "before"), (after, "after")):
        if not side.windows:
            return f"no stacks were sampled {name}"
        if not side.sum_seconds:
            return f"no time was seen in any stack {name}"
    if before.frames.isdisjoint(after.frames):
        was, now = (" and ".join(sorted(side.frames)) for side in (before, after))
        return f"stacks of {was} frames before, of {now} frames after: they cannot be compared"
    return ""


def _function(pair: Pair, function: int) -> FunctionChange:
    name, file = pair.numbers.functions[function]
    return FunctionChange(function=name, file=file, own=pair.own(function), total=pair.total(function))


def _rank(change: FunctionChange) -> tuple[object, ...]:
    """Those that have changed first, then those that may have, then by how much they differ."""
    return (
        not changed(change.own),
        change.own.verdict == "alike",
        not changed(change.total),
        -abs(change.own.change_ratio),
        -change.total.after_ratio,
        change.function,
        change.file,
    )


def changed(change: Change) -> bool:
    """Beyond noise."""
    return change.verdict not in ("alike", "too few samples")


def _verdict(pair: Pair, functions: list[FunctionChange]) -> tuple[Verdict, str]:
    moved = [function for function in functions if changed(function.own)]
    if moved:
        return _of_moved(moved, sum(function.own.change_ratio for function in moved))
    if not pair.judge.tells:
        return "inconclusive", "too few windows of stacks to tell a change from noise"
    if pair.judge.whole_changed(LEAST_TOTAL):
        was, now = pair.before.cores, pair.after.cores
        return "inconclusive", (
            f"all functions alike take {now / was:.2f} times as much: more or less work, or a slower or faster machine"
        )
    widest = max((_half(function.own) for function in functions), default=0.0)
    if widest > HIDDEN_RATIO:
        return "inconclusive", f"too few samples: a change of {100 * widest:.0f} points could hide in the noise"
    return "unchanged", f"no function has changed beyond noise ({len(functions)} were compared)"


def _of_moved(moved: list[FunctionChange], net: float) -> tuple[Verdict, str]:
    most = max(moved, key=lambda function: abs(function.own.change_ratio))
    named = f"{most.function} {most.own.verdict}"
    others = f" and {len(moved) - 1} more changed" if len(moved) > 1 else ""
    if abs(net) <= LEAST_RATIO:
        return "unchanged", f"{named}{others}, but together they take what they took before"
    return ("worse" if net > 0 else "better"), (
        f"{named}{others}: {100 * abs(net):.1f} points {'more' if net > 0 else 'less'} of the time than without"
    )


def _half(change: Change) -> float:
    return 0.0 if change.high_ratio is None else change.high_ratio - change.change_ratio


def _vanished(pair: Pair) -> tuple[VanishedStack, ...]:
    least = max(VANISHED_RATIO * pair.before.sum_seconds, VANISHED_LOOKS * pair.before.look_seconds)
    blocks = min(VANISHED_BLOCKS, len(pair.before.total))
    gone = [
        (sum(cells), stack)
        for stack, cells in pair.before.stacks.items()
        if stack not in pair.after.stacks and sum(cells) >= least and sum(cell > 0 for cell in cells) >= blocks
    ]
    return tuple(
        VanishedStack(
            path=tuple(pair.numbers.functions[function] for function in pair.numbers.stacks[stack]),
            before_cores=seconds / pair.before.span_seconds,
            before_ratio=seconds / pair.before.sum_seconds,
        )
        for seconds, stack in sorted(gone, reverse=True)[:MOST_VANISHED]
        # As much of the later side would have been in as many looks.
        if seconds / pair.before.sum_seconds * pair.after.looks >= VANISHED_LOOKS
    )
