"""Memory that grows and does not stop."""

from bisect import bisect_left
from typing import ClassVar, NamedTuple

from perftui.analyze.metrics import METRICS
from perftui.analyze.rule import confidence
from perftui.analyze.window import Window
from perftui.model.finding import Blame, Evidence, Finding, Layer, RuledOut, Unknown
from perftui.model.units import bytes_text, ratio_text
from perftui.stats.trend import Trend, thin, trend

LEAK_SECONDS = 55.0
"""``--for 60`` gives samples over 58 to 60 seconds; 55 leaves room for a slow start and is said so on the page."""

LEAST_SECONDS = 5.0
LEAST_POINTS = 5

PER_HOUR = 0.10
"""Growth of 10 % of the present size in an hour (coroot's alarm)."""

GROWN = 0.02
"""The growth that was really seen, as part of the size: a minute of noise extrapolates to anything."""

GROWN_BYTES = 2 * 1024**2
"""A small program's first minute moves by this much for nothing."""

SURE_Z = 1.96
"""Mann–Kendall's score that a series without a trend exceeds in 2.5 % of the cases."""

STEADY = 0.6
"""The last third grows at least at this part of the overall rate; below it the growth levels off."""

STILL = 0.25
"""And so does the last sixth, so that a stop near the end is noticed; steps of a few seconds pass."""


class _Growth(NamedTuple):
    """A series' trend: ``seconds`` long, now at ``size`` bytes, risen by ``grown`` bytes.

    ``late_ratio`` and ``end_ratio`` compare the last third and the last sixth with the whole; ``late_low`` is the lower
    bound of the last third's slope.
    """

    seconds: float
    size: float
    grown: float
    whole: Trend
    late_low: float
    late_ratio: float
    end_ratio: float

    @property
    def per_hour(self) -> float:
        """Lower bound of the growth in an hour, as part of the present size."""
        return max(0.0, self.whole.low) * 3600 / self.size

    def lasts(self, firing: bool) -> bool:
        ease = 0.7 if firing else 1.0
        return self.late_low > 0 and self.late_ratio >= STEADY * ease and self.end_ratio >= STILL * ease


def growth_of(series: tuple[tuple[int, int], ...]) -> _Growth | None:
    """The trend of (monotonic_ns, bytes); None when there is too little of it or no growth worth the name."""
    if len(series) < LEAST_POINTS:
        return None
    (began, first), (ended, last) = series[0], series[-1]
    if (ended - began) / 1e9 < LEAST_SECONDS or last - first < max(GROWN * last, GROWN_BYTES):
        return None
    points = thin(series)
    at = [(when - began) / 1e9 for when, _ in points]
    size = [float(rss) for _, rss in points]
    whole = trend(at, size)
    if whole.z <= SURE_Z or whole.low * 3600 <= PER_HOUR * last:
        return None
    third, sixth = bisect_left(at, at[-1] * 2 / 3), bisect_left(at, at[-1] * 5 / 6)
    late = trend(at[third:], size[third:]) if len(at) - third >= 3 else None
    return _Growth(
        seconds=at[-1],
        size=size[-1],
        grown=size[-1] - size[0],
        whole=whole,
        late_low=late.low if late else 0.0,
        late_ratio=late.slope / whole.slope if late else 0.0,
        end_ratio=(size[-1] - size[sixth]) / max(1e-6, at[-1] - at[sixth]) / whole.slope,
    )


class MemoryLeak:
    """Resident memory grows steadily and does not level off.

    **Sees** the resident memory of the target's tree since it was attached, as a series of one figure a second.

    **Signals.** All required, from `/proc/PID/status`: at least 60 s of it (55 are accepted, because a watch of 60
    s holds samples over a little less); a rise that chance does not explain (Mann–Kendall above 1.96); a Theil–Sen
    slope whose lower 95 % bound is more than 10 % of the size in an hour (coroot's alarm); a growth of at least 2 %
    of the size and 2 MiB seen in the watch itself, because a minute of noise extrapolates to anything; and a rise
    that lasts: the slope of the last third is certainly positive and at least 0.6 of the whole's (0.42 once it
    fires), the last sixth rises at 0.25 of it. Before 60 s it says "memory is growing", as information only: that
    never makes a target limited.

    **Look-alikes.** A warm-up that levels off (caches, pools, imports): its last third is much flatter.
    `memory-alloc-churn`: memory goes up and down. Steps are fine: the slope is a median over all pairs of points.

    **False positives.** A cache that takes longer than the watch to fill: watch for longer; exponential growth
    towards a limit with a time constant beyond the length of the watch cannot be told from a leak. **Not seen**:
    leaks slower than 2 % in a watch.

    **What to do.** Look for what is kept: an unbounded cache, a list that is only added to, callbacks that are
    never removed. In Python `tracemalloc` or memray name the line that allocates it.
    """

    id: ClassVar[str] = "memory-leak"
    layer: ClassVar[Layer] = "memory"
    metric: ClassVar[str] = "rss_growth_per_hour_ratio"

    def evaluate(self, window: Window, firing: bool = False) -> tuple[Finding, float] | Unknown | None:
        """As ``Rule.evaluate``; judged on the memory series instead of the window's parts."""
        newest = window.samples[-1]
        if newest.tree is None:
            status = newest.status("tree")
            return Unknown(
                rule=self.id,
                reason=status.reason if status and status.reason else "the target's memory is not visible",
                remedy=status.remedy if status else "",
            )
        growth = growth_of(window.memory)
        if growth is None:
            return None
        if growth.seconds < LEAK_SECONDS:
            return self._finding(window, growth, certain=False), 0.0
        return (self._finding(window, growth, certain=True), 0.3) if growth.lasts(firing) else None

    def _finding(self, window: Window, growth: _Growth, *, certain: bool) -> Finding:
        rate = f"{bytes_text(growth.whole.slope)}/s"
        fact = f"Resident memory grew by {bytes_text(growth.grown)} in {growth.seconds:.0f} s ({rate})"
        steadiness = min(1.0, max(0.0, growth.late_ratio - STEADY) / (1 - STEADY))
        sure = confidence(margin=steadiness, support=1.0, parts=1.0, seconds=growth.seconds)
        metric = METRICS[self.metric]
        return Finding(
            rule=self.id,
            layer=self.layer,
            severity="warning" if certain else "info",
            confidence=sure if certain else round(sure * growth.seconds / LEAK_SECONDS / 2, 3),
            summary=f"{fact} and does not level off"
            if certain
            else f"{fact}: memory is growing, too early to call a leak",
            evidence=(
                Evidence(
                    metric=self.metric,
                    observed=growth.per_hour,
                    threshold=PER_HOUR,
                    unit=metric.unit,
                    source=metric.source,
                ),
            ),
            ruled_out=(
                RuledOut(
                    rule="memory-alloc-churn",
                    because=f"it does not come back: at least {bytes_text(growth.whole.low)}/s at 95 % confidence",
                ),
            ),
            flips_if=f"the last third grows at less than {ratio_text(STEADY)} of the overall rate "
            f"(now {ratio_text(growth.late_ratio)})"
            if certain
            else "it still grows after 60 s",
            blame=Blame(pid=window.samples[-1].target.pid),
            advice="Look for what is kept for ever: caches without a bound, lists that only grow, callbacks that stay.",
            metric=self.metric,
        )
