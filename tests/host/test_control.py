import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from perftui.errors import NotPermitted, PerftuiError, Refused, TargetEnded
from perftui.host import control
from perftui.host.affinity import affinity
from perftui.host.ioprio import io_priority
from perftui.model.proposal import SetAffinity, SetIoPriority, SetNice, ThreadValue, WriteFile
from perftui.model.target import ProcessId
from tests.tune.support import (
    autogroup_of,
    cpu_cgroup,
    identity,
    nices,
    one_more_thread,
    program,
    set_autogroup,
    set_nice,
    tids,
)

pytestmark = pytest.mark.root


@pytest.fixture
def threaded() -> Iterator[subprocess.Popen[str]]:
    with program(threads=2) as process:
        yield process


def test_nice_reaches_every_thread_and_comes_back(threaded: subprocess.Popen[str]) -> None:
    action = set_nice(threaded.pid)
    assert control.read(action) == "0"
    control.write(action)
    assert nices(threaded.pid) == {-5}
    assert control.restore(action) == control.Restored(3, (), gone=False)
    assert nices(threaded.pid) == {0}


def test_each_thread_gets_its_own_value_back(threaded: subprocess.Popen[str]) -> None:
    other = tids(threaded.pid)[-1]
    os.setpriority(os.PRIO_PROCESS, other, 7)
    action = set_nice(threaded.pid)
    assert {place.current for place in control.places(action)} == {"0", "7"}
    with_other = msgspec.structs.replace(
        action, threads=(*action.threads, ThreadValue(tid=other, start_ticks=start_of(threaded.pid, other), value="7"))
    )
    control.write(with_other)
    assert nices(threaded.pid) == {-5}
    control.restore(with_other)
    assert os.getpriority(os.PRIO_PROCESS, other) == 7
    assert os.getpriority(os.PRIO_PROCESS, threaded.pid) == 0


def start_of(pid: int, tid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{tid}/stat").read_text().rpartition(") ")[2].split()[19])


def test_a_thread_that_started_after_the_write_is_put_back_too(threaded: subprocess.Popen[str]) -> None:
    action = set_nice(threaded.pid)
    control.write(action)
    one_more_thread(threaded)
    assert nices(threaded.pid) == {-5}
    assert control.restore(action).put_back == 4
    assert nices(threaded.pid) == {0}


def test_what_somebody_else_set_is_left_alone(threaded: subprocess.Popen[str]) -> None:
    action = set_nice(threaded.pid)
    control.write(action)
    os.setpriority(os.PRIO_PROCESS, threaded.pid, 3)
    restored = control.restore(action)
    assert restored.foreign == (f"thread {threaded.pid} is 3",)
    assert restored.put_back == 2
    assert os.getpriority(os.PRIO_PROCESS, threaded.pid) == 3


def test_affinity(threaded: subprocess.Popen[str]) -> None:
    process, before = identity(threaded.pid), affinity(threaded.pid)
    action = SetAffinity(before=before, after="0", process=process, threads=())
    control.write(action)
    assert {affinity(tid) for tid in tids(threaded.pid)} == {"0"}
    control.restore(action)
    assert {affinity(tid) for tid in tids(threaded.pid)} == {before}


def test_a_cpu_that_is_not_there_is_refused(threaded: subprocess.Popen[str]) -> None:
    action = SetAffinity(before="0", after="1000", process=identity(threaded.pid), threads=())
    with pytest.raises(Refused, match="did not take"):
        control.write(action)


def test_io_priority(threaded: subprocess.Popen[str]) -> None:
    action = SetIoPriority(before="none", after="be:1", process=identity(threaded.pid), threads=())
    control.write(action)
    assert {io_priority(tid) for tid in tids(threaded.pid)} == {"be:1"}
    control.restore(action)
    assert {io_priority(tid) for tid in tids(threaded.pid)} == {"none"}


