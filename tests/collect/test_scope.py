"""Which processes belong to the target."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.collect.scope import Scope, descendants, living, scope_of
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.sample import ProcessSection
from perftui.model.table import Table
from perftui.model.target import ProcessId, Target
from tests.collect.held import held_child


def section(*rows: tuple[int, int, int]) -> ProcessSection:
    """Rows of pid, ppid, start."""
    columns = zip(*rows, strict=True)
    table = Table.of(dict(zip(("pid", "ppid", "start_ticks"), columns, strict=True)))
    return ProcessSection(monotonic_ns=1, processes=table, ticks_per_second=100)


TREE = section((1, 0, 0), (10, 1, 5), (12, 10, 9), (11, 10, 8), (13, 11, 9), (20, 1, 5), (14, 10, 2))


def held(with_children: bool) -> HeldTarget:
    process = ProcessId(pid=10, start_ticks=5)
    return HeldTarget(-1, -1, Target(kind="process", process=process, with_children=with_children), process)


def test_generations_in_order_and_no_child_older_than_its_parent() -> None:
    assert list(descendants(TREE, 10)) == [11, 12, 13]


def test_scope() -> None:
    assert scope_of(None, TREE) == Scope(None, ())
    assert scope_of(held(True), TREE).pids == (10, 11, 12, 13)
    assert scope_of(held(False), TREE).pids == (10,)
    assert scope_of(held(True), None).pids == (10,)


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 20), st.integers(0, 3)), min_size=1, max_size=40))
def test_it_ends_on_any_table(rows: list[tuple[int, int, int]]) -> None:
    """A table read while processes come and go may hold anything, circles included."""
    found = list(descendants(section(*rows), 1))
    assert len(found) == len(set(found))
    assert 1 not in found


def test_the_living_are_bounded_and_the_main_one_is_first() -> None:
    with held_child("print('up', flush=True)\ninput()") as (host, target):
        main = target.process
        scope = Scope(target, (main.pid, (1 << 22) - 1, os.getpid()))
        found, beyond = living(host, scope, 3)
        assert (found[0], [process.pid for process in found], beyond) == (main, [main.pid, os.getpid()], 0)
        assert living(host, scope, 1) == ([main], 2)


def test_without_a_living_target_there_is_nothing_to_read() -> None:
    with pytest.raises(NoData, match="no process is watched"):
        living(Host(), Scope(None, ()), 3)
    other = Scope(held(True), (os.getpid(),))  # another process has its place
    with pytest.raises(NoData, match="process 10 has ended"):
        living(Host(), other, 3)
