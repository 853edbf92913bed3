"""The target's processes and settings, against psutil and the calls that set them."""

import os
import signal
from pathlib import Path

import psutil
import pytest

from perftui.collect.scope import Scope
from perftui.collect.tree import TreeCollector
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.model.sample import TargetSection
from tests.collect.held import NO_TARGET, held_child
from tests.host.test_target import wait_for

PROGRAM = """
import subprocess, sys, threading
held = bytearray(30_000_000)
child = subprocess.Popen(["/bin/sleep", "1000"], stdout=subprocess.DEVNULL)
files = [open("/dev/null") for _ in range(7)]
threading.Thread(target=threading.Event().wait, daemon=True).start()
print(child.pid, flush=True)
try:
    sys.stdin.read()
finally:
    child.kill()
"""


def collected(host: Host, scope: Scope) -> TargetSection:
    return TreeCollector().collect(host, scope, None)


def test_it_agrees_with_psutil() -> None:
    with held_child(PROGRAM) as (host, held):
        oracle = psutil.Process(held.process.pid)
        (child,) = oracle.children()
        try:
            oracle.nice(5)
            oracle.ionice(psutil.IOPRIO_CLASS_BE, 3)
            oracle.cpu_affinity([0])
            section = collected(host, Scope(held, (held.process.pid, child.pid)))
            table = section.processes
            assert list(table.ints("pid")) == [held.process.pid, child.pid]
            assert table.ints("threads")[0] == oracle.num_threads() == 2
            assert table.ints("fds")[0] == oracle.num_fds()
            assert table.ints("rss_bytes")[0] == pytest.approx(oracle.memory_info().rss, rel=0.1)
            assert table.ints("fd_limit")[0] == oracle.rlimit(psutil.RLIMIT_NOFILE)[0]
            assert table.ints("read_syscalls_total")[0] == oracle.io_counters().read_count
            assert table.ints("write_chars_total")[0] == oracle.io_counters().write_chars
            assert table.ints("swap_bytes")[0] >= 0
            assert (section.nice, section.policy, section.io_priority) == (5, "other", "be:3")
            assert (section.cpus_allowed, section.cpus_allowed_count) == ("0", 1)
            assert section.cpus_online == psutil.cpu_count()
            assert section.session == os.getsid(held.process.pid)
            assert section.uid == oracle.uids().effective
            assert section.tracer_pid == 0
            assert section.alive
            assert Path(section.interpreter).name.startswith("python3")
        finally:
            child.kill()


def test_autogroup_is_the_kernels() -> None:
    with held_child("print('up', flush=True)\nimport time; time.sleep(1000)") as (host, held):
        section = collected(host, Scope(held, (held.process.pid,)))
        path = Path(f"/proc/{held.process.pid}/autogroup")
        text = path.read_text().strip() if path.exists() else ""
        expected = f"{section.autogroup} nice {section.autogroup_nice}" if section.autogroup else ""
        assert text == expected
        switch = Path("/proc/sys/kernel/sched_autogroup_enabled")
        assert section.autogroup_enabled == (switch.read_text().strip() == "1" if switch.exists() else None)


def test_a_program_that_is_not_python() -> None:
    program = "import os\nprint('up', flush=True)\nos.execv('/bin/sleep', ['sleep', '1000'])"
    with held_child(program) as (host, held):
        collector = TreeCollector()
        scope = Scope(held, (held.process.pid,))
        wait_for(lambda: collector.collect(host, scope, None).interpreter == "")


def test_a_zombie_is_not_alive_and_a_gone_process_is_no_data() -> None:
    with held_child("print('up', flush=True)\nimport time; time.sleep(1000)") as (host, held):
        scope = Scope(held, (held.process.pid,))
        os.kill(held.process.pid, signal.SIGKILL)
        wait_for(lambda: held.ended)
        section = collected(host, scope)
        assert (section.alive, section.state) == (False, "Z")
    with pytest.raises(NoData, match="has ended"):
        collected(Host(), scope)
    with pytest.raises(NoData):
        collected(Host(), NO_TARGET)


def test_details_that_are_hidden_leave_gaps(tmp_path: Path) -> None:
    """As for another user's process: stat and status can be read, nothing else."""
    with held_child("print('up', flush=True)\nimport time; time.sleep(1000)") as (host, held):
        pid = held.process.pid
        folder = tmp_path / f"proc/{pid}"
        folder.mkdir(parents=True)
        for name in ("stat", "status"):
            (folder / name).write_bytes(host.read(f"/proc/{pid}/{name}"))
        online = tmp_path / "sys/devices/system/cpu"
        online.mkdir(parents=True)
        (online / "online").write_text("0-3\n")
        section = collected(Host(tmp_path), Scope(held, (pid,)))
        row = {name: section.processes.ints(name)[0] for name in section.processes.columns}
        hidden = {name for name, value in row.items() if value == -1}
        assert hidden == {
            "read_bytes_total",
            "write_bytes_total",
            "read_chars_total",
            "write_chars_total",
            "read_syscalls_total",
            "write_syscalls_total",
            "fds",
            "fd_limit",
        }
        assert (section.autogroup, section.autogroup_nice, section.autogroup_enabled) == (None, None, None)
        assert (section.interpreter, section.io_priority, section.cpus_online) == ("", "", 4)
