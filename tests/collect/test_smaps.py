"""Memory maps of a real process, against psutil's own reading of them."""

import os
import subprocess

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.collect import smaps
from perftui.collect.scope import Scope
from perftui.collect.smaps import FIELDS, SmapsCollector, parse_rollup
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET, held_child
from tests.collect.nobody import seen_by_nobody
from tests.host.test_target import wait_for

MIB = 1 << 20
PROGRAM = """
import mmap, os, sys
private = bytearray(os.urandom(1) * (20 << 20))
shared = mmap.mmap(-1, 8 << 20)
shared.write(b"x" * (8 << 20))
if os.fork() == 0:
    shared.seek(0)
    shared.read()
    print("up", flush=True)
    sys.stdin.read()
    os._exit(0)
sys.stdin.read()
"""


def test_it_agrees_with_psutil() -> None:
    with held_child(PROGRAM) as (host, held):
        oracle = psutil.Process(held.process.pid)
        (child,) = oracle.children()
        section = SmapsCollector().collect(host, Scope(held, (held.process.pid, child.pid)), None)
        table = section.processes
        assert list(table.ints("pid")) == [held.process.pid, child.pid]
        for row, process in enumerate((oracle, child)):
            full = process.memory_full_info()
            assert table.ints("rss_bytes")[row] == pytest.approx(full.rss, rel=0.05)
            assert table.ints("pss_bytes")[row] == pytest.approx(full.pss, rel=0.05)
            assert table.ints("private_bytes")[row] == pytest.approx(full.uss, rel=0.05)
            assert table.ints("swap_bytes")[row] == full.swap
        parts = sum(table.ints(f"pss_{kind}_bytes")[0] for kind in ("anonymous", "file", "shmem"))
        assert parts == pytest.approx(table.ints("pss_bytes")[0], rel=0.01)
        assert table.ints("pss_shmem_bytes")[0] == pytest.approx(4 * MIB, rel=0.1)  # half of what two share


def test_locked_memory() -> None:
    program = """
import ctypes, mmap
held = mmap.mmap(-1, 4 << 20)
address = ctypes.addressof(ctypes.c_char.from_buffer(held))
assert ctypes.CDLL(None).mlock(ctypes.c_void_p(address), ctypes.c_size_t(4 << 20)) == 0
print("up", flush=True)
input()
"""
    with held_child(program) as (host, held):
        section = SmapsCollector().collect(host, Scope(held, (held.process.pid,)), None)
        assert section.processes.ints("locked_bytes")[0] == 4 * MIB


def test_the_number_of_processes_and_the_time_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with held_child("print('up', flush=True)\ninput()") as (host, held), subprocess.Popen(["sleep", "1000"]) as other:
        try:
            scope = Scope(held, (held.process.pid, other.pid, (1 << 22) - 1))
            assert SmapsCollector().collect(host, scope, None).skipped == 0
            monkeypatch.setattr(smaps, "MAX_PROCESSES", 2)
            section = SmapsCollector().collect(host, scope, None)
            assert (len(section.processes), section.skipped) == (2, 1)
            monkeypatch.setattr(smaps, "BUDGET_NS", -1)
            assert SmapsCollector().collect(host, scope, None).skipped == 3
        finally:
            other.kill()


def test_no_target_and_an_ended_one_are_no_data() -> None:
    with pytest.raises(NoData):
        SmapsCollector().collect(Host(), NO_TARGET, None)
    with held_child("print('up', flush=True)\ninput()") as (host, held):
        os.kill(held.process.pid, 9)
        wait_for(lambda: held.ended)
        with pytest.raises(NoData):
            SmapsCollector().collect(host, Scope(held, (held.process.pid,)), None)


@pytest.mark.root
def test_without_the_right_it_names_the_remedy() -> None:
    with held_child("print('up', flush=True)\ninput()") as (_, held):
        said = seen_by_nobody("smaps", held.process.pid)
    assert "no permission to read" in str(said["reason"])
    assert "run as root" in str(said["remedy"])


@given(
    st.dictionaries(
        st.sampled_from(sorted({name for names in FIELDS.values() for name in names})), st.integers(0, 1 << 40)
    )
)
def test_a_line_that_is_missing_is_no_zero(lines: dict[bytes, int]) -> None:
    raw = b"".join(b"%s:     %d kB\n" % pair for pair in lines.items())
    for column, size in parse_rollup(b"0-1 ---p 0 00:00 0  [rollup]\n" + raw).items():
        parts = [lines.get(name, -1) for name in FIELDS[column]]
        assert size == (sum(parts) * 1024 if min(parts) >= 0 else -1)
