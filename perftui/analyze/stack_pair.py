"""Both sides of a comparison put together: what each function took, and which functions are common to them."""

from collections.abc import Collection, Mapping, Sequence
from math import inf, sqrt

from perftui.analyze.stack_judge import LEAST_PART, LEAST_RATIO, Change, Judge, Seen
from perftui.analyze.stack_side import Numbers, Side

LOUDEST = 0.10
"""No function has a larger voice in what the common change is, however much of the time it takes."""

CHANCE = 3.0
"""Standard deviations of counted looks within which a function may still be like the others."""

_NONE = -1
"""Stands for the function of a stack without frames."""


class Pair:
    """Two sides with some time each. Functions and stacks are numbers of ``numbers``.

    ``functions`` are those with a point or more of either side's time: what is less cannot change by as much.
    """

    def __init__(self, numbers: Numbers, before: Side, after: Side) -> None:
        self.numbers, self.before, self.after = numbers, before, after
        self._sums = _sums(before), _sums(after)
        self.stacks = before.stacks.keys() | after.stacks.keys()
        self._leaves: dict[int, list[int]] = {}
        for stack in self.stacks:
            self._leaves.setdefault(self._leaf(stack), []).append(stack)
        own = {function: self.seconds(stacks) for function, stacks in self._leaves.items()}
        self._totals = self._in_total()
        self.functions = [function for function, seconds in self._totals.items() if self.matters(*seconds)]
        self._common = common_functions(
            {function: was / before.sum_seconds for function, (was, _) in own.items()},
            {function: now / after.sum_seconds for function, (_, now) in own.items()},
            (before.looks, after.looks),
        )
        common = [stack for function in self._common for stack in self._leaves[function]]
        tests = len(self.functions) + sum(self.matters(*seconds) for seconds in own.values())
        self.judge = Judge(before, after, (_added(before, common), _added(after, common)), tests)

    def own(self, function: int) -> Change:
        """Of the time of a function itself."""
        stacks = self._leaves.get(function, ())
        was, now = self.seconds(stacks)
        return self.judge.change(was, now, lambda: self._seen(stacks), close=self.matters(was, now))

    def total(self, function: int) -> Change:
        """Of the time of a function with all that it called."""

        def seen() -> tuple[Seen, Seen]:
            return self._seen([stack for stack in self.stacks if function in self.numbers.functions_in[stack]])

        return self.judge.change(*self._totals[function], seen, close=False)

    def of_stacks(self, stacks: Sequence[int]) -> Change:
        """Of the time of some stacks."""
        return self.judge.change(*self.seconds(stacks), lambda: self._seen(stacks), close=False)

    def matters(self, was: float, now: float) -> bool:
        """Whether so many seconds are a point or more of either side."""
        return was >= LEAST_RATIO * self.before.sum_seconds or now >= LEAST_RATIO * self.after.sum_seconds

    def seconds(self, stacks: Collection[int]) -> tuple[float, float]:
        """What some stacks took before and after."""
        was, now = self._sums
        return sum([was.get(stack, 0.0) for stack in stacks]), sum([now.get(stack, 0.0) for stack in stacks])

    def is_common(self, stack: int) -> bool:
        """Whether the time of a stack is a common function's."""
        return self._leaf(stack) in self._common

    def _leaf(self, stack: int) -> int:
        path = self.numbers.stacks[stack]
        return path[-1] if path else _NONE

    def _in_total(self) -> dict[int, tuple[float, float]]:
        """Seconds of each function with all that it called, before and after; recursion counts once."""
        totals = []
        for side in self._sums:
            into = [0.0] * len(self.numbers.functions)
            for stack, seconds in side.items():
                for function in self.numbers.functions_in[stack]:
                    into[function] += seconds
            totals.append(into)
        return {function: (was, now) for function, (was, now) in enumerate(zip(*totals, strict=True)) if was or now}

    def _seen(self, stacks: Sequence[int]) -> tuple[Seen, Seen]:
        was, now = self.seconds(stacks)
        common = self.seconds([stack for stack in stacks if self.is_common(stack)])
        return Seen(was, common[0], _added(self.before, stacks)), Seen(now, common[1], _added(self.after, stacks))


def _sums(side: Side) -> dict[int, float]:
    return {stack: sum(cells) for stack, cells in side.stacks.items()}


def common_functions(
    before: Mapping[int, float], after: Mapping[int, float], looks: tuple[float, float] = (inf, inf)
) -> frozenset[int]:
    """Those whose shares went through the same, as far as so many looks on each side can tell.

    Of both sides' shares by function; all of them, where those are one alone or have less than half of the voices.
    """
    voices = {function: min(LOUDEST, was + after[function]) for function, was in before.items()}
    centre = _middle([(after[function] / was if was else inf, voices[function]) for function, was in before.items()])

    def near(function: int) -> bool:
        was, now = before[function], after[function]
        chance = sqrt(centre * centre * was / looks[0] + now / looks[1])
        return abs(now - centre * was) <= max(LEAST_RATIO, LEAST_PART * centre * was, CHANCE * chance)

    common = frozenset(filter(near, before))
    half = sum(voices[function] for function in common) >= 0.4999 * sum(voices.values())
    seen = all(sum(side[function] for function in common) > LEAST_RATIO for side in (before, after))
    return common if half and seen and len(common) > 1 else frozenset(before)


def _middle(ratios: list[tuple[float, float]]) -> float:
    """The median of (ratio, voice); between two, their mean."""
    ordered = sorted(ratios)
    half = sum(voice for _, voice in ordered) / 2
    heard = 0.0
    for at, (ratio, voice) in enumerate(ordered):
        heard += voice
        if heard > half * (1 + 1e-9):
            return ratio
        if heard >= half * (1 - 1e-9):
            return (ratio + ordered[min(at + 1, len(ordered) - 1)][0]) / 2
    return 1.0


def _added(side: Side, stacks: Collection[int]) -> list[float]:
    """The blocks of some stacks, added up."""
    total = [0.0] * len(side.total)
    for stack in stacks:
        cells = side.stacks.get(stack)
        if cells is not None:
            total = list(map(float.__add__, total, cells))
    return total
