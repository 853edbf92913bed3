"""The sockets of real processes on the loopback: queues, what holds them up, whose traffic it is."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import msgspec
import pytest

from perftui.collect import sockets
from perftui.collect.scope import Scope
from perftui.collect.sockets import KEPT_LOOKS, TRAFFIC, SocketCollector, _Held, _Traffic
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.host.sock_diag import InetSocket
from perftui.host.target import HeldTarget
from perftui.model.process_rates import SocketsUse, SocketUse, socket_use
from perftui.model.process_sections import SocketSection
from perftui.model.target import ProcessId
from tests.collect.held import NO_TARGET, held_child
from tests.collect.nobody import seen_by_nobody
from tests.host.test_target import wait_for

LISTENER = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0), backlog=2)
print(server.getsockname()[1], flush=True)
for line in sys.stdin:
    peer, _ = server.accept()
    print("accepted", flush=True)
"""

SENDER = """
import socket, sys, threading
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
peer, _ = server.accept()
while True:
    peer.sendall(b"x" * 65536)
"""


class Watched:
    """One process looked at again and again."""

    def __init__(self, host: Host, scope: Scope) -> None:
        self.collector = SocketCollector()
        self.host, self.scope = host, scope
        self.first = self.look()

    def look(self) -> SocketSection:
        return self.collector.collect(self.host, self.scope, None)

    def use(self) -> SocketsUse:
        return socket_use(self.first, self.look())


@contextmanager
def server(program: str) -> Iterator[tuple[Watched, int, subprocess.Popen[str]]]:
    """A program whose first line is its port."""
    argv = [sys.executable, "-c", program]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            port = int(child.stdout.readline())
            host = Host()
            held = HeldTarget.open(host, child.pid)
            yield Watched(host, Scope(held, (child.pid,))), port, child
            held.close()
        finally:
            child.kill()


def one(use: SocketsUse, wanted: Callable[[SocketUse], bool]) -> SocketUse:
    return next(entry for entry in use.sockets if wanted(entry))


def test_a_full_accept_queue_is_seen() -> None:
    with server(LISTENER) as (watched, port, _):
        (row,) = range(len(watched.first.sockets))
        assert watched.first.sockets.text("state")[row] == "listen"
        assert watched.first.sockets.ints("local_port")[row] == port
        waiting = []
        try:
            for _ in range(6):
                client = socket.socket()
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", port))
                waiting.append(client)
            wait_for(lambda: (one(watched.use(), lambda use: use.state == "listen").backlog_ratio or 0) >= 1)
            (use,) = watched.use().sockets
            assert use.receive_queue == 3  # the kernel lets one more wait than the backlog says
            assert use.send_queue == 2
            assert use.backlog_ratio == 1.5
            assert use.trouble[1] == "accept queue full"
            assert use.rtt_ms is None
        finally:
            for client in waiting:
                client.close()


def test_a_stalled_receiver_shows_in_the_senders_socket() -> None:
    with server(SENDER) as (watched, port, _), socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        client.connect(("127.0.0.1", port))
        wait_for(lambda: watched.look().total == 2)
        watched.first = watched.look()

        def sending() -> SocketUse:
            return one(watched.use(), lambda use: use.state == "established")

        wait_for(lambda: (sending().rwnd_limited_ratio or 0) > 0.8)
        watched.first = watched.look()  # how it came to a halt is over
        wait_for(lambda: (sending().rwnd_limited_ratio or 0) > 0.8)
        use = sending()
        assert use.trouble[1] == "waits for the receiver"
        assert watched.use().sockets[0].state == "established"  # the one in trouble stands first
        assert use.send_queue > 10_000
        assert (use.sndbuf_limited_ratio or 0) < 0.2
        assert use.remote == f"127.0.0.1:{client.getsockname()[1]}"


def test_traffic_is_the_processs_own_and_outlives_its_sockets() -> None:
    program = """
import socket, sys
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    peer, _ = server.accept()
    with peer:
        peer.sendall(b"y" * len(peer.recv(1 << 20, socket.MSG_WAITALL)))
        sys.stdin.readline()
"""
    with server(program) as (watched, port, child):
        assert child.stdin is not None
        assert list(watched.first.processes.ints("received_bytes_total")) == [0]

        def total(column: str) -> int:
            return watched.look().processes.ints(column)[0]

        def reached(column: str, least: int) -> bool:
            return total(column) >= least

        for at in (1, 2):
            with socket.create_connection(("127.0.0.1", port)) as client:
                client.sendall(b"x" * 300_000)
                client.shutdown(socket.SHUT_WR)
                assert len(client.recv(300_000, socket.MSG_WAITALL)) == 300_000
                wait_for(partial(reached, "acked_bytes_total", at * 300_000))
                assert total("received_bytes_total") >= at * 300_000
            child.stdin.write("\n")
            child.stdin.flush()
            wait_for(lambda: watched.look().total == 1)
        assert 600_000 <= total("received_bytes_total") <= 600_010  # closed sockets are still counted
        use = watched.use()
        assert use.traffic is not None
        assert use.traffic[0].received_bytes_per_s > 0


class Looks:
    """Looks at a process 10 that started at tick 1, a second apart: what it carried in all is returned."""

    def __init__(self) -> None:
        self.traffic = _Traffic()
        self.ticks = 100
        self.process = ProcessId(pid=10, start_ticks=1)

    def __call__(self, listed: dict[int, int], *unlisted: int, sampled: bool = False, hidden: bool = False) -> int:
        """``listed``: bytes by inode. ``unlisted``: inodes that are held and missing in the kernel's list."""
        pid = self.process.pid
        held = _Held(
            dict.fromkeys((*listed, *unlisted), pid),
            {"net": pid},
            {"net": {pid}},
            {pid} if sampled else set(),
            {pid: NoData("hidden")} if hidden else {},
        )
        found = [
            InetSocket("tcp", "established", inode, "a", "b", dict.fromkeys(TRAFFIC, carried))
            for inode, carried in listed.items()
        ]
        self.traffic.count([self.process], found, held, self.ticks)
        self.ticks += 100
        return self.traffic._totals[self.process][0]


