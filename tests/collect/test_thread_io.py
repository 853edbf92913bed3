"""I/O of each thread of a real process."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.collect import thread_io
from perftui.collect.scope import Scope
from perftui.collect.thread_io import ThreadIoCollector, parse_io
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET, held_child
from tests.collect.nobody import seen_by_nobody
from tests.host.test_target import wait_for

PROGRAM = """
import threading
done = threading.Event()
def write():
    with open("/dev/null", "wb", buffering=0) as sink:
        for _ in range(100):
            sink.write(bytes(10_000))
    print(threading.get_native_id(), flush=True)
    done.wait()
threading.Thread(target=write, daemon=True).start()
done.wait()
"""


def test_the_thread_that_wrote_is_known() -> None:
    with held_child(PROGRAM) as (host, held):
        section = ThreadIoCollector().collect(host, Scope(held, (held.process.pid, (1 << 22) - 1)), None)
        table = section.threads
        (writer,) = [row for row, tid in enumerate(table.ints("tid")) if tid != held.process.pid]
        assert table.ints("write_chars_total")[writer] >= 1_000_000
        assert table.ints("write_syscalls_total")[writer] >= 100
        assert table.ints("write_chars_total")[1 - writer] < 1_000_000
        path = Path(f"/proc/{held.process.pid}/task/{table.ints('tid')[writer]}/io")
        kernel = dict(line.split(": ") for line in path.read_text().splitlines())
        assert table.ints("write_chars_total")[writer] == int(kernel["wchar"])
        assert table.ints("write_bytes_total")[writer] == int(kernel["write_bytes"])


def test_the_number_of_threads_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_io, "MAX_THREADS", 1)
    with held_child(PROGRAM) as (host, held):
        section = ThreadIoCollector().collect(host, Scope(held, (held.process.pid,)), None)
        assert (len(section.threads), section.skipped) == (1, 1)


@pytest.mark.root
def test_without_the_right_it_names_the_remedy() -> None:
    with held_child(PROGRAM) as (_, held):
        said = seen_by_nobody("thread-io", held.process.pid)
    assert "no permission to read" in str(said["reason"])
    assert "run as root" in str(said["remedy"])


def test_no_target_and_an_ended_one_are_no_data() -> None:
    with pytest.raises(NoData):
        ThreadIoCollector().collect(Host(), NO_TARGET, None)
    with held_child(PROGRAM) as (host, held):
        os.kill(held.process.pid, 9)
        wait_for(lambda: not Path(f"/proc/{held.process.pid}/stat").exists() or held.ended)
    with pytest.raises(NoData):
        ThreadIoCollector().collect(host, Scope(held, (held.process.pid,)), None)


@given(st.lists(st.integers(0, 1 << 63), min_size=6, max_size=7))
def test_the_numbers_of_the_file(numbers: list[int]) -> None:
    names = ("rchar", "wchar", "syscr", "syscw", "read_bytes", "write_bytes", "cancelled_write_bytes")
    raw = "".join(f"{name}: {number}\n" for name, number in zip(names, numbers, strict=False))
    assert parse_io(raw.encode()) == tuple(numbers[:6])


def test_half_a_file_is_none() -> None:
    with pytest.raises(ValueError, match="not a whole io file"):
        parse_io(b"rchar: 5\nwchar: 6\n")
