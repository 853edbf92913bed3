"""What threads wait for, on real interpreters."""

import platform
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.collect import waits
from perftui.collect.scope import Scope
from perftui.collect.waits import Decoded, Look, WaitCollector, _Tallies, decode
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.sample import REGIONS, WaitSection
from perftui.model.syscalls import name
from tests.collect.held import NO_TARGET, held_child, python_child
from tests.host.test_target import wait_for

PROGRAM = """
import select, threading, time, os
names = {}
def start(name, target, *args):
    thread = threading.Thread(target=lambda: (names.__setitem__(name, tid()), target(*args)), daemon=True)
    thread.start()
def tid():
    import ctypes
    return ctypes.CDLL(None).syscall(186 if os.uname().machine == "x86_64" else 178)
def spin():
    while True:
        sum(range(1000))
held = threading.Lock()
held.acquire()
def events():
    while True:
        select.epoll().poll(100)
start("sleep", time.sleep, 1000)
start("lock", held.acquire)
start("epoll", events)
start("spin1", spin)
start("spin2", spin)
while len(names) < 5:
    time.sleep(0.01)
print(names, flush=True)
time.sleep(1000)
"""

PYENV = Path.home() / ".pyenv/versions"
INTERPRETERS = [
    "",
    *sorted(str(path) for minor in range(8, 14) for path in PYENV.glob(f"3.{minor}.*/bin/python3.{minor}")),
]
"""The running one (empty), and what else is installed."""


CALLS = ("epoll_wait", "epoll_pwait", "select", "pselect6", "clock_nanosleep")


def rows(section: WaitSection, tid: int) -> list[tuple[str, str, int, int, str]]:
    """(state, call, futex op, timed, region) of what one thread was seen doing."""
    columns = section.looks.rows("tid", "state", "syscall", "futex_op", "timed", "region")
    return [
        (chr(state), name(section.machine, call), op, timed, REGIONS[region])
        for seen, state, call, op, timed, region in columns
        if seen == tid
    ]


@pytest.mark.parametrize("interpreter", INTERPRETERS)
def test_each_kind_of_wait_is_told_apart(interpreter: str) -> None:
    with python_child(PROGRAM, interpreter or sys.executable) as child:
        tids = {int(path.name) for path in Path(f"/proc/{child.pid}/task").iterdir()}
        host = Host()
        held = HeldTarget.open(host, child.pid)
        collector = WaitCollector()
        scope = Scope(held, (child.pid,))
        pause = threading.Event()
        try:
            collector.collect(host, scope, None)

            def complete() -> bool:
                for _ in range(5):
                    collector.poll()
                    pause.wait(0.02)
                section = collector.collect(host, scope, None)
                seen = {tid: rows(section, tid) for tid in tids}

                def having(*signatures: tuple[str, str, int, int, str]) -> set[int]:
                    return {tid for tid in tids if set(seen[tid]) & set(signatures)}

                lock = ("S", "futex", 0x189, 0)
                calling = {call: {tid for tid in tids if call in {row[1] for row in seen[tid]}} for call in CALLS}
                return (
                    len(having(("S", "futex", 0x89, 1, "interpreter"))) >= 2
                    and len(having((*lock, "heap"), (*lock, "anonymous"))) == 1
                    and len(having(("R", "syscall -1", 0, 0, "none"))) >= 1
                    and len(calling["epoll_wait"] | calling["epoll_pwait"]) == 1
                    and len(calling["select"] | calling["pselect6"] | calling["clock_nanosleep"]) == 2
                )

            wait_for(complete, 30)
        finally:
            collector.close()
            held.close()


def test_spans_of_a_healthy_loop_and_of_a_busy_thread() -> None:
    program = """
import select, threading
def spin():
    while True:
        sum(range(1000))
threading.Thread(target=spin, daemon=True).start()
print("up", flush=True)
while True:
    select.epoll().poll(0.005)
"""
    with held_child(program) as (host, held):
        collector = WaitCollector()
        scope = Scope(held, (held.process.pid,))
        collector.collect(host, scope, None)
        pause = threading.Event()

        def counted() -> bool:
            for _ in range(10):
                collector.poll()
                pause.wait(0.02)
            spans = collector.collect(host, scope, None).spans
            columns = ("tid", "looks_total", "waiting_total", "away_long_total", "waits_total")
            by_tid = {tid: rest for tid, *rest in spans.rows(*columns)}
            _, waiting, _, returns = by_tid.pop(held.process.pid)
            ((looks, idle, away, none),) = by_tid.values()
            assert idle == none == 0
            assert away <= looks
            return waiting > 0 and returns > 0 and away > looks / 2

        wait_for(counted, 30)
        collector.close()


