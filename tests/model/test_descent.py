"""Who descends from a process."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.model.descent import descendants
from perftui.model.sample import ProcessSection
from perftui.model.table import Table


def section(*rows: tuple[int, int, int]) -> ProcessSection:
    """Rows of pid, ppid, start."""
    columns = zip(*rows, strict=True)
    table = Table.of(dict(zip(("pid", "ppid", "start_ticks"), columns, strict=True)))
    return ProcessSection(monotonic_ns=1, processes=table, ticks_per_second=100)


TREE = section((1, 0, 0), (10, 1, 5), (12, 10, 9), (11, 10, 8), (13, 11, 9), (20, 1, 5), (14, 10, 2))


def test_generations_in_order_and_no_child_older_than_its_parent() -> None:
    assert list(descendants(TREE, 10)) == [11, 12, 13]


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20), st.integers(0, 3)), min_size=1, max_size=40))
def test_it_ends_on_any_table(rows: list[tuple[int, int, int]]) -> None:
    """A table read while processes come and go may hold anything, circles included."""
    found = list(descendants(section(*rows), 1))
    assert len(found) == len(set(found))
    assert 1 not in found
