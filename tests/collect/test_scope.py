"""Which processes belong to the target."""

import os

import pytest

from perftui.collect.scope import Scope, living, scope_of
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.target import ProcessId, Target
from tests.collect.held import held_child
from tests.model.test_descent import TREE


def held(with_children: bool) -> HeldTarget:
    process = ProcessId(pid=10, start_ticks=5)
    return HeldTarget(-1, -1, Target(kind="process", process=process, with_children=with_children), process)


def test_scope() -> None:
    assert scope_of(None, TREE) == Scope(None, ())
    assert scope_of(held(True), TREE).pids == (10, 11, 12, 13)
    assert scope_of(held(False), TREE).pids == (10,)
    assert scope_of(held(True), None).pids == (10,)


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