def test_autogroup_takes_quick_writes_in_turn(threaded: subprocess.Popen[str]) -> None:
    action = set_autogroup(threaded.pid)
    for _ in range(3):
        control.write(action)
        assert autogroup_of(threaded.pid)[1] == "-10"
        control.restore(action)
        assert autogroup_of(threaded.pid)[1] == "0"


SESSION = """
import subprocess, sys
member = subprocess.Popen(["sleep", "600"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print(member.pid, flush=True)
sys.stdin.read()
"""


def test_a_session_is_put_back_when_the_process_has_ended() -> None:
    """Its other members still carry the value."""
    with subprocess.Popen(
        [sys.executable, "-c", SESSION],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as leader:
        assert leader.stdout is not None
        member = int(leader.stdout.readline())
        try:
            action = set_autogroup(leader.pid)
            control.write(action)
            leader.kill()
            leader.wait()
            assert autogroup_of(member)[1] == "-10"
            assert control.restore(action).put_back == 1
            assert autogroup_of(member)[1] == "0"
        finally:
            leader.kill()
            os.kill(member, signal.SIGKILL)


def test_a_control_group_file() -> None:
    with cpu_cgroup(quota_us=20000) as group:
        file = group / "cpu.cfs_quota_us"
        action = WriteFile(before="20000", after="40000", path=str(file))
        assert control.read(action) == "20000"
        control.write(action)
        assert file.read_text().strip() == "40000"
        control.restore(action)
        assert file.read_text().strip() == "20000"
        with pytest.raises(Refused, match="did not take"):
            control.write(WriteFile(before="20000", after="1", path=str(file)))  # below 1 ms
    assert control.restore(action).gone
    with pytest.raises(TargetEnded):
        control.write(action)


def test_a_control_group_that_is_removed_meanwhile_is_left_out() -> None:
    with cpu_cgroup(quota_us=20000) as group:
        action = WriteFile(before="20000", after="40000", path=str(group / "cpu.cfs_quota_us"))
        (place,) = control.places(action)
    place.put("40000")
    assert control.places(action) == ()


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        (errno.EROFS, NotPermitted, "read-only"),
        (errno.ENODEV, TargetEnded, "is gone"),
        (errno.ENOENT, TargetEnded, "is gone"),
        (errno.EIO, Refused, "did not take '2'"),
    ],
)
def test_the_kernels_refusals_are_explained(number: int, kind: type[PerftuiError], words: str) -> None:
    """Those that no file of this machine gives."""
    action = WriteFile(before="1", after="2", path="/proc/sys/vm/swappiness")
    with pytest.raises(kind, match=words), control._explained(action):
        raise OSError(number, os.strerror(number))


def test_only_kernel_files_are_written(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("1")
    for path in (str(victim), f"/proc/sys/../../{victim}", "/etc/passwd"):
        with pytest.raises(Refused, match="writes only below"):
            control.write(WriteFile(before="1", after="2", path=path))
    assert victim.read_text() == "1"


def test_a_process_that_has_ended_or_was_replaced_is_not_touched(threaded: subprocess.Popen[str]) -> None:
    process = identity(threaded.pid)
    earlier = ProcessId(pid=process.pid, start_ticks=process.start_ticks - 1)
    action = SetNice(before="0", after="-5", process=earlier, threads=())
    assert control.places(action) == ()
    assert control.read(action) == ""
    assert control.restore(action) == control.Restored(0, (), gone=True)
    with pytest.raises(TargetEnded):
        control.write(action)
    assert nices(threaded.pid) == {0}


def test_a_missing_right_is_named(threaded: subprocess.Popen[str]) -> None:
    """In a child that gives up root, because a test process cannot take it back."""
    script = (
        "import os, sys; from perftui.errors import NotPermitted; from perftui.host import control\n"
        "from tests.tune.support import set_nice\n"
        "action = set_nice(int(sys.argv[1])); os.setuid(65534)\n"
        "try: control.write(action)\n"
        "except NotPermitted as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(threaded.pid)], capture_output=True, text=True, check=True)
    assert "CAP_SYS_NICE" in done.stdout
    assert NotPermitted.exit_code == 4
    assert nices(threaded.pid) == {0}
