"""Windows joined as they come and go."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model import merging
from perftui.model.merging import Merging
from perftui.model.profile import Frame, StackProfile, StackRow, ThreadName, merge

Rows = list[tuple[int, str, int, float]]
"""tid, stack such as ``main work``, samples, on_cpu."""


def window(at: int, rows: Rows) -> StackProfile:
    frames: dict[Frame, int] = {}
    stacks: dict[tuple[int, ...], int] = {}
    made = []
    for tid, text, samples, on_cpu in rows:
        path = tuple(frames.setdefault(Frame(function=name), len(frames)) for name in text.split())
        stack = stacks.setdefault(path, len(stacks))
        made.append(StackRow(pid=1, tid=tid, stack=stack, samples=samples, on_cpu=on_cpu))
    return StackProfile(
        sampler="test",
        rate_hz=100.0,
        started_ns=at,
        ended_ns=at + 1,
        covered_ns=1,
        attempts=10,
        frames=tuple(frames),
        stacks=tuple(stacks),
        rows=tuple(made),
        threads=(ThreadName(pid=1, tid=at % 3, name=f"worker {at % 2}"),),
        sampler_cpu_ns=at,
    )


def seen(profile: StackProfile | None) -> tuple[StackProfile | None, Counter[tuple[object, ...]], dict[object, float]]:
    """All but the order, and what has no samples."""
    samples: Counter[tuple[object, ...]] = Counter()
    on_cpu: dict[object, float] = {}
    if profile is None:
        return None, samples, on_cpu
    for row in profile.rows:
        key = row.tid, tuple(profile.frames[index].function for index in profile.stacks[row.stack])
        samples[key] += row.samples
        on_cpu[key] = on_cpu.get(key, 0.0) + row.on_cpu
    return msgspec.structs.replace(profile, frames=(), stacks=(), rows=()), +samples, {k: on_cpu[k] for k in +samples}


def same(one: StackProfile | None, other: StackProfile | None) -> bool:
    bare, samples, on_cpu = seen(one)
    return (bare, samples) == seen(other)[:2] and on_cpu == pytest.approx(seen(other)[2], abs=1e-4)


def rows_of(limit: int = 8) -> st.SearchStrategy[Rows]:
    text = st.lists(st.sampled_from("abcd"), min_size=1, max_size=4).map(" ".join)
    ratio = st.sampled_from([0.0, 1 / 3, 1.0])
    row = st.builds(lambda tid, stack, samples, part: (tid, stack, samples, part * samples), st.integers(1, 3), text,
                    st.integers(0, 50), ratio)  # fmt: skip
    return st.lists(row, max_size=limit)


@given(st.lists(rows_of(), min_size=1, max_size=8), st.integers(0, 7))
def test_what_is_left_is_as_if_the_others_had_never_been(found: list[Rows], drops: int) -> None:
    windows = [window(at, rows) for at, rows in enumerate(found)]
    joined = Merging()
    for one in windows:
        joined.add(one)
    for _ in range(min(drops, len(windows))):
        joined.drop()
    left = windows[min(drops, len(windows)) :]
    assert joined.windows == left
    assert len(joined) == len(left)
    assert joined.oldest is (left[0] if left else None)
    assert same(joined.profile(), merge(left))
    profile = joined.profile()
    assert joined.used == len({row.stack for row in profile.rows if row.samples} if profile else ())


@given(st.lists(rows_of(), min_size=2, max_size=6))
def test_adding_and_dropping_leaves_exactly_what_was(found: list[Rows]) -> None:
    joined, fresh = Merging(), Merging()
    for at, rows in enumerate(found):
        joined.add(window(at, rows))
    while len(joined) > 1:
        joined.drop()
    fresh.add(window(len(found) - 1, found[-1]))
    profile, expected = joined.profile(), fresh.profile()
    assert profile is not None
    assert expected is not None
    assert seen(profile) == seen(expected)


def test_a_window_in_which_nothing_was_seen_is_of_its_process() -> None:
    joined = Merging()
    first = msgspec.structs.replace(window(0, [(1, "main a", 5, 5.0)]), pid=1)
    empty = msgspec.structs.replace(window(1, []), pid=1)
    joined.add(first)
    before = joined.profile()
    joined.add(empty)
    profile = joined.profile()
    assert before is not None
    assert profile is not None
    assert same(profile, merge([first, empty]))
    assert (profile.pid, profile.rows[0] is before.rows[0]) == (1, True)
    joined.add(msgspec.structs.replace(empty, pid=2))
    assert same(joined.profile(), merge([first, empty, msgspec.structs.replace(empty, pid=2)]))


def test_what_has_not_changed_is_the_same_object() -> None:
    joined = Merging()
    joined.add(window(0, [(1, "main a", 5, 5.0), (2, "main b", 5, 0.0)]))
    first = joined.profile()
    assert joined.profile() is first
    joined.add(window(1, [(2, "main b", 1, 0.0), (1, "main c", 2, 1.0)]))
    second = joined.profile()
    assert first is not None
    assert second is not None
    assert second.stacks[:2] == first.stacks
    assert all(map(lambda old, new: old is new, first.stacks, second.stacks))
    assert second.rows[0] is first.rows[0]
    assert [row.samples for row in second.rows] == [5, 6, 2]


def test_stacks_that_are_seen_no_more_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "_REBUILT_FROM", 10)
    joined = Merging()
    for at in range(100):
        joined.add(window(at, [(1, f"main f{at} g{at}", 1, 1.0), (1, "main", 1, 0.0)]))
        if len(joined) > 4:
            joined.drop()
        profile = joined.profile()
        assert profile is not None
        assert len(profile.stacks) <= 11
    assert seen(profile)[1].total() == 8
