"""Stacks in order as a tree: the same as one that is built, also while profiles come and go."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.merging import Merging
from perftui.model.profile import StackProfile
from perftui.profile.tree import Node, build
from perftui.profile.trie import Tally, Trie, View
from tests.profile.test_tree import profile_of, shape, walk

Rows = list[tuple[int, str, int, float]]


def rows_of() -> st.SearchStrategy[Rows]:
    frame = st.builds(lambda name, line: f"{name}:{line}", st.sampled_from("abcd"), st.integers(1, 2))
    row = st.tuples(st.integers(1, 3), st.lists(frame, max_size=6).map(" ".join), st.integers(0, 50), st.floats(0, 50))
    return st.lists(row, max_size=15)


VIEWS: st.SearchStrategy[View] = st.sampled_from(["wall", "cpu"])
TIDS = st.none() | st.integers(1, 3)


def by_hand(profile: StackProfile, view: View, tid: int | None) -> tuple[Counter[tuple[str, ...]], float]:
    """Looks of every path of functions, added up over all rows."""
    totals: Counter[tuple[str, ...]] = Counter()
    whole = 0.0
    for row in profile.rows:
        looks = row.samples if view == "wall" else round(row.on_cpu * 2**20) / 2**20
        if tid is None or row.tid == tid:
            whole += looks
            path = [profile.frames[index].function for index in profile.stacks[row.stack]]
            for depth in range(len(path) if looks else 0):
                totals[tuple(path[: depth + 1])] += looks  # type: ignore[assignment]  # a Counter counts floats as well
    return totals, whole


def paths_of(node: Node, above: tuple[str, ...] = ()) -> dict[tuple[str, ...], float]:
    found: dict[tuple[str, ...], float] = {}
    for child in node.children:
        path = (*above, child.function)
        found[path] = child.total
        found |= paths_of(child, path)
    return found


def known(node: Node) -> list[Tally]:
    """Of a function that never was the innermost any line will do."""
    return sorted(row if row.self_looks else row._replace(line=0) for row in node.functions())


@given(rows_of(), VIEWS, TIDS)
def test_totals_are_sums_over_rows(rows: Rows, view: View, tid: int | None) -> None:
    profile = profile_of(rows)
    root = build(profile, view=view, tid=tid)
    totals, whole = by_hand(profile, view, tid)
    assert root.total == whole
    assert paths_of(root) == totals


@given(st.lists(rows_of(), min_size=1, max_size=6), st.lists(st.integers(0, 2), max_size=6), VIEWS, TIDS)
def test_going_on_from_a_profile_is_as_beginning_anew(
    windows: list[Rows], drops: list[int], view: View, tid: int | None
) -> None:
    joined, trie = Merging(), Trie()
    earlier: list[tuple[Node, object]] = []
    for at, rows in enumerate(windows):
        joined.add(profile_of(rows))
        for _ in range(drops[at] if at < len(drops) else 0):
            if len(joined) > 1:
                joined.drop()
        profile = joined.profile()
        assert profile is not None
        tree, anew = build(profile, view=view, tid=tid, trie=trie), build(profile, view=view, tid=tid)
        assert shape(tree) == shape(anew)
        assert [node.line for node in walk(tree)] == [node.line for node in walk(anew)]
        assert known(tree) == known(anew)
        earlier.append((tree, shape(anew)))
    for tree, expected in earlier:
        assert shape(tree) == expected


@given(rows_of(), rows_of(), VIEWS)
def test_a_window_added_and_taken_off_leaves_the_tree_as_it_was(first: Rows, second: Rows, view: View) -> None:
    joined, trie = Merging(), Trie()
    joined.add(profile_of(first))
    joined.add(profile_of(second))
    profile = joined.profile()
    assert profile is not None
    build(profile, view=view, trie=trie).functions()
    joined.drop()
    profile = joined.profile()
    assert profile is not None
    alone = Merging()
    alone.add(profile_of(second))
    expected = alone.profile()
    assert expected is not None
    tree, anew = build(profile, view=view, trie=trie), build(expected, view=view)
    assert shape(tree) == shape(anew)
    assert known(tree) == known(anew)


@given(rows_of(), st.floats(0.01, 60))
def test_what_is_large_enough_is_found_without_the_rest(rows: Rows, least: float) -> None:
    for node in walk(build(profile_of(rows), view="wall")):
        wanted = [child for child in node.children if child.total >= least]
        assert [shape(child) for child in node.larger(least)] == [shape(child) for child in wanted]


def eager(node: Node) -> Node:
    """The same, with all nodes made at once."""
    return Node(
        function=node.function,
        file=node.file,
        line=node.line,
        self_value=node.self_value,
        total=node.total,
        children=[eager(child) for child in node.children],
    )


@given(rows_of(), st.sampled_from("abcdx"), VIEWS)
def test_functions_and_searches_are_those_of_a_built_tree(rows: Rows, name: str, view: View) -> None:
    for node in walk(build(profile_of(rows), view=view)):
        built = eager(node)

        def wanted(function: str, file: str) -> bool:
            return function == name

        assert node.holding(wanted) == pytest.approx(built.holding(wanted))
        rows_found = [
            sorted((row.function, row.self_looks, row.looks) for row in one.functions()) for one in (node, built)
        ]
        assert rows_found[0] == rows_found[1]


def test_the_line_of_a_node_of_very_many_stacks_is_the_common_one() -> None:
    rows = [(1, f"main:{1 + (at % 10 == 0)} f{at}", 1, 1.0) for at in range(5000)]
    (main,) = build(profile_of(rows), view="cpu").children
    assert main.line == 1
