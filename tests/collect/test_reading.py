"""What becomes of what a collector raises."""

from perftui.collect.reading import read
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from tests.collect.fakes import FakeCollector
from tests.collect.held import NO_TARGET


def test_a_section_comes_with_what_it_cost() -> None:
    before = monotonic_ns()
    section, status = read(FakeCollector(lambda: sum(range(100_000))), Host(), NO_TARGET, None)
    took = monotonic_ns() - before
    assert section is not None
    assert (status.name, status.state, status.reason) == ("fake", "ok", "")
    assert 0 < status.cpu_ns <= took
    assert 0 < status.wall_ns <= took


def test_no_data_keeps_its_reason_and_its_remedy() -> None:
    def missing() -> None:
        raise NoData("it is switched off", "switch it on")

    section, status = read(FakeCollector(missing), Host(), NO_TARGET, None)
    assert section is None
    assert (status.state, status.reason, status.remedy) == ("no_data", "it is switched off", "switch it on")


def test_a_fault_is_named() -> None:
    def broken() -> None:
        raise ZeroDivisionError("planted")

    section, status = read(FakeCollector(broken), Host(), NO_TARGET, None)
    assert section is None
    assert (status.state, status.reason) == ("failed", "ZeroDivisionError: planted")
