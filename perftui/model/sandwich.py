"""One function between those that call it and those that it calls."""

from collections import defaultdict

import msgspec

from perftui.model.profile import StackProfile

Step = tuple[str, str]
"""Function and file."""

ROOT: Step = ("(root)", "")
"""Stands for the caller of a function that is the first of its thread."""

ITSELF: Step = ("(itself)", "")
"""Stands for the callee where the function itself was the innermost."""

Part = tuple[Step, float]


class Sandwich(msgspec.Struct, frozen=True, kw_only=True):
    """All in samples, the most first. Callers add up to ``total``, and so do callees with ``ITSELF`` among them.

    Recursion is one visit: the caller is that of the outermost call, the callee that of the innermost.
    """

    total: float
    callers: tuple[Part, ...]
    callees: tuple[Part, ...]


def sandwich(profile: StackProfile, function: Step, *, on_cpu: bool) -> Sandwich:
    """Of looks on a CPU, or of all looks; empty for a function that was not seen."""
    step_of = [(frame.function, frame.file) for frame in profile.frames]
    wanted = {index for index, step in enumerate(step_of) if step == function}
    callers: dict[Step, float] = defaultdict(float)
    callees: dict[Step, float] = defaultdict(float)
    total = 0.0
    for row in profile.rows:
        stack = profile.stacks[row.stack]
        weight = row.on_cpu if on_cpu else float(row.samples)
        if weight <= 0 or wanted.isdisjoint(stack):
            continue
        visits = [at for at, index in enumerate(stack) if index in wanted]
        callers[step_of[stack[visits[0] - 1]] if visits[0] else ROOT] += weight
        callees[step_of[stack[visits[-1] + 1]] if visits[-1] + 1 < len(stack) else ITSELF] += weight
        total += weight
    return Sandwich(total=total, callers=_ordered(callers), callees=_ordered(callees))


def _ordered(parts: dict[Step, float]) -> tuple[Part, ...]:
    return tuple(sorted(parts.items(), key=lambda part: (-part[1], part[0])))
