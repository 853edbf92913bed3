"""The table follows processes as they come, change and go."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from perftui.host import process_table
from perftui.host.process_table import COLUMNS, ProcessTable
from perftui.host.procfs import Host
from perftui.model.table import Table
from tests.host.test_target import wait_for


def row_of(table: Table, pid: int) -> dict[str, int | str]:
    at = list(table.ints("pid")).index(pid)
    row: dict[str, int | str] = {name: table.ints(name)[at] for name in COLUMNS}
    return row | {name: table.text(name)[at] for name in ("name", "command")}


def test_agrees_with_psutil() -> None:
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        processes = ProcessTable(Host())
        try:
            oracle = psutil.Process(child.pid)
            wait_for(lambda: oracle.cmdline() == ["/bin/sleep", "1000"])
            # The kernel keeps a part of this count per CPU and leaves it out of the stat file.
            slack = 64 * (os.cpu_count() or 1) * os.sysconf("SC_PAGE_SIZE")

            def settled() -> bool:
                """It has done its loading and sleeps, and both sources agree on its memory."""
                seen = row_of(processes.scan(), child.pid)
                near = abs(int(seen["rss_bytes"]) - oracle.memory_info().rss) <= slack
                return near and chr(int(seen["state"])) == "S"

            wait_for(settled)
            row = row_of(processes.scan(), child.pid)
            assert row["ppid"] == os.getpid()
            assert row["name"] == oracle.name()
            assert row["command"] == "/bin/sleep 1000"
            assert row["uid"] == oracle.uids().effective
            assert row["nice"] == oracle.nice()
            assert row["threads"] == 1
            assert row["session"] == os.getsid(child.pid)
        finally:
            processes.close()
            child.kill()


def test_it_sees_what_the_listing_sees() -> None:
    processes = ProcessTable(Host())
    before = set(psutil.pids())
    seen = set(processes.scan().ints("pid"))
    after = set(psutil.pids())
    processes.close()
    assert before & after <= seen
    assert os.getpid() in seen


def test_a_process_comes_and_goes() -> None:
    processes = ProcessTable(Host())
    processes.scan()
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        try:
            assert child.pid in processes.scan().ints("pid")
        finally:
            child.kill()
    table = processes.scan()
    assert child.pid not in table.ints("pid")
    assert all(len(table.ints(name)) == len(table) for name in COLUMNS)
    assert len(table.text("name")) == len(table.text("command")) == len(table)
    processes.close()


def test_rows_stay_whole_when_others_leave() -> None:
    """Removing a row moves another one: each must keep its own values."""
    children = [subprocess.Popen(["/bin/sleep", f"{1000 + at}"]) for at in range(12)]
    processes = ProcessTable(Host())
    try:
        for child in children:
            wait_for(lambda: psutil.Process(child.pid).name() == "sleep")  # noqa: B023 (called at once)
        processes.scan()
        for child in children[::3]:
            child.kill()
            child.wait()
        table = processes.scan()
        for at, child in enumerate(children):
            if at % 3:
                row = row_of(table, child.pid)
                assert row["command"] == f"/bin/sleep {1000 + at}"
                start = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[19]
                assert row["start_ticks"] == int(start)
    finally:
        processes.close()
        for child in children:
            child.kill()
            child.wait()


def test_an_executed_program_renames_the_row() -> None:
    argv = [sys.executable, "-c", "import os, sys; sys.stdin.read(1); os.execv('/bin/sleep', ['sleep', '999'])"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as child:
        processes = ProcessTable(Host())
        try:
            wait_for(lambda: "execv" in str(row_of(processes.scan(), child.pid)["command"]))
            assert child.stdin is not None
            child.stdin.close()
            # The kernel shows the name before the command line; scans are further apart than that, here too.
            wait_for(lambda: Path(f"/proc/{child.pid}/cmdline").read_bytes() == b"sleep\x00999\x00")
            row = row_of(processes.scan(), child.pid)
            assert (row["name"], row["command"]) == ("sleep", "sleep 999")
        finally:
            processes.close()
            child.kill()


HOSTILE = """
import ctypes, signal
ctypes.CDLL(None).prctl(15, b"[red]) R (\\x1b]0;", 0, 0, 0)
print("up", flush=True)
signal.pause()
"""


def test_hostile_names_and_long_command_lines() -> None:
    argv = [sys.executable, "-c", HOSTILE, "\x1b]0;pwn\x07", "x" * 100_000]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as child:
        processes = ProcessTable(Host())
        try:
            assert child.stdout is not None
            child.stdout.readline()
            row = row_of(processes.scan(), child.pid)
            assert row["name"] == "[red]) R (^[]0;"
            assert row["ppid"] == os.getpid()
            assert len(str(row["command"])) <= 512
            assert str(row["command"]).isprintable()
        finally:
            processes.close()
            child.kill()


def test_kernel_threads_are_in_brackets() -> None:
    processes = ProcessTable(Host())
    table = processes.scan()
    processes.close()
    kernel = [at for at, (pid, ppid) in enumerate(table.rows("pid", "ppid")) if 2 in (pid, ppid)]
    for at in kernel:  # none inside a container
        assert table.text("command")[at] == f"[{table.text('name')[at]}]"


def test_newcomers_are_found_without_a_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    processes = ProcessTable(Host())
    processes.scan()
    monkeypatch.setattr(Host, "names", lambda *_: pytest.fail("/proc was listed"))
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        try:
            assert child.pid in processes.scan().ints("pid")
            # A thread's number can be opened in /proc as well, but it is no process.
            thread = threading.Thread(target=subprocess.run, args=(["/bin/sleep", "0.1"],), kwargs={"check": False})
            thread.start()
            pids = processes.scan().ints("pid")
            assert thread.native_id not in pids
            thread.join()
            assert os.getpid() in processes.scan().ints("pid")
        finally:
            child.kill()
    assert child.pid not in processes.scan().ints("pid")
    processes.close()


def test_all_are_listed_where_many_pids_were_given_and_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_table, "_FEW_PIDS", 0)
    monkeypatch.setattr(process_table, "_LISTED_SCANS", 3)
    listed: list[str] = []
    names = Host.names

    def listing(self: Host, path: str) -> list[str]:
        listed.append(path)
        return names(self, path)

    monkeypatch.setattr(Host, "names", listing)
    processes = ProcessTable(Host())
    processes.scan()
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        try:
            assert child.pid in processes.scan().ints("pid")
            assert len(listed) == 2
            for _ in range(3):
                processes.scan()
            assert len(listed) >= 3
        finally:
            child.kill()
    processes.close()


@pytest.mark.parametrize("kept", [0, 3])
def test_it_works_without_kept_descriptors(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.host.procfs._raised_fd_limit", lambda: 256 + kept)
    before = len(os.listdir("/proc/self/fd"))
    processes = ProcessTable(Host())
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        try:
            assert child.pid in processes.scan().ints("pid")
            assert len(os.listdir("/proc/self/fd")) <= before + kept
            assert child.pid in processes.scan().ints("pid")
        finally:
            child.kill()
    assert child.pid not in processes.scan().ints("pid")
    processes.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_only_changed_lines_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    original: Callable[[ProcessTable, int, bytes], None] = ProcessTable._parse

    def counting(self: ProcessTable, row: int, raw: bytes) -> None:
        parsed.append(row)
        original(self, row, raw)

    monkeypatch.setattr(ProcessTable, "_parse", counting)
    processes = ProcessTable(Host())
    total = len(processes.scan())
    assert len(parsed) == total
    parsed.clear()
    processes.scan()
    processes.close()
    assert len(parsed) < total


def test_what_others_do_to_a_sleeper_is_seen_in_turn() -> None:
    """It does not run, so its clock stands still; its stat file is read once in eight scans all the same."""
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        processes = ProcessTable(Host())
        try:
            wait_for(lambda: row_of(processes.scan(), child.pid)["command"] == "/bin/sleep 1000")
            os.setpriority(os.PRIO_PROCESS, child.pid, 7)
            seen = [row_of(processes.scan(), child.pid)["nice"] for _ in range(8)]
            assert seen[-1] == 7
        finally:
            processes.close()
            child.kill()


def test_a_table_without_clocks_agrees(monkeypatch: pytest.MonkeyPatch) -> None:
    """In another PID namespace than ``/proc`` the numbers mean other processes: each file is read."""
    monkeypatch.setattr(Host, "has_clocks", False)
    with subprocess.Popen(["/bin/sleep", "1000"]) as child:
        processes = ProcessTable(Host())
        try:
            wait_for(lambda: row_of(processes.scan(), child.pid)["command"] == "/bin/sleep 1000")
            os.setpriority(os.PRIO_PROCESS, child.pid, 7)
            assert row_of(processes.scan(), child.pid)["nice"] == 7
        finally:
            processes.close()
            child.kill()


def test_a_kernel_thread_is_called_by_what_it_does_just_now(tmp_path: Path) -> None:
    """And nothing but its stat file is read again, as its name changes all the time."""
    folder = tmp_path / "proc/31"
    folder.mkdir(parents=True)
    fields = "2 0 0 0 -1 69238880 0 0 0 0 0 5 0 0 20 0 1 0 100 0 0 18446744073709551615" + " 0" * 13 + " 1 0 0 0 0 0"
    (folder / "cmdline").write_bytes(b"")
    processes = ProcessTable(Host(tmp_path))
    for doing in ("kworker/0:2-events", "kworker/0:2-mm_percpu_wq"):
        (folder / "stat").write_text(f"31 ({doing}) I {fields}\n")
        row = row_of(processes.scan(), 31)
        assert (row["name"], row["command"]) == (doing, f"[{doing}]")
        (folder / "cmdline").write_bytes(b"a program's\0")
    processes.close()
