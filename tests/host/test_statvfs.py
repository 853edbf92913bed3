"""Sizes of file systems, and one that hangs."""

import errno
import os
import signal
import time
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host import statvfs
from perftui.host.statvfs import Asker, Refused, Space
from tests.host.fuse import hung_mount
from tests.host.test_target import wait_for

LONG = 30.0


def children() -> set[int]:
    """Children of this process, zombies included."""
    return {int(pid) for task in os.listdir("/proc/self/task")
            for pid in Path(f"/proc/self/task/{task}/children").read_text().split()}  # fmt: skip


def test_it_agrees_with_the_kernel() -> None:
    asker = Asker()
    found = asker.ask(["/", "/proc"], LONG)
    asker.close()
    truth, space = os.statvfs("/"), found["/"]
    assert isinstance(space, Space)
    assert space.total_bytes == truth.f_blocks * truth.f_frsize
    assert space.available_bytes == pytest.approx(truth.f_bavail * truth.f_frsize, rel=0.05)
    assert space.inodes_total == truth.f_files
    assert space.read_only == bool(truth.f_flag & os.ST_RDONLY)
    assert isinstance(found["/proc"], Space)
    assert found["/proc"].total_bytes == 0


def test_what_is_not_there_and_what_is_oddly_named(tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/a\xff b\n-c"
    os.mkdir(odd)
    asker = Asker()
    found = asker.ask([os.fsdecode(odd), "/no/such/place"], LONG)
    asker.close()
    assert isinstance(found[os.fsdecode(odd)], Space)
    assert found["/no/such/place"] == Refused(errno.ENOENT)


def test_nothing_is_asked_for_nothing() -> None:
    before = children()
    assert Asker().ask([], LONG) == {}
    assert children() == before


def test_it_leaves_no_process_and_no_descriptor() -> None:
    fds, before = len(os.listdir("/proc/self/fd")), children()
    asker = Asker()
    asker.ask(["/"], LONG)
    assert children() == before
    asker.close()
    assert len(os.listdir("/proc/self/fd")) == fds


@pytest.mark.root
def test_one_that_hangs_costs_the_others_nothing_and_is_not_asked_again(tmp_path: Path) -> None:
    fds, before = len(os.listdir("/proc/self/fd")), children()
    asker = Asker()
    with hung_mount(tmp_path) as end_server:
        point = str(tmp_path)
        found = asker.ask([point, "/"], 0.5)
        assert found[point] is None
        assert isinstance(found["/"], Space)
        (waiting,) = children() - before

        started = time.monotonic()
        found = asker.ask([point, "/"], LONG)  # it would take that long if it were asked again
        assert time.monotonic() - started < LONG / 2
        assert found[point] is None
        assert isinstance(found["/"], Space)
        assert children() - before == {waiting}

        end_server()
        wait_for(lambda: isinstance(asker.ask([point], 0.5)[point], Refused))
    wait_for(lambda: asker.ask([], 0.5) == {} and children() == before)
    asker.close()
    assert len(os.listdir("/proc/self/fd")) == fds


@pytest.mark.root
def test_when_the_one_that_waits_is_killed_the_mount_is_asked_again(tmp_path: Path) -> None:
    asker = Asker()
    before = children()
    with hung_mount(tmp_path):
        asker.ask([str(tmp_path)], 0.2)
        (waiting,) = children() - before
        os.kill(waiting, signal.SIGKILL)
        wait_for(lambda: asker.ask([str(tmp_path)], 0.2) == {str(tmp_path): None} and waiting not in children())
        (another,) = children() - before
        asker.close()
    wait_for(lambda: Asker().ask([], 0.2) == {} and another not in children())


@pytest.mark.root
def test_leaving_does_not_wait_for_one_that_hangs(tmp_path: Path) -> None:
    asker = Asker()
    before = children()
    with hung_mount(tmp_path):
        assert asker.ask([str(tmp_path)], 0.2) == {str(tmp_path): None}
        (waiting,) = children() - before
        asker.close()
        asker.close()
    wait_for(lambda: Asker().ask([], 0.2) == {} and waiting not in children())


def test_a_child_that_does_not_start_is_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    fds = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr("sys.executable", "/no/such/python")
    with pytest.raises(NoData, match="no process"):
        Asker().ask(["/"], 1)
    monkeypatch.setattr("sys.executable", "/bin/true")
    with pytest.raises(NoData, match="did not start"):
        Asker().ask(["/"], 1)
    assert len(os.listdir("/proc/self/fd")) == fds
    assert statvfs.START_SECONDS > 1


HANGS = """
import posix, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
posix.write(1, b"ready\\n")
posix.read(0, 1)
signal.pause()
"""


def test_what_a_closed_asker_left_hanging_is_not_asked_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGTERM, held back, stands for a kill that the kernel does not deliver while a mount hangs."""
    monkeypatch.setattr(statvfs, "_ASK", HANGS)
    monkeypatch.setattr(signal, "SIGKILL", signal.SIGTERM)
    before = children()
    asker = Asker()
    assert asker.ask(["/hung"], 0) == {"/hung": None}
    asker.close()
    (waiting,) = children() - before
    assert Asker().ask(["/hung"], LONG) == {"/hung": None}
    assert children() - before == {waiting}
    monkeypatch.undo()
    os.kill(waiting, signal.SIGKILL)
    wait_for(lambda: isinstance(Asker().ask(["/hung"], LONG)["/hung"], Refused))
    assert children() == before


@pytest.mark.parametrize(
    ("end", "said"),
    [("raise RuntimeError('no thread')", "exit code 1"), ("import os, signal; os.kill(os.getpid(), 9)", "signal 9")],
)
def test_a_child_that_dies_is_no_hanging_mount(monkeypatch: pytest.MonkeyPatch, end: str, said: str) -> None:
    answer = f"posix.write(1, b'0 {'1 ' * 6}0\\n')"
    monkeypatch.setattr(statvfs, "_ASK", f"import posix\nposix.write(1, b'ready\\n')\n{answer}\n{end}")
    fds, before = len(os.listdir("/proc/self/fd")), children()
    with pytest.raises(NoData, match=f"ended: {said}"):
        Asker().ask(["/", "/proc"], LONG)
    assert children() == before
    assert len(os.listdir("/proc/self/fd")) == fds
