"""Samplers on a real tree of processes."""

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.profile import ProfileStatus, StackProfile
from perftui.model.update import Update
from perftui.model.worker_views import WorkerView, workers
from perftui.session import Session, SessionOptions, stacks
from perftui.session.stacks import SPENT_NS, StackFollower
from perftui.session.turns import Setting
from perftui.store.journal import Journal
from tests.profile.children import python_child, samplers_of
from tests.session.test_session import Updates
from tests.session.trees import server

GENEROUS = 0.5
"""A budget in which every worker is looked at often, so that a test is short."""


@contextmanager
def watched(pid: int, journal: Journal, *, seconds: float, budget_ratio: float = GENEROUS) -> Iterator[Updates]:
    options = SessionOptions(interval_seconds=0.5, window_seconds=seconds, profile_budget_ratio=budget_ratio)
    session = Session(Host(), HeldTarget.open(Host(), pid), options, journal)
    updates = Updates()
    session.start(updates, updates.fail)
    try:
        yield updates
    finally:
        session.stop()
        assert updates.fault is None


def sampled(update: Update) -> set[int]:
    return {process.pid for process in update.profile_status.sampled}


def looks(update: Update) -> dict[int, int]:
    return {part.pid: part.looks for part in update.profile.parts} if update.profile else {}


@pytest.mark.parametrize("room", [0, 1])
def test_without_descriptors_there_are_no_stacks_and_nothing_stays_open(
    room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    eventfd = os.eventfd

    def few(value: int, flags: int) -> int:
        if len(made) >= room:
            raise OSError(errno.EMFILE, "Too many open files")
        made.append(eventfd(value, flags))
        return made[-1]

    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    program = "import time; print('up', flush=True); time.sleep(600)"
    with python_child(sys.executable, program) as one, python_child(sys.executable, program) as two:
        host = Host()
        root, other = HeldTarget.open(host, one.pid), HeldTarget.open(host, two.pid)
        before = open_files()
        monkeypatch.setattr(os, "eventfd", few)
        follower = StackFollower(host, root, SessionOptions())
        assert follower.status.state == "unavailable"
        assert not follower._sit(other.process, Setting(20, 0.05))
        assert open_files() == before
        follower.stop()
        root.close()
        other.close()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def running_looks(update: Update) -> dict[int, float]:
    """How often each process was seen while it ran."""
    if update.profile is None:
        return {}
    weights = {part.pid: part.weight for part in update.profile.parts}
    return {pid: on_cpu / weights[pid] for pid, on_cpu in on_cpu_of(update.profile).items() if pid in weights}


def on_cpu_of(profile: StackProfile) -> dict[int, float]:
    found: dict[int, float] = {}
    for row in profile.rows:
        found[row.pid] = found.get(row.pid, 0.0) + row.on_cpu
    return found


def test_every_worker_that_runs_is_sampled_and_those_that_end_are_not(journal: Journal) -> None:
    with server(4, odd=2, pause=0.03) as (root, pids), watched(root, journal, seconds=10) as updates:
        status = updates.wait_for(lambda update: sampled(update) == set(pids), 60).profile_status
        assert status.sampled[0].pid == status.pid
        seen = updates.wait_for(lambda update: set(pids) <= looks(update).keys() and "slow" in functions(update), 60)
        assert (seen.profile_status.cpu_share_ratio or 0) > 0.9
        assert seen.profile_status.state == "ok"
        os.kill(pids[0], signal.SIGKILL)
        updates.wait_for(lambda update: sampled(update) == set(pids[1:]))
    assert not [sampler for pid in (root, *pids) for sampler in samplers_of(pid)]


class Idle:
    """A sampler with nothing to do but hand over its windows."""

    status = ProfileStatus(state="ok")

    def __init__(self, windows: list[StackProfile]) -> None:
        self._windows = windows

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def take(self) -> list[StackProfile]:
        return self._windows


def test_what_it_costs_to_look_at_others_counts_though_nothing_was_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    root, other = os.getpid(), 1
    empty = [
        StackProfile(
            sampler="perf",
            rate_hz=50.0,
            started_ns=0,
            ended_ns=10**9,
            covered_ns=10**9,
            attempts=50,
            sampler_cpu_ns=SPENT_NS // 10,
            pid=pid,
        )
        for pid in (root, other)
    ]
    monkeypatch.setattr(stacks, "sampler_for", lambda *_, **__: Idle(empty))
    held = HeldTarget.open(Host(), root)
    follower = StackFollower(Host(), held, SessionOptions())
    assert follower.take() == empty
    assert follower.status.sampler_cpu_ratio == pytest.approx(0.1)
    follower.stop()
    held.close()


def functions(update: Update) -> set[str]:
    return {frame.function for frame in update.profile.frames} if update.profile else set()


@pytest.mark.alone
def test_two_equal_workers_have_equal_shares_though_one_is_looked_at_more_often(journal: Journal) -> None:
    with server(2, odd=1, pause=0.01) as (root, pids), watched(root, journal, seconds=12, budget_ratio=1.0) as updates:
        updates.wait_for(lambda update: sampled(update) == set(pids), 60)
        before = [cpu_seconds(pid) for pid in pids]
        seen = updates.wait_for(lambda update: all(looks(update).get(pid, 0) > 150 for pid in pids), 60)
        assert seen.profile is not None
        used = [cpu_seconds(pid) - was for pid, was in zip(pids, before, strict=True)]
        rates = sorted(process.rate_hz for process in seen.profile_status.sampled)
        assert rates == [20.0, 100.0]
        shares = [on_cpu_of(seen.profile)[pid] / seen.profile.on_cpu for pid in pids]
        assert shares == pytest.approx([each / sum(used) for each in used], abs=0.08)


def views(update: Update, pids: list[int]) -> list[WorkerView]:
    """Of the workers, once each was seen often enough; none before."""
    if update.profile is None or not all(running_looks(update).get(pid, 0.0) >= 25 for pid in pids):
        return []
    return [view for view in workers(update.profile, update.interval) if view.pid in pids]


@pytest.mark.alone
@pytest.mark.timeout(240)  # on an idle machine it takes 10 s; on a busy one the workers run seldom
@pytest.mark.parametrize("odd", [5, -1])
def test_the_worker_that_does_something_else_is_the_odd_one_and_equal_ones_are_not(odd: int, journal: Journal) -> None:
    with server(8, odd=odd, pause=0.01) as (root, pids), watched(root, journal, seconds=200) as updates:
        seen = views(updates.wait_for(lambda update: bool(views(update, pids)), 200), pids)
    assert [view.pid for view in seen if view.outlier] == ([pids[odd]] if odd >= 0 else [])
    for view in seen:
        assert view.top_function == "spend"
        assert view.cores is not None
        assert view.command
        assert 0 < view.running_ratio < 1
    if odd >= 0:
        (reason,) = [view.reason for view in seen if view.outlier]
        assert "in slow" in reason
