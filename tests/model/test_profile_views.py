"""Hot functions: shares, recursion, the line and thread that stand for a function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import Frame, StackProfile, StackRow, ThreadName
from perftui.model.profile_views import hot_functions


def profile_of(stacks: list[tuple[str, float]], tids: list[int] | None = None) -> StackProfile:
    """Stacks as ``main:1 work:7``, each with its on-CPU samples."""
    frames: dict[Frame, int] = {}
    rows = []
    indices = []
    for number, (text, on_cpu) in enumerate(stacks):
        stack = []
        for word in text.split():
            function, _, line = word.partition(":")
            frame = Frame(function=function, file="app.py", line=int(line or 1))
            stack.append(frames.setdefault(frame, len(frames)))
        indices.append(tuple(stack))
        tid = tids[number] if tids else 1
        rows.append(StackRow(pid=1, tid=tid, stack=number, samples=100, on_cpu=on_cpu))
    return StackProfile(
        sampler="py-spy",
        rate_hz=100,
        started_ns=0,
        ended_ns=10**9,
        covered_ns=10**9,
        attempts=100,
        frames=tuple(frames),
        stacks=tuple(indices),
        rows=tuple(rows),
        threads=(ThreadName(pid=1, tid=1, name="MainThread"), ThreadName(pid=1, tid=2, name="worker")),
    )


def test_shares_are_of_the_on_cpu_samples_and_sorted_by_self() -> None:
    found = hot_functions(profile_of([("main a", 60), ("main b", 30), ("main c", 10)]))

    assert [hot.function for hot in found] == ["a", "b", "c", "main"]
    assert [hot.self_ratio for hot in found] == pytest.approx([0.6, 0.3, 0.1, 0.0])
    assert [hot.total_ratio for hot in found] == pytest.approx([0.6, 0.3, 0.1, 1.0])


def test_recursion_counts_once_in_the_total() -> None:
    (fib, main) = hot_functions(profile_of([("main fib fib fib", 8), ("main fib", 2)]))

    assert fib.function == "fib"
    assert [fib.self_ratio, fib.total_ratio] == pytest.approx([1.0, 1.0])
    assert main.total_ratio == pytest.approx(1.0)


def test_the_line_is_the_most_frequent_one_in_leaf_position() -> None:
    found = hot_functions(profile_of([("main:3 f:7", 2), ("main:3 f:9", 3), ("main:3 f:5 g:1", 90)]))
    lines = {hot.function: hot.line for hot in found}

    assert lines == {"f": 9, "g": 1, "main": 3}


def test_the_thread_is_the_one_that_spent_most_in_the_function() -> None:
    (hot,) = hot_functions(profile_of([("f", 1), ("f", 5)], tids=[1, 2]))

    assert hot.thread == "worker"


def test_nothing_ran_nothing_is_hot() -> None:
    assert hot_functions(profile_of([("main f", 0.0)])) == ()
    assert hot_functions(profile_of([])) == ()


def test_the_limit_keeps_the_hottest() -> None:
    found = hot_functions(profile_of([(f"f{number}", number) for number in range(1, 30)]), limit=3)

    assert [hot.function for hot in found] == ["f29", "f28", "f27"]


_STACKS = st.lists(
    st.tuples(st.lists(st.sampled_from("abcd"), min_size=1, max_size=6).map(" ".join), st.floats(0.0, 100.0)),
    max_size=12,
)


@given(_STACKS)
def test_ratios_stay_ratios_and_selves_add_up(stacks: list[tuple[str, float]]) -> None:
    found = hot_functions(profile_of(stacks))

    assert all(0 <= hot.self_ratio <= hot.total_ratio + 1e-9 <= 1 + 2e-9 for hot in found)
    if found:
        assert sum(hot.self_ratio for hot in found) == pytest.approx(1.0)


@given(_STACKS, st.integers(1, 3))
def test_a_limit_changes_no_figure(stacks: list[tuple[str, float]], limit: int) -> None:
    profile = profile_of(stacks)

    assert hot_functions(profile, limit) == hot_functions(profile)[:limit]
