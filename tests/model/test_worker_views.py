"""Workers beside each other, from profiles made by hand."""

import random
from collections.abc import Mapping

from perftui.model.profile import Frame, StackProfile, StackRow
from perftui.model.worker_views import LEAST_LOOKS, WorkerView, workers

USUAL = {"parse": 0.5, "render": 0.3, "store": 0.2}
ATTEMPTS = 1000


def profile(seen: Mapping[int, tuple[Mapping[str, float], int]], seed: int = 0) -> StackProfile:
    """PID → (shares of its functions, looks that ran on a CPU); the rest of ``ATTEMPTS`` it waited. Drawn at random."""
    draw = random.Random(seed)
    names = ["wait", *sorted({name for shares, _ in seen.values() for name in shares})]
    rows = []
    for pid, (shares, running) in seen.items():
        drawn = draw.choices(list(shares), list(shares.values()), k=running)
        for name in sorted(set(drawn)):
            count = drawn.count(name)
            rows.append(StackRow(pid=pid, tid=pid, stack=names.index(name), samples=count, on_cpu=float(count)))
        rows.append(StackRow(pid=pid, tid=pid, stack=0, samples=ATTEMPTS - running, on_cpu=0.0))
    return StackProfile(
        sampler="test",
        rate_hz=100,
        started_ns=0,
        ended_ns=10_000_000_000,
        covered_ns=10_000_000_000,
        attempts=ATTEMPTS,
        frames=(Frame(function="main"), *(Frame(function=name, file="app.py") for name in names)),
        stacks=tuple((0, at + 1) for at in range(len(names))),
        rows=tuple(rows),
    )


def odd(views: tuple[WorkerView, ...]) -> dict[int, str]:
    return {view.pid: view.reason for view in views if view.outlier}


def test_equal_workers_are_all_alike() -> None:
    for seed in range(50):
        views = workers(profile(dict.fromkeys(range(8), (USUAL, 200)), seed), None)
        assert odd(views) == {}
        assert {view.top_function for view in views} == {"parse"}
        assert all(view.running_ratio == 0.2 for view in views)


def test_the_one_in_another_function_is_named_with_that_function() -> None:
    for seed in range(20):
        other = {"slow": 0.8, "parse": 0.2}
        seen = {pid: (other if pid == 3 else USUAL, 200) for pid in range(8)}
        reasons = odd(workers(profile(seen, seed), None))
        assert set(reasons) == {3}
        assert "in slow, 0 % of the others'" in reasons[3]


def test_two_odd_ones_of_eight_are_both_found() -> None:
    seen = {pid: ({"slow": 0.8, "parse": 0.2} if pid in (3, 6) else USUAL, 200) for pid in range(8)}
    assert set(odd(workers(profile(seen), None))) == {3, 6}


def test_idle_workers_are_not_odd_whatever_few_looks_say() -> None:
    seen = dict.fromkeys(range(5), (USUAL, 300))
    idle = {pid: ({"poll": 1.0}, LEAST_LOOKS - 1) for pid in range(5, 8)}
    assert odd(workers(profile(seen | idle), None)) == {}


def test_a_worker_with_less_to_do_is_not_odd() -> None:
    for seed in range(20):
        seen = {pid: (USUAL, 40 if pid == 2 else 400) for pid in range(8)}
        assert odd(workers(profile(seen, seed), None)) == {}


def test_one_that_burns_far_more_is_odd() -> None:
    seen = {pid: (USUAL, 900 if pid == 2 else 100) for pid in range(8)}
    assert odd(workers(profile(seen), None)) == {2: "it uses 0.90 cores, the others 0.10"}


def test_load_that_is_spread_unevenly_makes_nobody_odd() -> None:
    seen = {pid: (USUAL, running) for pid, running in enumerate((700, 480, 330, 230, 160, 110, 80, 60))}
    assert odd(workers(profile(seen), None)) == {}


def test_of_two_workers_neither_is_the_odd_one() -> None:
    assert odd(workers(profile({1: (USUAL, 300), 2: ({"slow": 1.0}, 300)}), None)) == {}


def test_nothing_seen_is_nothing_said() -> None:
    (view,) = workers(profile({1: (USUAL, 0)}), None)
    assert (view.top_function, view.running_ratio, view.outlier) == ("", 0.0, False)
