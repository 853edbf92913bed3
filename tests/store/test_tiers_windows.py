"""Any window of the past against a list of every value, through gaps, lost ticks and clocks that are set."""

import math
import threading
from bisect import bisect_left, bisect_right
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.errors import NoData
from perftui.stats.histogram import ERROR
from perftui.store.tiers import Tiers

SECOND = 1_000_000_000
START = 1_700_000_000 * SECOND
WINDOWS = (60, 300, 900, 3600, 6 * 3600, 24 * 3600, 7 * 86400)
WIDTHS = {3600: 10, 6 * 3600: 10, 24 * 3600: 60, 7 * 86400: 60}
events = st.lists(
    st.tuples(
        st.integers(1, 2000),  # ticks until something happens
        st.sampled_from(["suspend", "lost ticks", "set forward", "set back", "no value"]),
        st.integers(1, 3000),  # seconds of it
    ),
    min_size=1,
    max_size=4,
)
levels = st.lists(st.just(0.0) | st.floats(1e-9, 1e12), min_size=1, max_size=8)
"""As many as fit into the bins of a minute: then nothing but the width of a bin is lost."""


class Log:
    """Feeds ``Tiers``, and keeps every value with the time that it has there."""

    def __init__(self) -> None:
        self.tiers = Tiers({"cpu"})
        self.times: list[int] = []
        self.values: list[float] = []
        self._wall, self._monotonic = START, 0

    def tick(self, value: float | None) -> None:
        self._wall += SECOND
        self._monotonic += SECOND
        self.tiers.append(self._wall, self._monotonic, {} if value is None else {"cpu": value})
        if value is not None:
            self.times.append(self.tiers.now_ns)
            self.values.append(value)

    def happen(self, what: str, seconds: int) -> None:
        if what == "no value":
            for _ in range(seconds):
                self.tick(None)
        if what != "lost ticks":  # of those both clocks know
            self._wall += {"suspend": 1, "set forward": 1, "set back": -1}.get(what, 0) * seconds * SECOND
        else:
            self._wall, self._monotonic = self._wall + seconds * SECOND, self._monotonic + seconds * SECOND

    def between(self, since_ns: int, until_ns: int) -> list[float]:
        return self.values[bisect_left(self.times, since_ns) : bisect_right(self.times, until_ns)]


