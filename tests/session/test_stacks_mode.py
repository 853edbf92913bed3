"""Pauses for each look are agreed for one process, and are not passed on to another."""

import subprocess
from collections.abc import Iterator
from types import SimpleNamespace
from typing import cast

import pytest

from perftui.errors import NoData, Refused
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.interval import Interval
from perftui.model.profile import Mode
from perftui.model.target import ProcessId
from perftui.session import SessionOptions, stacks
from perftui.session.stacks import StackFollower
from tests.host.test_target import wait_for
from tests.session.trees import server

SECOND = 1_000_000_000


@pytest.fixture
def tree() -> Iterator[tuple[HeldTarget, list[ProcessId]]]:
    """A server, held, and its two workers."""
    with server(2) as (root, pids):
        held = HeldTarget.open(Host(), root)
        workers = []
        for pid in pids:
            worker = HeldTarget.open(Host(), pid)
            workers.append(worker.process)
            worker.close()
        yield held, workers
        held.close()


class Ticks:
    """A follower that is told what CPU the processes use."""

    def __init__(self, held: HeldTarget, monkeypatch: pytest.MonkeyPatch) -> None:
        self.follower = StackFollower(Host(), held, SessionOptions())
        self.now_ns = 0
        self._cores: dict[ProcessId, float] = {}
        monkeypatch.setattr(stacks, "_tree_cores", lambda _: self._cores)

    def sampled(self) -> tuple[int, Mode]:
        """Who is looked at first, and how, once there are stacks of it."""
        wait_for(lambda: self.follower.status.state == "ok")
        return self.follower.status.pid, self.follower.status.mode

    def busy(self, cores: dict[ProcessId, float], ticks: int = 8) -> None:
        self._cores = cores
        for _ in range(ticks):
            self.now_ns += SECOND
            self.follower.follow(cast(Interval, SimpleNamespace(newer=SimpleNamespace(monotonic_ns=self.now_ns))))


def test_exact_looks_end_when_another_process_is_the_busiest(
    tree: tuple[HeldTarget, list[ProcessId]], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, (one, two) = tree
    ticks = Ticks(held, monkeypatch)
    try:
        ticks.busy({held.process: 0.0, one: 1.0, two: 0.0})
        ticks.follower.switch("exact", one.pid)
        wait_for(lambda: ticks.follower.status.mode == "exact")
        ticks.busy({held.process: 0.0, one: 1.0, two: 0.9})  # the other one comes: the first one's sampler is another
        assert ticks.sampled() == (one.pid, "exact")
        ticks.busy({held.process: 0.0, one: 0.1, two: 1.0})
        assert ticks.sampled() == (two.pid, "nonblocking")
        ticks.busy({held.process: 0.0, one: 1.0, two: 0.1})
        assert ticks.sampled() == (one.pid, "nonblocking")
    finally:
        ticks.follower.stop()


def test_what_was_agreed_for_one_process_is_refused_for_another(
    tree: tuple[HeldTarget, list[ProcessId]], monkeypatch: pytest.MonkeyPatch
) -> None:
    held, (one, two) = tree
    ticks = Ticks(held, monkeypatch)
    try:
        ticks.busy({held.process: 0.0, one: 1.0, two: 0.0})
        with pytest.raises(Refused, match=f"process {one.pid} is the busiest by now, not {two.pid}"):
            ticks.follower.switch("exact", two.pid)
        assert ticks.follower.status.mode == "nonblocking"
    finally:
        ticks.follower.stop()


def test_a_process_that_py_spy_does_not_sample_has_no_other_way() -> None:
    process = subprocess.Popen(["sleep", "600"])
    held = HeldTarget.open(Host(), process.pid)
    follower = StackFollower(Host(), held, SessionOptions())
    try:
        with pytest.raises(NoData, match="perf"):
            follower.switch("exact", process.pid)
    finally:
        follower.stop()
        held.close()
        process.kill()
        process.wait()
