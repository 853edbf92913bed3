"""A process that becomes the target brings its past with it."""

import math
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from perftui.host.procfs import Host
from perftui.model.sample import ProcessSection, Sample
from perftui.model.table import Table
from perftui.model.target import HOST, ProcessId, Target
from perftui.session import Session, SessionOptions
from perftui.session.past import past_of
from perftui.store.journal import Journal
from perftui.store.tiers import Tiers
from tests.session.tapes import host_sample
from tests.session.test_session import SPIN, Updates
from tests.store.support import SECOND

ROOT = Target(kind="process", process=ProcessId(pid=10, start_ticks=5))
COLUMNS = ("pid", "ppid", "start_ticks", "user_ticks", "system_ticks", "rss_bytes", "threads")


def sample(second: int, *rows: tuple[int, ...]) -> Sample:
    base = host_sample(second, 0)
    table = Table.of({name: [row[at] for row in rows] for at, name in enumerate(COLUMNS)})
    section = ProcessSection(monotonic_ns=base.monotonic_ns, processes=table, ticks_per_second=100)
    return msgspec.structs.replace(base, processes=section)


def tree_at(second: int) -> Sample:
    """A root that uses half a core, a child that uses a quarter, its child that rests, and a stranger."""
    return sample(
        second,
        (10, 1, 5, 50 * second, 0, 1000, 2),
        (11, 10, 6, 20 * second, 5 * second, 500, 1),
        (12, 11, 7, 3, 0, 100, 1),
        (99, 1, 8, 90 * second, 0, 9999, 9),
    )


def test_the_tree_is_summed_up() -> None:
    found = list(past_of(ROOT, [tree_at(second) for second in range(3)]))
    values = {
        "target-cpu": pytest.approx(0.75),
        "target-rss": 1600.0,
        "target-threads": 4.0,
        "target-processes": 3.0,
    }
    assert found == [(tree_at(second).monotonic_ns, values) for second in (1, 2)]


def test_an_orphan_of_an_earlier_process_of_that_pid_is_no_member() -> None:
    """It was there before the root: its parent was another process that had the PID."""
    orphan = (50, 10, 3, 0, 0, 7000, 1)
    ((_, values),) = past_of(ROOT, [sample(at, (10, 1, 5, 0, 0, 1000, 2), orphan) for at in range(2)])
    assert (values["target-rss"], values["target-processes"]) == (1000.0, 1.0)


def test_without_children_it_is_the_process_alone() -> None:
    alone = msgspec.structs.replace(ROOT, with_children=False)
    ((_, values),) = past_of(alone, [tree_at(0), tree_at(1)])
    assert values["target-cpu"] == pytest.approx(0.5)
    assert values["target-processes"] == 1.0


def test_another_process_of_that_pid_is_not_it() -> None:
    other = Target(kind="process", process=ProcessId(pid=10, start_ticks=6))
    assert list(past_of(other, [tree_at(0), tree_at(1)])) == []
    assert list(past_of(HOST, [tree_at(0), tree_at(1)])) == []


def test_a_tick_gets_the_values_of_its_time_only() -> None:
    tiers = Tiers(("a", "b"))
    for second in range(5):
        tiers.append(second * SECOND, second * SECOND, {"a": float(second)})
    tiers.fill([(SECOND + 1000, {"b": 7.0, "unknown": 1.0}), (100 * SECOND, {"b": 9.0}), (-SECOND, {"b": 9.0})])
    latest = tiers.latest(5)
    assert latest["a"] == (0.0, 1.0, 2.0, 3.0, 4.0)
    assert [math.isnan(value) for value in latest["b"]] == [True, False, True, True, True]
    assert latest["b"][1] == 7.0
    assert "unknown" not in latest


def test_the_past_finds_its_tick_after_the_clock_was_set_back() -> None:
    tiers = Tiers(("a", "b"))
    for second in range(6):
        tiers.append((100 + second % 3) * SECOND, second * SECOND, {"a": float(second)})
    tiers.fill([(second * SECOND, {"b": float(second)}) for second in range(6)])
    assert tiers.latest(6)["b"] == tiers.latest(6)["a"]


def test_a_past_that_comes_late_is_not_taken_for_that_of_the_next_target(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = SessionOptions(interval_seconds=0.1, profiling=False, flight_recorder=True)
    journal = Journal(tmp_path / "journal.sqlite")
    session, updates = Session(Host(), None, options, journal), Updates()
    ticks: list[tuple[int, dict[str, float]]] = []

    def late(target: Target) -> list[tuple[int, dict[str, float]]]:
        if target.kind == "process":
            session.select(None)
            return ticks
        return []

    monkeypatch.setattr(session.tape, "past_of", late)
    session.start(updates, updates.fail)
    try:
        seen = updates.wait_for(lambda update: len(update.history.get("cpu", ())) >= 2)
        ticks.append((seen.sample.monotonic_ns, {"target-cpu": 7.0}))
        session.select(os.getpid())
        last = seen.sample.monotonic_ns
        after = updates.wait_for(
            lambda update: update.sample.monotonic_ns > last + SECOND // 2 and update.sample.target == HOST
        )
        assert 7.0 not in after.history.get("target-cpu", ())
    finally:
        session.stop()
        journal.close()


def test_a_process_that_is_picked_shows_its_past(tmp_path: Path) -> None:
    options = SessionOptions(interval_seconds=0.5, profiling=False, flight_recorder=True)
    journal = Journal(tmp_path / "journal.sqlite")
    with subprocess.Popen([sys.executable, "-c", SPIN]) as child:
        session, updates = Session(Host(), None, options, journal), Updates()
        session.start(updates, updates.fail)
        try:
            updates.wait_for(lambda update: len(update.history.get("cpu", ())) >= 5)
            session.select(child.pid)
            seen = updates.wait_for(
                lambda update: (
                    update.sample.target.pid == child.pid
                    and sum(value == value for value in update.history.get("target-cpu", ())) >= 4
                )
            )
            known = [value for value in seen.history["target-cpu"] if value == value]
            assert max(known) > 0.01
        finally:
            session.stop()
            journal.close()
            child.kill()