@settings(max_examples=60, deadline=None)
@given(events, levels, st.integers(0, 2**32))
def test_windows_over_all_tiers_agree_with_every_value(
    happened: list[tuple[int, str, int]], some: list[float], seed: int
) -> None:
    log, random = Log(), Random(seed)
    for ticks, what, seconds in happened:
        for _ in range(ticks):
            log.tick(random.choice(some))
        log.happen(what, seconds)
    log.tick(some[0])
    now = log.tiers.now_ns
    for seconds in WINDOWS:
        width = WIDTHS.get(seconds, 10) * SECOND
        since = now - seconds * SECOND
        exact = log.between(since, now)
        whole = log.between(since // width * width, now)  # the first bucket counts whole
        past = log.tiers.window("cpu", since, now)
        assert past.current == log.values[-1]
        assert max(exact) * (1 - 1e-6) <= past.peak <= max(whole) * (1 + 1e-6)
        assert min(min(whole), past.peak) * (1 - 1e-6) <= past.p50 <= past.p95 <= past.p99 <= past.peak
        for share, found in ((0.5, past.p50), (0.95, past.p95), (0.99, past.p99)):
            assert any(within(found, value) for value in quantiles_of(exact, whole, share)), (seconds, share, found)


def quantiles_of(exact: list[float], whole: list[float], share: float) -> list[float]:
    """The values that a quantile may be: with none, some or all of the values that only the first bucket adds."""
    extra = len(whole) - len(exact)
    ordered = sorted(exact)
    lowest = max(1, math.ceil(share * len(exact))) - 1
    return [*ordered[max(0, lowest - extra) : lowest + extra + 1], *whole[:extra]]


def within(found: float, value: float) -> bool:
    return abs(found - value) <= (ERROR + 1e-6) * abs(value) + 1e-37


def steady(seconds: int, value: float = 1.0) -> Log:
    log = Log()
    for _ in range(seconds):
        log.tick(value)
    return log


@pytest.mark.parametrize("seconds", [900, 3600, 6 * 3600, 24 * 3600])
@pytest.mark.parametrize("ago", [3, 200, 800])
def test_one_spike_and_one_dip_are_seen_in_every_window(seconds: int, ago: int) -> None:
    log = steady(5000 - ago)
    log.tick(9.0)
    log.tick(0.1)
    for _ in range(ago - 2):
        log.tick(1.0)
    stretch = log.tiers.past().stretch("cpu", seconds, 70)
    assert len(stretch.lows) == len(stretch.highs) <= 70
    assert stretch.summary.peak == 9.0
    assert [high for high in stretch.highs if high == 9.0] == [9.0]
    assert [low for low in stretch.lows if low == pytest.approx(0.1)] == [pytest.approx(0.1)]
    at = stretch.highs.index(9.0)
    assert (len(stretch.highs) - 1 - at) * seconds / 70 == pytest.approx(ago, abs=2 * seconds / 70 + 60)


def test_no_more_parts_than_ticks() -> None:
    assert len(steady(500).tiers.past().stretch("cpu", 60, 200).highs) == 60


def test_the_parts_stand_still_until_a_new_one_begins() -> None:
    log = Log()
    for at in range(2000):
        log.tick(float(at % 37))
    seen = set()
    for _ in range(40):
        log.tick(0.0)
        seen.add(log.tiers.past().stretch("cpu", 900, 20).highs[:19])
    assert len(seen) <= 2


def test_what_was_read_is_what_would_be_read_anew() -> None:
    """Closed buckets are read once: later readings add what came since."""
    log, random = steady(4000), Random(3)
    for _ in range(200):
        log.tick(random.random())
        view = log.tiers.past()
        again = view.stretch("cpu", 3600, 50)
        for tier in log.tiers._coarse:
            tier.digests.clear()
        fresh = view.stretch("cpu", 3600, 50)
        assert again.summary == fresh.summary
        assert again.highs[-5:] == pytest.approx(fresh.highs[-5:], nan_ok=True) or again.highs[1:] == fresh.highs[:-1]


@pytest.mark.parametrize(("seconds", "covered"), [(60, 60), (900, 900), (3600, 1500), (7 * 86400, 1500)])
def test_how_much_of_a_window_is_covered(seconds: int, covered: int) -> None:
    assert steady(1500).tiers.past().covered_seconds(seconds) == pytest.approx(covered, abs=61)


def test_a_suspend_is_not_covered() -> None:
    log = steady(300)
    log.happen("suspend", 600)
    log.tick(1.0)
    assert log.tiers.past().covered_seconds(900) == pytest.approx(300, abs=15)


def test_a_past_stands_still_while_ticks_go_on() -> None:
    log = steady(600)
    past = log.tiers.past()
    before = past.stretch("cpu", 300, 30)
    for _ in range(100):
        log.tick(50.0)
    assert past.stretch("cpu", 300, 30) == before
    assert past.names() == ("cpu",)
    with pytest.raises(NoData, match="no value in that time"):
        past.stretch("nobody", 300, 30)


def test_it_can_be_read_while_ticks_are_added() -> None:
    log, stop, read = steady(2000), threading.Event(), []

    def work() -> None:
        while not stop.is_set():
            read.append(log.tiers.past().stretch("cpu", 3600, 40).summary.peak)

    reader = threading.Thread(target=work)
    reader.start()
    try:
        for at in range(20000):
            log.tick(1.0)
            if at % 100 == 0:
                log.tiers.forget(["other"])
    finally:
        stop.set()
        reader.join()
    assert set(read) == {1.0}