OLD = 10**10


def test_a_socket_that_a_look_missed_counts_once() -> None:
    look = Looks()
    assert [look({5: OLD}), look({5: OLD + 100}), look({}, 5), look({5: OLD + 200})] == [0, 100, 100, 200]
    assert [look({}), look({5: OLD + 300})] == [200, 300]  # nor was its descriptor seen
    for _ in range(2 * KEPT_LOOKS):
        assert look({}, 5) == 300
    assert look({5: OLD + 400}) == 400


def test_a_socket_that_the_first_look_missed_begins_to_count_when_it_is_seen() -> None:
    look = Looks()
    assert [look({}, 5), look({5: OLD}), look({5: OLD + 1})] == [0, 0, 1]


def test_a_socket_that_is_new_counts_from_zero() -> None:
    look = Looks()
    assert [look({5: OLD}), look({5: OLD, 6: 70})] == [0, 70]
    look.process = ProcessId(pid=11, start_ticks=250)  # forked after the last look
    assert look({6: 80, 7: 5}) == 15


def test_what_could_not_be_looked_at_is_not_new_when_it_can_be() -> None:
    look = Looks()
    assert [look({}, sampled=True), look({5: OLD}), look({5: OLD + 1})] == [0, 0, 1]
    assert [look({}, hidden=True), look({6: OLD}), look({6: OLD + 1})] == [1, 1, 2]
    look.process = ProcessId(pid=12, start_ticks=3)  # it has been there, and joins the target
    assert [look({7: OLD}), look({7: OLD + 1})] == [0, 1]


def test_a_socket_that_is_long_gone_is_forgotten() -> None:
    look = Looks()
    look({5: OLD})
    for _ in range(KEPT_LOOKS + 1):
        look({})
    assert look.traffic._known == {}


def test_rows_are_bounded_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "MAX_SOCKETS", 5)
    program = """
import socket
held = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(20)]
for each in held: each.bind(("127.0.0.1", 0))
held[7].sendto(b"x" * 500, held[3].getsockname())
server = socket.create_server(("::1", 0), family=socket.AF_INET6)
pair = socket.socketpair()
print("up", flush=True)
input()
"""
    with held_child(program) as (host, held):
        section = SocketCollector().collect(host, Scope(held, (held.process.pid,)), None)
        assert (len(section.sockets), section.total) == (5, 21)
        assert "::1" in section.sockets.text("local_address")  # the listener, and the one with something in its queue
        assert max(section.sockets.ints("receive_queue_bytes")) > 0
        assert list(section.sockets.ints("inode")) == sorted(section.sockets.ints("inode"))
        assert section.unix is not None
        assert (section.unix.text("kind"), list(section.unix.ints("count"))) == (("stream",), [2])
        assert list(section.processes.ints("sockets")) == [21]
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(section), type=SocketSection) == section


@pytest.mark.root
def test_sockets_of_another_network_namespace_are_seen_from_here() -> None:
    program = """
import socket, subprocess
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
server = socket.create_server(("127.0.0.1", 4321))
print("up", flush=True)
input()
"""
    enter = f"import ctypes, os; assert ctypes.CDLL(None).unshare(0x40000000) == 0\n{program}"
    with held_child(enter) as (host, held):
        section = SocketCollector().collect(host, Scope(held, (held.process.pid, os.getpid())), None)
        assert section.sockets.ints("local_port")[0] == 4321
        assert section.hidden == 0
        said = seen_by_nobody("sockets", held.process.pid)
        assert "run as root" in str(said["remedy"])


@pytest.mark.root
def test_without_the_right_it_names_the_remedy() -> None:
    with held_child("print('up', flush=True)\ninput()") as (_, held):
        said = seen_by_nobody("sockets", held.process.pid)
    assert "no permission to read" in str(said["reason"])
    assert "run as root" in str(said["remedy"])


@pytest.mark.root
def test_a_child_that_may_not_be_looked_into_is_counted() -> None:
    program = """
import ctypes, os, socket
os.setgroups([]); os.setgid(65534); os.setuid(65534)
ctypes.CDLL(None).prctl(4, 1)  # PR_SET_DUMPABLE, as after an exec
server = socket.create_server(("127.0.0.1", 0))
print("up", flush=True)
input()
"""
    with held_child(program) as (_, held):
        said = seen_by_nobody("sockets", held.process.pid, os.getpid())
    assert (said["total"], said["hidden"]) == (1, 1)
    assert str(os.getpid()) in str(said["hidden_reason"])
    assert "run as root" in str(said["hidden_remedy"])


def test_no_target_is_no_data() -> None:
    with pytest.raises(NoData):
        SocketCollector().collect(Host(), NO_TARGET, None)


def test_no_descriptor_is_left() -> None:
    with held_child("print('up', flush=True)\ninput()") as (host, held):
        scope = Scope(held, (held.process.pid,))
        for _ in range(2):  # the host keeps what is read for the second time
            SocketCollector().collect(host, scope, None)
        before = len(os.listdir("/proc/self/fd"))
        SocketCollector().collect(host, scope, None)
        assert len(os.listdir("/proc/self/fd")) == before
