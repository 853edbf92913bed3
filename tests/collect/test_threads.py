"""Threads of a real process, followed from look to look."""

import os
from pathlib import Path

import psutil
import pytest

from perftui.collect import threads
from perftui.collect.scope import Scope
from perftui.collect.threads import ThreadCollector, thread_ids, wait_channel
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET, held_child
from tests.host.test_target import wait_for

PROGRAM = """
import ctypes, threading
done = threading.Event()
def rest():
    ctypes.CDLL(None).prctl(15, b"a) R (\\x1b[", 0, 0, 0)
    print("up", flush=True)
    done.wait()
threading.Thread(target=rest, daemon=True).start()
while True:
    sum(range(1000))
"""


@pytest.mark.parametrize("many", [False, True])
def test_rows_follow_the_threads(many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if many:
        monkeypatch.setattr(threads, "MANY_THREADS", 1)
    with held_child(PROGRAM) as (host, held):
        collector = ThreadCollector()
        scope = Scope(held, (held.process.pid,))
        first = collector.collect(host, scope, None)
        main = list(first.threads.ints("tid")).index(held.process.pid)
        other = 1 - main
        assert first.threads.text("name")[other] == "a) R (^[["
        assert first.threads.ints("start_ticks")[main] == held.process.start_ticks
        assert set(first.threads.ints("pid")) == {held.process.pid}
        assert (first.threads.ints("voluntary_total")[main] == -1) is many

        def grown(column: str, row: int) -> int:
            newer = collector.collect(host, scope, None).threads
            return newer.ints(column)[row] - first.threads.ints(column)[row]

        wait_for(lambda: grown("run_ns_total", main) > 50_000_000)
        wait_for(lambda: grown("user_ticks", main) > 2)
        assert grown("slices_total", main) >= 0
        now = collector.collect(host, scope, None).threads
        kernel = int(Path(f"/proc/{held.process.pid}/task/{held.process.pid}/schedstat").read_text().split()[0])
        assert first.threads.ints("run_ns_total")[main] < now.ints("run_ns_total")[main] <= kernel + 10_000_000
        if not many:
            wait_for(lambda: "futex" in collector.collect(host, scope, None).threads.text("wchan")[other])
        collector.close()


def test_nice_of_a_sleeper_is_seen() -> None:
    with held_child("import time\nprint('up', flush=True)\ntime.sleep(1000)") as (host, held):
        collector = ThreadCollector()
        scope = Scope(held, (held.process.pid,))
        collector.collect(host, scope, None)
        psutil.Process(held.process.pid).nice(7)
        assert list(collector.collect(host, scope, None).threads.ints("nice")) == [7]
        collector.close()


def test_ended_threads_leave_and_their_files_are_closed() -> None:
    program = """
import sys, threading
for _ in range(5):
    threading.Thread(target=sys.stdin.read).start()
print("up", flush=True)
"""
    before = len(os.listdir("/proc/self/fd"))
    collector = ThreadCollector()
    with held_child(program) as (host, held):
        scope = Scope(held, (held.process.pid, 2**22 + 1))
        assert len(collector.collect(host, scope, None).threads) == 6
        os.kill(held.process.pid, 9)
        wait_for(lambda: held.ended)

        def gone() -> bool:
            try:
                return len(collector.collect(host, scope, None).threads) <= 1  # a zombie's main thread is still listed
            except NoData:
                return True

        wait_for(gone)
    collector.close()
    host.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_threads_is_no_data() -> None:
    with pytest.raises(NoData):
        ThreadCollector().collect(Host(), NO_TARGET, None)


def test_the_number_of_threads_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "MAX_THREADS", 1)
    with held_child(PROGRAM) as (host, held):
        listed, skipped = thread_ids(host, (held.process.pid,))
        assert (len(listed), skipped) == (1, 1)


def test_wait_channel() -> None:
    assert wait_channel(b"0") == ""
    assert wait_channel(b"futex_do_wait") == "futex_do_wait"