def test_counts_only_grow_and_ended_threads_leave() -> None:
    program = """
import sys, threading
thread = threading.Thread(target=sys.stdin.readline)
thread.start()
print("up", flush=True)
thread.join()
threading.Event().wait()
"""
    with python_child(program) as child:
        host = Host()
        held = HeldTarget.open(host, child.pid)
        collector = WaitCollector()
        scope = Scope(held, (child.pid,))
        collector.collect(host, scope, None)
        for _ in range(3):
            collector.poll()
        section = collector.collect(host, scope, None)
        assert section.polls_total == 3
        assert section.machine == platform.machine()
        assert len(section.spans) == 2
        assert sum(section.looks.ints("count")) == sum(section.spans.ints("looks_total")) == 6
        assert child.stdin is not None
        child.stdin.close()
        wait_for(lambda: len(list(Path(f"/proc/{child.pid}/task").iterdir())) == 1)
        collector.poll()
        section = collector.collect(host, scope, None)
        assert set(section.looks.ints("tid")) == set(section.spans.ints("tid")) == {child.pid}
        assert sum(section.looks.ints("count")) == 4
        collector.close()
        held.close()


def test_a_full_table_drops_the_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "MAX_ROWS", 0)
    with held_child("import threading\nprint('up', flush=True)\nthreading.Event().wait()") as (host, held):
        collector = WaitCollector()
        scope = Scope(held, (held.process.pid,))
        collector.collect(host, scope, None)

        def asleep() -> bool:
            collector.poll()
            return "S" in {chr(state) for state in collector.collect(host, scope, None).looks.ints("state")}

        wait_for(asleep)
        assert set(collector.collect(host, scope, None).looks.ints("address")) == {0}
        collector.close()


def test_many_threads_are_polled_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    with held_child("print('up', flush=True)\nimport time; time.sleep(1000)") as (host, held):
        collector = WaitCollector()
        scope = Scope(held, (held.process.pid,))
        collector.collect(host, scope, None)
        assert collector.poll() == 1 / 20
        many = [(held.process.pid, str(held.process.pid))] * 1000
        monkeypatch.setattr(waits, "thread_ids", lambda host, pids: (many, 0))
        collector.collect(host, scope, None)
        # A thread is listed once, however often it is named.
        assert collector.poll() == 1 / 20
        numbered = [(held.process.pid, str(10**7 + at)) for at in range(1000)]
        monkeypatch.setattr(waits, "thread_ids", lambda host, pids: (numbered, 0))
        collector.collect(host, scope, None)
        assert collector.poll() == 1 / 2
        collector.close()


def test_without_a_target_or_rights_there_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        WaitCollector().collect(Host(), NO_TARGET, None)
    with (
        held_child("print('up', flush=True)\nimport time; time.sleep(1000)") as (_, held),
        pytest.raises(NoData, match="has ended"),
    ):
        WaitCollector().collect(Host(tmp_path), Scope(held, (held.process.pid,)), None)


@pytest.mark.parametrize(
    ("line", "machine", "decoded"),
    [
        (b"202 0x7f00 0x189 0x0 0x0 0x0 0xffffffff 0x7ffc 0x7fab\n", "x86_64", (202, 0x189, 0, 0x7F00, False, True)),
        (b"202 0x7f00 0x89 0x0 0x7ffe 0x0 0x0 0x7ffc 0x7fab\n", "x86_64", (202, 0x89, 1, 0x7F00, False, True)),
        (b"98 0x7f00 0x89 0x0 0x7ffe 0x0 0x0 0x7ffc 0x7fab\n", "aarch64", (98, 0x89, 1, 0x7F00, False, True)),
        (b"232 0x3 0x7f 0x10 0xffffffff 0x0 0x0 0x7ffc 0x7f\n", "x86_64", (232, 0, 0, 0, True, True)),
        (b"232 0x3 0x7f 0x10 0x64 0x0 0x0 0x7ffc 0x7f\n", "x86_64", (232, 0, 1, 0, True, True)),
        (b"74 0x3 0x0 0x0 0x0 0x0 0x0 0x7ffc 0x7f\n", "x86_64", (74, 0, 0, 0, False, False)),
        (b"-1 0x7ffc 0x7f\n", "x86_64", (-1, 0, 0, 0, False, False)),
        (b"", "x86_64", (-2, 0, 0, 0, False, False)),
        (b"202 0x7f00 0x89 0x0 0x7ffe 0x0 0x0 0x7ffc 0x7fab\n", "riscv64", (202, 0, 0, 0, False, False)),
    ],
)
def test_decode(line: bytes, machine: str, decoded: tuple[int, int, int, int, bool, bool]) -> None:
    assert decode(line, machine) == Decoded(*decoded)


@given(
    st.integers(0, 600),
    st.lists(st.integers(0, 2**64 - 1), min_size=8, max_size=8),
    st.sampled_from(["x86_64", "aarch64"]),
)
def test_any_call_can_be_decoded(number: int, words: list[int], machine: str) -> None:
    look = decode(f"{number} {' '.join(hex(word) for word in words)}".encode(), machine)
    assert look.syscall == number
    assert (look.address != 0) <= (name(machine, number) == "futex")
    assert look.sleeps or not look.waits_for_events


def test_forgetting_a_thread_touches_only_its_own_counts() -> None:
    tallies = _Tallies()
    for tid in (1, 2):
        for address in range(3):
            tallies.cell(Look(1, tid, ord("S"), 202, address=address))[0] += tid
    kept = tallies._cells[2]

    tallies.forget(1)
    tallies.forget(3)

    assert tallies._cells == {2: kept}
    assert tallies._cells[2] is kept
    assert tallies._rows == 3
    assert [count for _, (count,) in tallies.looks()] == [2, 2, 2]
