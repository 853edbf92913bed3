"""Real processes and proposals for the tests of the tuner."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from perftui.host import pidfd
from perftui.model.proposal import AnyAction, Proposal, SetAutogroup, SetNice, ThreadValue, proposal_id
from perftui.model.target import ProcessId

CPU_CGROUPS = Path("/sys/fs/cgroup/cpu")

THREADED = """
import sys, threading, time
def wait(): time.sleep(3600)
for _ in range(int(sys.argv[1])): threading.Thread(target=wait, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:  # one more thread for each line
    threading.Thread(target=wait, daemon=True).start()
    print("ready", flush=True)
"""


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.01)


@contextmanager
def program(threads: int = 0) -> Iterator[subprocess.Popen[str]]:
    """A process in a session of its own that does nothing in ``threads`` + 1 threads."""
    process = subprocess.Popen(
        [sys.executable, "-c", THREADED, str(threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def one_more_thread(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "ready\n"


@contextmanager
def cpu_cgroup(quota_us: int = -1) -> Iterator[Path]:
    """A control group of the v1 cpu controller; whoever is in it goes back to the root at the end."""
    folder = CPU_CGROUPS / f"perftui-test-{os.getpid()}"
    folder.mkdir()
    try:
        (folder / "cpu.cfs_quota_us").write_text(str(quota_us))
        yield folder
    finally:
        for pid in (folder / "cgroup.procs").read_text().split():
            (CPU_CGROUPS / "cgroup.procs").write_text(pid)
        wait_for(lambda: _removed(folder), f"{folder} is removed")


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except OSError:
        return False
    return True


def identity(pid: int) -> ProcessId:
    found = pidfd.process_id(pid)
    assert found is not None
    return found


def tids(pid: int) -> list[int]:
    return sorted(int(name) for name in os.listdir(f"/proc/{pid}/task"))


def nices(pid: int) -> set[int]:
    """The nice values of all its threads."""
    return {os.getpriority(os.PRIO_PROCESS, tid) for tid in tids(pid)}


def autogroup_of(pid: int) -> tuple[str, str]:
    group, _, nice = Path(f"/proc/{pid}/autogroup").read_text().split()
    return group, nice


def set_nice(pid: int, after: str = "-5", before: str = "0") -> SetNice:
    process = identity(pid)
    main = ThreadValue(tid=pid, start_ticks=process.start_ticks, value=before)
    return SetNice(before=before, after=after, process=process, threads=(main,))


def set_autogroup(pid: int, after: str = "-10", before: str = "0") -> SetAutogroup:
    return SetAutogroup(before=before, after=after, process=identity(pid), group=autogroup_of(pid)[0])


def proposal_of(
    action: AnyAction | None, *, knob: str = "process.nice", subject: str = "", permitted: bool = True
) -> Proposal:
    before, after = (action.before, action.after) if action else ("", "")
    return Proposal(
        id=proposal_id(None, knob, subject, before, after),
        knob=knob,
        subject=subject,
        finding="neighbour-cpu",
        before=before,
        after=after,
        command="",
        undo_command="",
        privilege="CAP_SYS_NICE",
        permitted=permitted,
        risk="low",
        reversible=True,
        settle_seconds=0.0,
        expected_effect="",
        action=action,
    )
