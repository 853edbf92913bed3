"""Memory that grows, levels off, comes back."""

import math
import random

import pytest

from perftui.analyze.classify import classify
from perftui.model.finding import Diagnosis
from tests.analyze.build import diagnose, label, window

MB = 1_000_000
BASE = 50 * MB


def watched(size_at: list[float], **changes: object) -> Diagnosis:
    return diagnose(rss=tuple(round(size) for size in size_at), **changes)


def series(seconds: int, size: "object") -> list[float]:
    assert callable(size)
    return [BASE + size(at) for at in range(seconds + 1)]


def test_a_steady_leak_is_found_after_a_minute() -> None:
    diagnosis = watched(series(60, lambda at: 5 * MB * at))
    assert label(diagnosis) == "memory-leak"
    finding = diagnosis.findings[0]
    assert finding.severity == "warning"
    assert finding.evidence[0].observed > 10
    assert "does not level off" in finding.summary


def test_a_leak_in_steps_is_found() -> None:
    assert label(watched(series(60, lambda at: 20 * MB * (at // 5)))) == "memory-leak"


def test_a_noisy_leak_is_found() -> None:
    rng = random.Random(3)
    assert label(watched(series(90, lambda at: 0.5 * MB * at + rng.gauss(0, 2 * MB)))) == "memory-leak"


def test_before_a_minute_it_only_informs() -> None:
    diagnosis = watched(series(20, lambda at: 5 * MB * at))
    assert diagnosis.state != "limited"
    assert (diagnosis.findings[0].rule, diagnosis.findings[0].severity) == ("memory-leak", "info")
    assert "growing" in diagnosis.findings[0].summary


@pytest.mark.parametrize("tau", [5, 10, 15, 20])
def test_a_warm_up_that_levels_off_is_healthy(tau: int) -> None:
    diagnosis = watched(series(60, lambda at: 200 * MB * (1 - math.exp(-at / tau))))
    assert diagnosis.state != "limited"


@pytest.mark.parametrize("stop", [10, 25, 40, 48])
def test_a_warm_up_that_stops_is_healthy(stop: int) -> None:
    diagnosis = watched(series(60, lambda at: 5 * MB * min(at, stop)))
    assert diagnosis.state != "limited"


def test_allocate_and_free_is_healthy() -> None:
    diagnosis = watched(series(60, lambda at: 20 * MB * (at % 4) / 3))
    assert diagnosis.findings == ()


def test_the_noise_of_a_minute_is_healthy() -> None:
    rng = random.Random(5)
    walk = [float(BASE)]
    for _ in range(60):
        walk.append(walk[-1] + max(0, rng.gauss(4_000, 8_000)))
    assert watched(walk).findings == ()


def test_shrinking_is_healthy() -> None:
    assert watched(series(60, lambda at: -0.3 * MB * at)).findings == ()


def test_an_hour_of_points_is_judged_as_one_series() -> None:
    assert label(watched(series(3600, lambda at: 20_000 * at))) == "memory-leak"


def test_a_short_series_says_nothing() -> None:
    assert watched(series(3, lambda at: 50 * MB * at)).findings == ()


def test_it_clears_lower_than_it_fires() -> None:
    slowing = series(60, lambda at: 5 * MB * at if at < 40 else 200 * MB + 2.6 * MB * (at - 40))
    view = window(rss=tuple(round(size) for size in slowing))
    assert classify(view).state != "limited"
    assert label(classify(view, frozenset({"memory-leak"}))) == "memory-leak"


def test_without_the_target_section_it_is_unknown() -> None:
    diagnosis = diagnose(missing={"tree": ("it is gone", "")})
    assert "memory-leak" in {entry.rule for entry in diagnosis.unknown}
