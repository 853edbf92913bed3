"""On-CPU samples: sums are exact, parts are bounded, waiting comes last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import Frame
from perftui.profile.oncpu import on_cpu
from perftui.profile.parse import RawRow

WORK = Frame(function="work", file="app.py", line=1)
SLEEP = Frame(function="sleep", file="app.py", line=2)


def waits(frame: Frame) -> bool:
    return frame == SLEEP


def test_waiting_stacks_get_what_the_others_cannot_hold() -> None:
    rows = [RawRow(1, 0, 40), RawRow(1, 1, 60)]

    assert on_cpu(rows, [WORK, SLEEP], {1: 0.3}, 100, waits) == (30, 0)
    assert on_cpu(rows, [WORK, SLEEP], {1: 0.5}, 100, waits) == pytest.approx((40, 10))
    assert on_cpu(rows, [WORK, SLEEP], {1: 1.0}, 100, waits) == (40, 60)


def test_stacks_of_one_kind_share_in_proportion() -> None:
    rows = [RawRow(1, 0, 60), RawRow(1, 1, 30), RawRow(1, 2, 10)]

    assert on_cpu(rows, [WORK, WORK, WORK], {1: 0.5}, 100, waits) == pytest.approx((30, 15, 5))


def test_threads_that_wait_for_the_gil_get_their_small_share() -> None:
    rows = [RawRow(tid, 0, 100) for tid in range(4)]

    assert on_cpu(rows, [WORK] * 4, dict.fromkeys(range(4), 0.25), 100, waits) == pytest.approx((25,) * 4)


def test_a_thread_whose_run_time_is_unknown_counts_where_it_does_not_wait() -> None:
    rows = [RawRow(1, 0, 7), RawRow(1, 1, 9), RawRow(1, 2, 2)]

    assert on_cpu(rows, [WORK, SLEEP, None], {}, 100, waits) == (7, 0, 2)


def test_source_is_not_looked_at_when_it_changes_nothing() -> None:
    def never(frame: Frame) -> bool:
        raise AssertionError(frame)

    assert on_cpu([RawRow(1, 0, 50)], [WORK], {1: 0.2}, 100, never) == (20,)
    assert on_cpu([RawRow(1, 0, 50), RawRow(1, 1, 50)], [WORK, WORK], {1: 1.0}, 100, never) == (50, 50)
    assert on_cpu([RawRow(1, 0, 50), RawRow(1, 1, 50)], [WORK, WORK], {1: 0.0}, 100, never) == (0, 0)


_ROWS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 500), st.sampled_from([WORK, SLEEP, None])), min_size=1, max_size=20
)


@given(_ROWS, st.dictionaries(st.integers(1, 3), st.floats(-0.1, 1.5)), st.integers(0, 2_000))
def test_sums_are_exact_and_parts_bounded(
    seen: list[tuple[int, int, Frame | None]], ratios: dict[int, float], attempts: int
) -> None:
    rows = [RawRow(ident, at, samples) for at, (ident, samples, _) in enumerate(seen)]
    parts = on_cpu(rows, [leaf for _, _, leaf in seen], ratios, attempts, waits)

    assert all(0 <= part <= row.samples + 1e-9 for part, row in zip(parts, rows, strict=True))
    for ident, ratio in ratios.items():
        total = sum(row.samples for row in rows if row.ident == ident)
        mine = sum(part for part, row in zip(parts, rows, strict=True) if row.ident == ident)
        assert mine == pytest.approx(min(total, max(0.0, ratio) * attempts))


@given(_ROWS, st.floats(0, 1))
def test_waiting_stacks_run_only_when_the_others_are_full(
    seen: list[tuple[int, int, Frame | None]], ratio: float
) -> None:
    rows = [RawRow(1, at, samples) for at, (_, samples, _) in enumerate(seen)]
    leaves = [leaf for _, _, leaf in seen]
    parts = on_cpu(rows, leaves, {1: ratio}, sum(row.samples for row in rows), waits)

    if any(part > 1e-9 and leaf == SLEEP for part, leaf in zip(parts, leaves, strict=True)) and len(rows) > 1:
        busy = [(part, row.samples) for part, row, leaf in zip(parts, rows, leaves, strict=True) if leaf != SLEEP]
        assert all(part == pytest.approx(samples) for part, samples in busy)
