"""Whose network namespace a process is in; into it, and no further than that."""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host.netns import made_inside, network_namespace, other_net
from perftui.host.procfs import Host
from tests.host.test_target import wait_for


@contextmanager
def sleeper_apart() -> Iterator[int]:
    """A process in a network namespace of its own."""
    with subprocess.Popen(["unshare", "--net", "sleep", "1000"]) as child:
        try:
            own = os.readlink("/proc/self/ns/net")
            wait_for(lambda: os.readlink(f"/proc/{child.pid}/ns/net") != own)
            yield child.pid
        finally:
            child.kill()


def namespaces_of_threads() -> set[str]:
    found = set()
    for tid in os.listdir("/proc/self/task"):
        with suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/self/task/{tid}/ns/net"))
    return found


def interfaces() -> list[str]:
    return [name for _, name in socket.if_nameindex()]


def test_this_process_is_in_its_own() -> None:
    assert other_net(Host(), os.getpid()) is None


def test_another_one(tmp_path: Path) -> None:
    for process, number in (("self", 1), ("7", 2), ("8", 1)):
        (tmp_path / f"proc/{process}/ns").mkdir(parents=True)
        (tmp_path / f"proc/{process}/ns/net").symlink_to(f"net:[{number}]")
    assert other_net(Host(tmp_path), 7) == "/proc/7/net"
    assert other_net(Host(tmp_path), 8) is None


def test_a_process_that_is_gone_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        other_net(Host(tmp_path), 7)


@pytest.mark.root
def test_a_socket_is_made_over_there_and_nobody_stays() -> None:
    host = Host()
    before = len(os.listdir("/proc/self/fd")), threading.active_count()
    with sleeper_apart() as pid:
        own = network_namespace(host, "self")
        assert network_namespace(host, pid) != own
        assert made_inside(host, pid, interfaces) == ["lo"]
        with made_inside(host, pid, socket.socket) as made, pytest.raises(OSError, match="unreachable"):
            made.connect(("127.0.0.1", 1))  # the loopback over there is down
        assert os.readlink("/proc/thread-self/ns/net") == own
        wait_for(lambda: namespaces_of_threads() == {own})
    assert (len(os.listdir("/proc/self/fd")), threading.active_count()) == before


def test_what_fails_over_there_fails_here() -> None:
    def fail() -> None:
        raise LookupError("over there")

    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises((LookupError, NoData)):
        made_inside(Host(), os.getpid(), fail)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.root
def test_without_the_right_it_says_which() -> None:
    child = os.fork()
    if child == 0:
        try:
            os.setuid(65534)
            made_inside(Host(), os.getpid(), lambda: None)
        except NoData as error:
            os._exit(0 if error.remedy.startswith("run as root") else 3)
        except BaseException:
            os._exit(4)
        os._exit(5)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
