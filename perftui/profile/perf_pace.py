"""How often perf looks, so that it stays within its share of a core."""

RATES_HZ = (49, 19, 9, 4)
"""Not 50, 20, …: a program that does something every 20 ms would be met at the same place each time."""
_JUDGED_AFTER = 3
_RISES_AFTER = 30
"""Windows before a change. A new rate takes a new start, which costs as much as half a minute of looking."""
_ROOM = 0.8
_ROOM_TO_RISE = 0.5


class PerfPace:
    """Chooses the rate from what the last windows cost. Cost goes with the rate, and with how much the target runs."""

    def __init__(self, *, ratio: float, rate_hz: int) -> None:
        """``ratio`` is the part of one core (0.05); ``rate_hz`` the best that is wanted."""
        best = rate_hz - 1 if rate_hz > 1 and rate_hz % 10 == 0 else rate_hz
        self._ratio = ratio
        self._rates = (best, *(rate for rate in RATES_HZ if rate < best))
        self._costs: list[float] = []
        self.rate_hz = best

    def measured(self, cost_ratio: float) -> bool:
        """A window cost this part of a core. True when the rate has changed."""
        self._costs.append(cost_ratio)
        mean = sum(self._costs) / len(self._costs)
        if len(self._costs) >= _JUDGED_AFTER and mean > self._ratio:
            return self._change(self._highest(mean, _ROOM))
        if len(self._costs) >= _RISES_AFTER:
            return self._change(max(self.rate_hz, self._highest(mean, _ROOM_TO_RISE)))
        return False

    def _highest(self, mean: float, room: float) -> int:
        """The highest rate that promises to stay within this part of the budget, else the lowest."""
        fits = (rate for rate in self._rates if mean * rate / self.rate_hz <= self._ratio * room)
        return next(fits, self._rates[-1])

    def _change(self, rate_hz: int) -> bool:
        self._costs.clear()
        changed = rate_hz != self.rate_hz
        self.rate_hz = rate_hz
        return changed
