"""Links of real descriptors."""

import os
import socket
import tempfile
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host.descriptors import descriptors, socket_inode, status_of
from perftui.host.procfs import Host
from tests.collect.held import python_child


def test_every_descriptor_is_there() -> None:
    reading, writing = os.pipe()
    with socket.socket() as one, tempfile.TemporaryFile() as file:
        file.write(b"x" * 8192)
        file.flush()
        found = descriptors(Host(), os.getpid())
        links = dict(found.links)
        assert links[reading] == links[writing] == os.readlink(f"/proc/self/fd/{reading}")
        assert socket_inode(links[one.fileno()]) == os.fstat(one.fileno()).st_ino
        assert links[file.fileno()].endswith(" (deleted)")
        assert found.open == len(found.links)
        status = status_of(Host(), os.getpid(), file.fileno())
        assert status is not None
        assert (status.st_nlink, status.st_ino) == (0, os.fstat(file.fileno()).st_ino)
    os.close(reading)
    os.close(writing)
    assert status_of(Host(), os.getpid(), 1_000_000) is None


def test_of_too_many_a_part_is_looked_at() -> None:
    program = "files = [open('/dev/null') for _ in range(100)]\nprint('up', flush=True)\nimport time; time.sleep(1000)"
    with python_child(program) as child:
        found = descriptors(Host(), child.pid, 20)
        assert 10 <= len(found.links) <= 20
        assert found.open >= 103
        assert max(number for number, _ in found.links) > 80  # spread over all


def test_an_ended_process_is_no_data() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(NoData):
        descriptors(Host(), (1 << 22) - 1)
    assert status_of(Host(), (1 << 22) - 1, 0) is None
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_captured_tree(tmp_path: Path) -> None:
    folder = tmp_path / "proc/7/fd"
    folder.mkdir(parents=True)
    (folder / "0").symlink_to("socket:[12]")
    assert descriptors(Host(tmp_path), 7) == descriptors(Host(tmp_path), 7, 1) == ([(0, "socket:[12]")], 1)


@pytest.mark.parametrize(("link", "inode"), [("socket:[4711]", 4711), ("/tmp/socket:[1]", 0), ("pipe:[3]", 0), ("", 0)])
def test_socket_inode(link: str, inode: int) -> None:
    assert socket_inode(link) == inode
