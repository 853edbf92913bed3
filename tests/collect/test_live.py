"""Samples of the running system."""

import os
import threading
from pathlib import Path

import pytest

from perftui.collect import COLLECTORS, HOST_COLLECTORS, SLOW_HOST_COLLECTORS, TARGET_COLLECTORS, live
from perftui.collect.cpu import CpuCollector
from perftui.collect.live import LiveSource
from perftui.collect.processes import ProcessCollector
from perftui.collect.scope import Scope, scope_of
from perftui.host.procfs import Host
from perftui.model.interval import Interval
from perftui.model.sample import CpuSection, Sample
from perftui.model.target import HOST
from tests.collect.fakes import FakeCollector
from tests.collect.held import held_child
from tests.host.test_target import wait_for


def test_every_file_with_a_collector_is_listed_and_tested() -> None:
    folder = Path(__file__).parents[2] / "perftui/collect"
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "scope", "live", "reading", "background"}
    assert {collector.__module__.rpartition(".")[2] for collector in COLLECTORS} == files
    for name in (*files, "scope", "live", "reading", "background"):
        assert (Path(__file__).parent / f"test_{name}.py").exists()
    assert {collector.section for collector in COLLECTORS} <= set(Sample.__struct_fields__)


def test_the_host_alone() -> None:
    source = LiveSource(Host(), None)
    older, newer = source.sample(), source.sample()
    source.close()
    assert older.target == HOST
    assert source.poll() == 0
    names = [status.name for status in newer.collectors]
    assert names[: len(HOST_COLLECTORS)] == [collector.name for collector in HOST_COLLECTORS]
    assert set(names[len(HOST_COLLECTORS) :]) <= {collector.name for collector, _ in SLOW_HOST_COLLECTORS}
    assert {status.state for status in newer.collectors} <= {"ok", "no_data"}
    interval = Interval.between(older, newer)
    assert interval.cpu is not None
    assert interval.process_cores is not None
    assert interval.tree is None


PROGRAM = """
import subprocess, threading
child = subprocess.Popen(["/bin/sleep", "1000"], stdout=subprocess.DEVNULL)
print(child.pid, flush=True)
threading.Thread(target=threading.Event().wait).start()
while True:
    sum(range(1000))
"""


def test_a_target_and_its_children() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with held_child(PROGRAM) as (host, held):
        source = LiveSource(host, held)
        older = source.sample()
        child = 0
        try:
            assert older.tree is not None
            main, child = older.tree.processes.ints("pid")
            assert main == held.process.pid
            for _ in range(4):
                source.poll()
            newer = source.sample()
            states = {status.name: status.state for status in newer.collectors}
            assert {states[collector.name] for collector in TARGET_COLLECTORS} == {"ok"}
            assert "failed" not in states.values()
            assert all(status.cpu_ns > 0 for status in newer.collectors)
            assert newer.waits is not None
            assert newer.waits.polls_total == 4
            assert source.poll() == 1 / 20
            interval = Interval.between(older, newer)
            assert interval.threads is not None
            assert {use.pid for use in interval.threads} == {main, child}
            assert {use.looks for use in interval.threads} == {4}
            os.kill(main, 9)
            wait_for(lambda: held.ended)
            source.poll()
            last = source.sample()
            assert last.cpu is not None
            states = {status.name: status.state for status in last.collectors}
            assert "failed" not in states.values()
        finally:
            if child:
                os.kill(child, 9)
            source.close()
            source.close()
    held.close()
    host.close()
    wait_for(lambda: len(os.listdir("/proc/self/fd")) == before)  # a slow reading may be under way


def test_a_captured_host_without_anything_is_all_no_data(tmp_path: Path) -> None:
    source = LiveSource(Host(tmp_path), None)
    sample = source.sample()
    source.close()
    assert {status.state for status in sample.collectors} == {"no_data"}
    assert all(status.reason for status in sample.collectors)
    status = sample.status("pressure")
    assert status is not None
    assert "psi=1" in status.remedy


def test_a_collector_that_fails_does_not_take_the_others_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: CpuCollector, host: Host, scope: Scope, previous: Sample | None) -> CpuSection:
        raise ZeroDivisionError("planted")

    monkeypatch.setattr(CpuCollector, "collect", broken)
    source = LiveSource(Host(), None)
    sample = source.sample()
    source.close()
    assert sample.cpu is None
    assert sample.memory is not None
    status = sample.status("cpu")
    assert status is not None
    assert (status.state, status.reason) == ("failed", "ZeroDivisionError: planted")


class SlowCollector(FakeCollector):
    """Stands for a section that the sample has, and takes as long as the door stays closed."""

    name = "slow"
    section = "memory"
    door = threading.Event()

    def __init__(self) -> None:
        super().__init__(self.door.wait)


def test_a_slow_collector_holds_up_no_sample_and_rides_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SlowCollector, "door", threading.Event())
    monkeypatch.setattr(live, "HOST_COLLECTORS", (CpuCollector,))
    monkeypatch.setattr(live, "SLOW_HOST_COLLECTORS", ((SlowCollector, 3600.0),))
    source = LiveSource(Host(), None)
    first = source.sample()
    assert first.cpu is not None
    assert first.memory is None
    assert first.status("slow") is None
    SlowCollector.door.set()
    wait_for(lambda: source.sample().memory is not None)
    later, last = source.sample(), source.sample()
    source.close()
    assert later.memory is last.memory
    status = last.status("slow")
    assert status is not None
    assert (status.state, status.period_seconds) == ("ok", 3600.0)


def test_after_a_long_interval_slow_sections_are_read_for_the_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ANSWERS_SECONDS", 10.0)
    monkeypatch.setattr(live, "LONG_INTERVAL_NS", 0)
    monkeypatch.setattr(SlowCollector, "door", threading.Event())
    SlowCollector.door.set()
    monkeypatch.setattr(live, "HOST_COLLECTORS", (CpuCollector,))
    monkeypatch.setattr(live, "SLOW_HOST_COLLECTORS", ((SlowCollector, 1e-9),))
    source = LiveSource(Host(), None)
    for _ in range(3):
        sample = source.sample()
        assert sample.memory is not None
        assert sample.memory.monotonic_ns >= sample.monotonic_ns
    source.close()


def test_the_first_sample_has_the_slow_sections_that_are_there_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ANSWERS_SECONDS", 10.0)
    monkeypatch.setattr(SlowCollector, "door", threading.Event())
    SlowCollector.door.set()
    monkeypatch.setattr(live, "SLOW_TARGET_COLLECTORS", ((SlowCollector, 3600.0),))
    monkeypatch.setattr(live, "HOST_COLLECTORS", (ProcessCollector,))
    with held_child(PROGRAM) as (host, held):
        source = LiveSource(host, held)
        sample = source.sample()
        source.close()
        for pid in scope_of(held, sample.processes).pids[1:]:
            os.kill(pid, 9)
    assert sample.memory is not None
    status = sample.status("slow")
    assert status is not None
    assert status.state == "ok"
