import re

from hypothesis import given
from hypothesis import strategies as st

from perftui.model.table import Table
from perftui.tui.palette import UNICODE_GLYPHS
from perftui.tui.renderables.ordering import ProcessTable, Ranks, ordered, tree_of
from tests.tui.fixtures import TARGET_PID, build_update


def table_of(cores: list[float], parents: list[int] | None = None) -> ProcessTable:
    count = len(cores)
    return ProcessTable(
        pids=range(10, 10 + count),
        parents=parents or [0] * count,
        states=[ord("S")] * count,
        uids=[0] * count,
        nices=[0] * count,
        threads=[1] * count,
        rss=[100 * ((7 * row) % 5) for row in range(count)],
        names=[f"Name{row % 3}" for row in range(count)],
        commands=[f"cmd {row}" for row in range(count)],
        cores=cores,
    )


def ranked(*ticks: list[float]) -> tuple[ProcessTable, Ranks]:
    ranks = Ranks()
    for cores in ticks:
        table = table_of(cores)
        ranks.take(table)
    return table, ranks


def test_the_busiest_comes_first_and_idle_ones_keep_their_places() -> None:
    table, ranks = ranked([0, 0.2, 0, 0.9, 0])
    assert ordered(table, "cpu", ranks, None) == [3, 1, 0, 2, 4]


def test_small_changes_do_not_swap_rows() -> None:
    table, ranks = ranked([0.50, 0.52], [0.54, 0.50], [0.48, 0.55])
    assert ordered(table, "cpu", ranks, None) == [1, 0]


def test_a_lasting_change_does() -> None:
    table, ranks = ranked([0.3, 0.5], *[[0.9, 0.5]] * 4)
    assert ordered(table, "cpu", ranks, None) == [0, 1]


def test_ranks_are_never_far_from_the_figures() -> None:
    table, ranks = ranked(*[[0.90, 0.86]] * 5, *[[0.90, 0.94]] * 12)
    assert ordered(table, "cpu", ranks, None) == [1, 0]
    table, ranks = ranked(*[[0.020, 0.015]] * 5, *[[0.020, 0.024]] * 12)
    assert ordered(table, "cpu", ranks, None) == [1, 0]


def test_one_that_did_nothing_is_never_above_one_that_did() -> None:
    table, ranks = ranked([0.9, 0.0, 0.001], [0.0, 0.0, 0.001])
    assert ordered(table, "cpu", ranks, None) == [2, 0, 1]


def test_a_process_at_rest_is_forgotten() -> None:
    _, ranks = ranked([0.9, 0.0], *[[0.0, 0.0]] * 9)
    assert ranks.by_pid == {}


def test_other_orders() -> None:
    table, ranks = ranked([0.0] * 5)
    assert ordered(table, "memory", ranks, None) == [2, 4, 1, 3, 0]
    assert ordered(table, "pid", ranks, None) == [0, 1, 2, 3, 4]
    assert ordered(table, "name", ranks, None) == [0, 3, 1, 4, 2]


def test_a_filter_looks_at_names_and_command_lines() -> None:
    table, ranks = ranked([0.0] * 5)
    assert ordered(table, "cpu", ranks, re.compile("cmd 3")) == [3]
    assert ordered(table, "cpu", ranks, re.compile("name1", re.IGNORECASE)) == [1, 4]


def test_a_tree_draws_children_under_their_parents() -> None:
    table = table_of([0.0] * 5, parents=[0, 10, 10, 11, 99])
    assert tree_of(table, range(5), UNICODE_GLYPHS) == [(0, ""), (1, "├─ "), (3, "│  └─ "), (2, "└─ "), (4, "")]


def test_a_filtered_tree_keeps_the_ancestors() -> None:
    table = table_of([0.0] * 5, parents=[0, 10, 10, 11, 99])
    assert [row for row, _ in tree_of(table, [3], UNICODE_GLYPHS)] == [0, 1, 3]


@given(st.lists(st.integers(min_value=0, max_value=40), min_size=1, max_size=40))
def test_a_tree_shows_each_process_once_whatever_the_parents(parents: list[int]) -> None:
    # A parent has a lower PID here, as it nearly always has: no cycles.
    sane = [parent if parent < 10 + row else 0 for row, parent in enumerate(parents)]
    table = table_of([0.0] * len(sane), parents=sane)
    shown = [row for row, _ in tree_of(table, range(len(sane)), UNICODE_GLYPHS)]
    assert sorted(shown) == list(range(len(sane)))


def test_a_deep_tree_does_not_recurse() -> None:
    table = table_of([0.0] * 5000, parents=[9 + row for row in range(5000)])
    assert len(tree_of(table, range(5000), UNICODE_GLYPHS)) == 5000


def test_the_first_sample_has_no_cpu_yet() -> None:
    table = ProcessTable.of(build_update(first=True))
    assert table is not None
    assert table.cores == ()
    ranks = Ranks()
    ranks.take(table)
    assert ordered(table, "cpu", ranks, None) == list(range(350))


def test_columns_come_from_the_sample() -> None:
    table = ProcessTable.of(build_update())
    assert table is not None
    assert len(table.pids) == len(table.cores) == 350
    assert TARGET_PID in table.pids
    assert Table.of({"pid": table.pids}).ints("pid")[0] == 1
