"""Bytes by stack: sums that add up."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.model.allocations import AllocationStack, AllocationView, allocators, as_profile, collapsed
from perftui.model.profile import Frame
from perftui.profile.tree import build

MAIN = Frame(function="main", file="app.py", line=3)
PARSE = Frame(function="parse", file="app.py", line=9)
PARSE_BELOW = Frame(function="parse", file="app.py", line=12)


def view(*stacks: tuple[int, int, tuple[Frame, ...]]) -> AllocationView:
    found = tuple(
        AllocationStack(size_bytes=size, allocations=count, thread="T", frames=frames) for size, count, frames in stacks
    )
    return AllocationView(
        size_bytes=sum(stack.size_bytes for stack in found),
        allocations=sum(stack.allocations for stack in found),
        stacks=found,
    )


def test_functions_by_what_they_asked_for() -> None:
    first, second = allocators(view((60, 3, (MAIN, PARSE)), (30, 1, (MAIN, PARSE_BELOW)), (5, 2, (MAIN,))))
    assert (first.function, first.line, first.self_bytes, first.total_bytes, first.allocations) == (
        "parse",
        9,
        90,
        90,
        4,
    )
    assert (second.function, second.self_bytes, second.total_bytes, second.allocations) == ("main", 5, 95, 2)


def test_recursion_counts_once() -> None:
    (only,) = allocators(view((10, 1, (PARSE, PARSE_BELOW))))
    assert (only.total_bytes, only.self_bytes, only.line) == (10, 10, 12)


def test_lines_for_a_flame_graph() -> None:
    odd = Frame(function="a;b", file="x.py", line=1)
    outside = Frame(function="(outside)")
    lines = list(collapsed(view((7, 1, (MAIN, odd)), (1, 1, (outside,)))))
    assert lines == ["T;main (app.py:3);a:b (x.py:1) 7", "T;(outside) 1"]


frames = st.builds(Frame, function=st.sampled_from("abc"), file=st.sampled_from(["x.py", ""]), line=st.integers(0, 3))
stacks = st.lists(
    st.tuples(st.integers(0, 10**9), st.integers(0, 9), st.lists(frames, max_size=6).map(tuple)), max_size=8
)


@given(stacks)
def test_the_sums_add_up(raw: list[tuple[int, int, tuple[Frame, ...]]]) -> None:
    found = view(*raw)
    functions = allocators(found)
    in_stacks = sum(size for size, _, frames in raw if frames)
    assert sum(one.self_bytes for one in functions) == in_stacks
    assert all(one.self_bytes <= one.total_bytes <= found.size_bytes for one in functions)
    assert build(as_profile(found), view="wall").total == found.size_bytes
