from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import OTHER, Frame, StackProfile, StackRow, ThreadName, merge

STACKS = st.lists(
    st.tuples(st.integers(1, 3), st.lists(st.sampled_from("abcd"), min_size=1, max_size=4), st.integers(1, 9)),
    max_size=12,
)


def window(at: int, seen: list[tuple[int, list[str], int]]) -> StackProfile:
    """A profile in which each thread spent half of its samples on a CPU; frames interned in order of sight."""
    frames: dict[Frame, int] = {}
    stacks: dict[tuple[int, ...], int] = {}
    rows = []
    for tid, functions, samples in seen:
        stack = tuple(frames.setdefault(Frame(function=name), len(frames)) for name in functions)
        index = stacks.setdefault(stack, len(stacks))
        rows.append(StackRow(pid=1, tid=tid, stack=index, samples=samples, on_cpu=samples / 2))
    return StackProfile(
        sampler="test",
        rate_hz=100,
        started_ns=at * 10,
        ended_ns=at * 10 + 10,
        covered_ns=5,
        attempts=100,
        frames=tuple(frames),
        stacks=tuple(stacks),
        rows=tuple(rows),
        threads=tuple(ThreadName(pid=1, tid=tid, name=f"t{tid}") for tid in sorted({tid for tid, _, _ in seen})),
    )


def frames_of(profile: StackProfile, row: StackRow) -> tuple[Frame, ...]:
    return tuple(profile.frames[index] for index in profile.stacks[row.stack])


def counted(profiles: list[StackProfile]) -> dict[tuple[int, tuple[Frame, ...]], int]:
    total: dict[tuple[int, tuple[Frame, ...]], int] = {}
    for profile in profiles:
        for row in profile.rows:
            key = (row.tid, frames_of(profile, row))
            total[key] = total.get(key, 0) + row.samples
    return total


@given(st.lists(STACKS, min_size=1, max_size=4))
def test_merge_keeps_every_sample(seen: list[list[tuple[int, list[str], int]]]) -> None:
    windows = [window(at, rows) for at, rows in enumerate(seen)]
    merged = merge(windows)
    assert merged is not None
    assert counted([merged]) == counted(windows)
    assert merged.on_cpu == sum(part.on_cpu for part in windows)
    assert merged.attempts == 100 * len(windows)
    assert merged.coverage_ratio == 0.5
    assert len(set(merged.frames)) == len(merged.frames)


def test_merging_nothing_is_nothing() -> None:
    assert merge([]) is None


def per_thread(profile: StackProfile) -> dict[tuple[int, int], tuple[int, float]]:
    total: dict[tuple[int, int], tuple[int, float]] = {}
    for row in profile.rows:
        samples, on_cpu = total.get((row.pid, row.tid), (0, 0.0))
        total[row.pid, row.tid] = (samples + row.samples, on_cpu + row.on_cpu)
    return total


@given(st.lists(STACKS, min_size=1, max_size=4), st.integers(1, 5))
def test_a_merged_profile_is_bounded_and_every_thread_adds_up(
    seen: list[list[tuple[int, list[str], int]]], most: int
) -> None:
    whole = merge([window(at, rows) for at, rows in enumerate(seen)])
    bounded = merge([window(at, rows) for at, rows in enumerate(seen)], most)
    assert whole is not None
    assert bounded is not None
    assert per_thread(bounded) == per_thread(whole)  # halves of whole numbers: the sums are exact
    assert len(bounded.stacks) <= most + 1
    kept = {stack: count for stack, count in counted([bounded]).items() if stack[1] != (OTHER,)}
    assert kept.items() <= counted([whole]).items()
    assert all(row.on_cpu <= row.samples for row in bounded.rows)
    assert merge([bounded], most + 1) == bounded


def test_the_heaviest_stacks_are_kept() -> None:
    merged = merge([window(0, [(1, ["a"], 5), (1, ["b"], 1), (2, ["c"], 9), (2, ["d"], 2), (2, ["b"], 1)])], 2)
    assert merged is not None
    a, c = Frame(function="a"), Frame(function="c")
    assert counted([merged]) == {(1, (a,)): 5, (1, (OTHER,)): 1, (2, (c,)): 9, (2, (OTHER,)): 3}
