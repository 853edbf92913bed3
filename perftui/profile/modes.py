"""The ways in which py-spy can look at a process, and what each costs."""

import math
from typing import NamedTuple

from perftui.model.profile import Mode

PAUSING: frozenset[Mode] = frozenset({"exact", "native"})
"""Modes in which the target is stopped for each look."""

SELECTIVE: frozenset[Mode] = frozenset({"gil", "active"})
"""Modes in which a look leaves threads out: one that sees nobody is a look, too."""

ARGUMENTS: dict[Mode, tuple[str, ...]] = {
    "nonblocking": ("--nonblocking", "--idle"),
    "exact": ("--idle",),
    "native": ("--native", "--idle"),
    "gil": ("--gil", "--nonblocking"),
    "active": ("--nonblocking",),
}
BEST_RATE_HZ: dict[Mode, int] = {"nonblocking": 100, "exact": 100, "native": 20, "gil": 100, "active": 100}
CONFIRMED_ABOVE_THREADS = 8
_MEASURED_THREADS = (1, 9, 65)
_LEAST = 1e-4
"""What was too small to be measured, so that a logarithm of it exists."""


class Cost(NamedTuple):
    """``slowdown_ratio``: how much longer the target's work takes; ``sampler_cpu_ratio``: part of one core."""

    slowdown_ratio: float
    sampler_cpu_ratio: float


_AT_100_HZ: dict[Mode, tuple[Cost, ...]] = {
    "nonblocking": (Cost(0.0, 0.03), Cost(0.002, 0.16), Cost(0.007, 0.34)),
    "exact": (Cost(0.01, 0.03), Cost(0.57, 0.17), Cost(18.69, 0.68)),
    "native": (Cost(0.022, 0.03), Cost(0.41, 0.21), Cost(10.85, 0.62)),
    "gil": (Cost(0.0, 0.02), Cost(0.001, 0.02), Cost(0.025, 0.03)),
    "active": (Cost(0.0, 0.03), Cost(0.002, 0.16), Cost(0.007, 0.34)),
}
_EXACT_AT_20_HZ = (Cost(0.004, 0.01), Cost(0.05, 0.04), Cost(0.71, 0.22))


def needs_confirmation(mode: Mode, threads: int) -> bool:
    """Whether a person must agree to the predicted cost before a target with so many threads is looked at."""
    return mode in PAUSING and threads > CONFIRMED_ABOVE_THREADS


def predicted_cost(mode: Mode, threads: int, rate_hz: float) -> Cost:
    """What sampling with py-spy will cost, before anything is measured.

    From fixed work in a CPython 3.12 target on a machine of two cores, py-spy 0.4.3 at 100 Hz, with 1, 9 and 65
    threads: nonblocking 0, 0.2 and 0.7 % slower (active is taken for the same), exact 1, 57 and 1869 %, native 2.2, 41
    and 1085 %, gil 0, 0.1 and 2.5 %. Exact at 20 Hz: 0.4, 5 and 71 %. Between those a power law is assumed in the
    number of threads and a straight line in the rate, of the part of the time that the target stands still. A sampler
    with many threads cannot keep 100 Hz, which is why five times the rate takes less than five times the share: native
    is assumed to bend like exact.
    """
    high = _interpolated([_measurable(cost) for cost in _AT_100_HZ[mode]], threads)
    if mode in PAUSING:
        exact, slow = (
            _interpolated([_measurable(cost) for cost in row], threads)
            for row in (_AT_100_HZ["exact"], _EXACT_AT_20_HZ)
        )
        low = Cost(*(part * low / full for part, low, full in zip(high, slow, exact, strict=True)))
    else:
        low = Cost(*(part / 5 for part in high))
    stopped, cpu = (_at_rate(rate_hz, *pair) for pair in zip(low, map(max, low, high), strict=True))
    stopped = min(0.99, stopped)
    return Cost(stopped / (1 - stopped), min(1.0, cpu))


def stopped_ratio(slowdown_ratio: float) -> float:
    """The part of the time that a target stands still when its work takes so much longer."""
    return slowdown_ratio / (1 + slowdown_ratio)


def _measurable(cost: Cost) -> Cost:
    return Cost(max(_LEAST, stopped_ratio(cost.slowdown_ratio)), cost.sampler_cpu_ratio)


def _interpolated(points: list[Cost], threads: int) -> Cost:
    """Between the numbers of threads that were measured, and beyond the last as between the last two."""
    at = 0 if threads < _MEASURED_THREADS[1] else 1
    few, many = _MEASURED_THREADS[at : at + 2]
    part = math.log(max(1, threads) / few) / math.log(many / few)
    return Cost(*(a * (b / a) ** part for a, b in zip(points[at], points[at + 1], strict=True)))


def _at_rate(rate_hz: float, at_20: float, at_100: float) -> float:
    if rate_hz <= 20:
        return at_20 * rate_hz / 20
    return at_20 + (at_100 - at_20) * (rate_hz - 20) / 80
