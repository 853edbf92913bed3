"""The trie: totals, order, views, lines, size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import Frame, StackProfile, StackRow
from perftui.profile.tree import Node, build
from perftui.profile.trie import UNITS


def profile_of(rows: list[tuple[int, str, int, float]]) -> StackProfile:
    """Rows of (tid, stack such as ``main:1 work:7``, samples, on_cpu)."""
    frames: dict[Frame, int] = {}
    stacks = []
    for _, text, _, _ in rows:
        words = [word.partition(":") for word in text.split()]
        keys = [Frame(function=name, file="app.py", line=int(line or 1)) for name, _, line in words]
        stacks.append(tuple(frames.setdefault(frame, len(frames)) for frame in keys))
    return StackProfile(
        sampler="py-spy",
        rate_hz=100,
        started_ns=0,
        ended_ns=1,
        covered_ns=1,
        attempts=100,
        frames=tuple(frames),
        stacks=tuple(stacks),
        rows=tuple(
            StackRow(pid=1, tid=tid, stack=at, samples=samples, on_cpu=on_cpu)
            for at, (tid, _, samples, on_cpu) in enumerate(rows)
        ),
    )


def shape(node: Node) -> tuple[str, float, list[object]]:
    return (node.function, node.total, [shape(child) for child in node.children])


def walk(root: Node) -> list[Node]:
    nodes = [root]
    for node in nodes:
        nodes.extend(node.children)
    return nodes


def test_stacks_fold_into_a_tree_with_the_largest_first() -> None:
    root = build(profile_of([(1, "main a", 10, 1), (1, "main b x", 30, 2), (2, "main b", 5, 0)]), view="wall")

    assert shape(root) == ("all", 45.0, [("main", 45.0, [("b", 35.0, [("x", 30.0, [])]), ("a", 10.0, [])])])
    assert root.children[0].children[0].self_value == 5.0


def test_the_cpu_view_leaves_out_what_did_not_run() -> None:
    root = build(profile_of([(1, "main wait", 90, 0.0), (1, "main work", 10, 7.5)]), view="cpu")

    assert shape(root) == ("all", 7.5, [("main", 7.5, [("work", 7.5, [])])])


def test_one_thread_alone() -> None:
    root = build(profile_of([(1, "a", 1, 1), (2, "b", 2, 2)]), view="wall", tid=2)

    assert shape(root) == ("all", 2.0, [("b", 2.0, [])])


def test_lines_are_merged_or_kept_apart() -> None:
    profile = profile_of([(1, "f:3", 10, 1), (1, "f:4", 20, 1)])

    (merged,) = build(profile, view="wall").children
    assert (merged.total, merged.line) == (30.0, 4)
    apart = build(profile, view="wall", merge_lines=False).children
    assert [(node.line, node.total) for node in apart] == [(4, 20.0), (3, 10.0)]


def test_recursion_gives_a_node_per_level_and_depth_is_no_problem() -> None:
    root = build(profile_of([(1, " ".join(["fib"] * 4096), 3, 3)]), view="wall")

    assert len(walk(root)) == 4097
    assert {node.total for node in walk(root)} == {3.0}


def test_nothing_gives_an_empty_root() -> None:
    assert shape(build(profile_of([]), view="cpu")) == ("all", 0.0, [])


def test_a_hundred_thousand_distinct_stacks() -> None:
    rows = [(1, f"main step:{at % 7} f{at % 317} g{at} h", 1, 1.0) for at in range(100_000)]
    root = build(profile_of(rows), view="cpu")

    assert root.total == 100_000
    assert len(root.children[0].children[0].children) == 317


_STACKS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.lists(st.sampled_from("abcd"), max_size=6).map(" ".join),
        st.integers(0, 50),
        st.floats(0, 50),
    ),
    max_size=20,
)


@given(_STACKS, st.sampled_from(["wall", "cpu"]), st.booleans())
def test_every_total_is_its_own_value_plus_its_children(
    rows: list[tuple[int, str, int, float]], view: str, merge_lines: bool
) -> None:
    profile = profile_of(rows)
    root = build(profile, view="cpu" if view == "cpu" else "wall", merge_lines=merge_lines)

    # Each row is kept as a whole number of a very small unit.
    total = profile.on_cpu if view == "cpu" else profile.samples
    assert root.total == pytest.approx(total, abs=(len(rows) + 1) / UNITS)
    for node in walk(root):
        assert node.total == pytest.approx(node.self_value + sum(child.total for child in node.children))
        totals = [child.total for child in node.children]
        assert totals == sorted(totals, reverse=True)
