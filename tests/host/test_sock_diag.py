"""The kernel's list of sockets, against the sockets themselves."""

import os
import socket
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.host.netlink import SOCK_DIAG, Netlink, attribute
from perftui.host.sock_diag import InetSocket, UnixSocket, inet_sockets, parse_inet, unix_sockets
from tests.host.test_target import wait_for


@pytest.fixture
def netlink() -> Iterator[Netlink]:
    with Netlink(SOCK_DIAG) as asked:
        yield asked


def inode(one: socket.socket) -> int:
    return os.fstat(one.fileno()).st_ino


def listed(netlink: Netlink, one: socket.socket) -> InetSocket:
    (found,) = inet_sockets(netlink, {inode(one)})
    return found


def tcp_info_word(one: socket.socket, at: int) -> int:
    """A word of ``struct tcp_info`` by getsockopt, another way than ours."""
    return int(struct.unpack_from("=I", one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 256), at)[0])


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_connection(netlink: Netlink, address: str) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with (
        socket.create_server((address, 0), family=family, backlog=5) as server,
        socket.create_connection(server.getsockname()[:2]) as client,
    ):
        peer, _ = server.accept()
        with peer:
            client.sendall(b"x" * 1000)
            wait_for(lambda: listed(netlink, peer).figures["receive_queue_bytes"] == 1000)
            ours, theirs = listed(netlink, client), listed(netlink, peer)
            assert (ours.protocol, ours.state, ours.local_address, ours.remote_address) == (
                "tcp",
                "established",
                address,
                address,
            )
            assert ours.figures["local_port"] == client.getsockname()[1] == theirs.figures["remote_port"]
            wait_for(lambda: listed(netlink, client).figures["acked_bytes_total"] == 1001)  # the SYN counts as one
            assert theirs.figures["received_bytes_total"] == 1000
            assert listed(netlink, client).figures["rtt_us"] == tcp_info_word(client, 68)
            assert ours.figures["send_buffer_bytes"] == client.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def test_a_listener_and_its_queue(netlink: Netlink) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=3) as server:
        with socket.create_connection(server.getsockname()):
            wait_for(lambda: listed(netlink, server).figures["receive_queue_bytes"] == 1)
        found = listed(netlink, server)
        assert (found.state, found.figures["send_queue_bytes"]) == ("listen", 3)
        assert "rtt_us" not in found.figures


def test_udp_and_what_it_drops(netlink: Netlink) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        receiver.bind(("127.0.0.1", 0))
        sender.connect(receiver.getsockname())
        for _ in range(200):
            sender.send(b"x" * 1000)
        found = listed(netlink, receiver)
        assert (found.protocol, found.state) == ("udp", "unconnected")
        assert found.figures["receive_queue_bytes"] > 0
        assert found.figures["drops_total"] > 100
        assert listed(netlink, sender).state == "established"


def test_unix_sockets(netlink: Netlink) -> None:
    left, right = socket.socketpair()
    with left, right, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0perftui-test-{os.getpid()}")
        server.listen(7)
        right.send(b"x" * 10)
        found = {one.inode: one for one in unix_sockets(netlink, {inode(left), inode(server)}) or ()}
        assert found[inode(left)] == UnixSocket(inode(left), "stream", "established", 10, 0)
        assert found[inode(server)] == UnixSocket(inode(server), "stream", "listen", 0, 7)


def test_nobody_elses_sockets(netlink: Netlink) -> None:
    with socket.create_server(("127.0.0.1", 0)):
        assert inet_sockets(netlink, {1 << 40}) == []
        assert unix_sockets(netlink, {1 << 40}) == []


def message(info: bytes) -> bytes:
    fixed = struct.pack("=BBBB", socket.AF_INET, 1, 0, 0) + bytes(64) + struct.pack("=I", 9)
    return fixed + attribute(2, info)


@given(st.binary(max_size=300))
def test_an_older_kernels_shorter_struct_leaves_gaps(info: bytes) -> None:
    figures = parse_inet(message(info), "tcp").figures
    assert figures["inode"] == 9
    assert ("sndbuf_limited_us_total" in figures) is (len(info) >= 192)
    assert ("retransmits_total" in figures) is (len(info) >= 104)


def test_what_was_never_measured_is_not_zero() -> None:
    figures = parse_inet(message(bytes(148) + b"\xff" * 4 + bytes(48)), "tcp").figures
    assert "rtt_us" not in figures
    assert "min_rtt_us" not in figures
    assert figures["busy_us_total"] == 0
