"""The process section. The table behind it has tests of its own."""

import os

from perftui.collect.processes import ProcessCollector
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET


def test_this_process_is_in_it_and_files_are_closed() -> None:
    before = len(os.listdir("/proc/self/fd"))
    collector = ProcessCollector()
    collector.close()
    host = Host()
    first = collector.collect(host, NO_TARGET, None)
    again = collector.collect(host, NO_TARGET, None)
    assert os.getpid() in first.processes.ints("pid")
    assert again.monotonic_ns > first.monotonic_ns
    assert first.ticks_per_second == os.sysconf("SC_CLK_TCK")
    collector.close()
    host.close()
    assert len(os.listdir("/proc/self/fd")) == before
