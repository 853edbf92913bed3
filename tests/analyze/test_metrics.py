"""Figures by name, from any interval."""

import pytest

from perftui.analyze.metrics import METRICS, text_of, value_of
from perftui.analyze.rules import RULES
from perftui.model.interval import Interval
from tests.analyze.build import FSYNC, PID, Other, Task, asleep, gil, host_window, lock, running, window


def interval(**changes: object) -> Interval:
    return window(**changes).whole


def test_cpu_figures() -> None:
    beside = interval(tasks=(Task(run=0.4, delay=0.6),), busy=(1.0, 1.0), others=(Other(900, 1.6),))
    assert value_of("run_delay_ratio", beside) == pytest.approx(0.6)
    assert value_of("run_delay_seconds", beside) == pytest.approx(0.6)
    assert value_of("cpu_share_cores", beside) == pytest.approx(0.4)
    assert value_of("cpu_demand_ratio", beside) == pytest.approx(0.5)
    assert value_of("neighbour_cores", beside) == pytest.approx(1.6)
    assert value_of("neighbour_loss_ratio", beside) == pytest.approx(0.6)
    assert value_of("neighbour_blame_ratio", beside) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("busy", "waiting", "contended"),
    [
        (0.3, 0.9, 0.425),  # waiting on CPUs that it does not use
        (0.6, 0.4, 0.85),
        (0.76, 0.0, 0.76),
        (0.76, 0.55, 1.0),  # more clients of a database than CPUs
        (0.95, 0.1, 0.95),
    ],
)
def test_cpus_are_contended_when_busy_or_when_work_waits(busy: float, waiting: float, contended: float) -> None:
    seen = interval(busy=(busy, busy), cpu_pressure=waiting)
    assert value_of("cpu_contended_ratio", seen) == pytest.approx(contended, abs=0.01)
    blind = interval(busy=(busy, busy), missing={"pressure": ("PSI is off", "psi=1")})
    assert value_of("cpu_contended_ratio", blind) == pytest.approx(busy, abs=0.01)


def test_quota_figures() -> None:
    throttled = interval(tasks=(Task(run=0.2),), quota_cores=0.2, throttled=0.9)
    assert value_of("throttled_periods_ratio", throttled) == pytest.approx(0.9, abs=0.02)
    assert value_of("quota_use_ratio", throttled) == pytest.approx(1.0)
    assert value_of("throttled_periods_ratio", interval()) == 0


def test_wait_figures() -> None:
    busy = interval(tasks=tuple(Task(tid=at, run=0.25, looks=(gil(0.75), running(0.25))) for at in (1, 2, 3, 4)))
    assert value_of("gil_wait_seconds", busy) == pytest.approx(3.0, abs=0.01)
    assert value_of("gil_wait_ratio", busy) == pytest.approx(0.75, abs=0.01)
    syncing = interval(tasks=(Task(run=0.2, looks=(asleep(0.8, FSYNC, state="D"), running(0.2))),))
    assert value_of("sync_wait_ratio", syncing) == pytest.approx(0.8)
    locked = interval(tasks=tuple(Task(tid=at, slices=5, looks=(lock(0.5), running(0.5))) for at in (1, 2)))
    assert value_of("lock_wait_ratio", locked) == pytest.approx(0.5)


def test_the_delay_of_an_idle_target_is_nothing() -> None:
    assert value_of("run_delay_ratio", interval()) == 0


@pytest.mark.parametrize("metric", sorted(METRICS))
def test_every_figure_is_visible_in_a_full_sample_or_needs_stacks(metric: str) -> None:
    value = value_of(metric, interval(tasks=(Task(PID, 0.5, 0.1, looks=(running(1.0),)),)))
    assert (value is None) == (METRICS[metric].needs[-1] == "profile" and metric != "lock_held_ratio")


HOST_FIGURES = {
    "affinity_ratio",
    "allowed_busy_ratio",
    "cpu_contended_ratio",
    "cpu_demand_ratio",
    "cpu_pressure_ratio",
    "excluded_idle_ratio",
    "idle_cores",
    "io_pressure_ratio",
    "neighbour_cores",
    "single_thread_ratio",
}


def test_without_a_target_only_the_hosts_figures_are_visible() -> None:
    host = host_window((0.5, 0.5), 0.0).whole
    assert {metric for metric in METRICS if value_of(metric, host) is not None} == HOST_FIGURES


def test_an_unknown_figure_is_an_error() -> None:
    with pytest.raises(KeyError):
        value_of("no_such_metric", interval())


def test_every_rule_measures_by_a_known_figure() -> None:
    for rule in RULES:
        assert getattr(rule, "metric", None) in METRICS


@pytest.mark.parametrize(
    ("metric", "value", "text"),
    [
        ("run_delay_ratio", 0.41, "41 %"),
        ("cpu_share_cores", 0.594, "0.59 cores"),
        ("gil_waiters", 3, "3 threads"),
        ("rss_bytes", 2048, "2.0K"),
        ("disk_await_ms", 12.3, "12 ms"),
    ],
)
def test_figures_read_well(metric: str, value: float, text: str) -> None:
    assert text_of(metric, value) == text
