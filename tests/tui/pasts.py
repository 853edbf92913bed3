"""A made-up past of some series."""

from math import sin

from perftui.model.series import Past
from perftui.store.tiers import Tiers
from tests.tui.fixtures import SECOND, START_NS, WALL_NS


def build_past(seconds: int = 2000) -> Past:
    """The past of a few series, the CPU's with one spike; the target was there in its second half."""
    tiers = Tiers(("cpu", "memory", "target-cpu", "target-rss"))
    for at in range(seconds):
        values = {"cpu": 1.0 if at == 700 else 0.1 + 0.05 * sin(at / 9), "memory": 0.4 + at / 10_000, "cpu:0": 0.1}
        if at > seconds / 2:
            values |= {"target-cpu": 0.8, "target-rss": 9e7 + 1e4 * at}
        tiers.append(WALL_NS + at * SECOND, START_NS + at * SECOND, values)
    return tiers.past()
