"""Protocol counters against sockets that move them, and namespaces that are not ours."""

import os
import socket
import time
from pathlib import Path

import psutil
import pytest

from perftui.collect.protocols import ProtocolCollector, parse_snmp, parse_snmp6, parse_sockstat
from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.model.host_sections import NetCounters, ProtocolSection
from tests.collect.held import NO_TARGET, held_child
from tests.collect.secluded import secluded
from tests.collect.trees import net_files, virtual_machine, write

PROGRAM = "import time\nprint('up', flush=True)\ntime.sleep(1000)"


def collected(host: Host, scope: Scope = NO_TARGET) -> ProtocolSection:
    collector = ProtocolCollector()
    try:
        return collector.collect(host, scope, None)
    finally:
        collector.close()


def risen(older: NetCounters, newer: NetCounters, field: str) -> int:
    before, after = getattr(older, field), getattr(newer, field)
    assert before is not None
    assert after is not None
    return int(after - before)


def test_connections_and_datagrams_are_counted() -> None:
    before = collected(Host()).host
    with socket.create_server(("127.0.0.1", 0)) as server:
        clients = [socket.create_connection(server.getsockname()) for _ in range(5)]
        accepted = [server.accept()[0] for _ in clients]
        during = collected(Host()).host
        for each in (*clients, *accepted):
            each.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, socket.socket(type=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        for _ in range(7):
            sender.sendto(b"x", receiver.getsockname())
    after = collected(Host()).host
    assert risen(before, after, "tcp_active_opens_total") >= 5
    assert risen(before, after, "tcp_passive_opens_total") >= 5
    assert risen(before, after, "tcp_out_segments_total") >= 15
    assert risen(before, after, "udp_out_datagrams_total") >= 7
    assert during.tcp_established is not None
    assert during.tcp_established >= 10


def test_a_full_accept_queue_shows_as_overflows() -> None:
    before = collected(Host()).host
    waiting: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=1) as server:
        for _ in range(6):
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(server.getsockname())
            waiting.append(client)
        until = time.monotonic() + 10
        while (after := collected(Host()).host) and risen(before, after, "tcp_listen_overflows_total") == 0:
            assert time.monotonic() < until, "no overflow was counted"
            time.sleep(0.05)
        for client in waiting:
            client.close()
    assert risen(before, after, "tcp_listen_drops_total") >= 1


def test_a_socket_that_nobody_reads_loses_datagrams() -> None:
    before = collected(Host()).host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, socket.socket(type=socket.SOCK_DGRAM) as sender:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        receiver.bind(("127.0.0.1", 0))
        for _ in range(200):
            sender.sendto(b"x" * 1000, receiver.getsockname())
    assert risen(before, collected(Host()).host, "udp_receive_buffer_errors_total") >= 100


def test_sockets_in_use_agree_with_psutil() -> None:
    with socket.create_server(("127.0.0.1", 0)):
        section = collected(Host()).host
        oracle = [each for each in psutil.net_connections("tcp") if each.status not in ("TIME_WAIT", "NONE")]
    assert section.tcp_sockets is not None
    assert abs(section.tcp_sockets - len(oracle)) <= 5
    assert section.sockets_used is not None
    assert section.sockets_used > 0


def test_a_captured_machine(tmp_path: Path) -> None:
    virtual_machine(tmp_path)
    write(
        tmp_path, {f"/proc/sys/net/netfilter/nf_conntrack_{name}": f"{n}\n" for name, n in (("count", 5), ("max", 9))}
    )
    section = collected(Host(tmp_path))
    found = section.host
    assert (found.tcp_active_opens_total, found.tcp_passive_opens_total, found.tcp_attempt_fails_total) == (10, 20, 30)
    assert (found.tcp_resets_total, found.tcp_established, found.tcp_in_segments_total) == (40, 50, 60)
    assert (found.tcp_out_segments_total, found.tcp_retransmits_total, found.tcp_in_errors_total) == (70, 80, 90)
    assert (found.tcp_resets_sent_total, found.tcp_listen_overflows_total, found.tcp_listen_drops_total) == (
        100,
        13,
        14,
    )
    assert (found.tcp_timeouts_total, found.tcp_request_queue_drops_total) == (15, 16)
    assert (found.tcp_receive_queue_drops_total, found.tcp_syncookies_sent_total, found.tcp_pruned_total) == (
        17,
        11,
        12,
    )
    assert (found.udp_in_datagrams_total, found.udp_no_ports_total, found.udp_in_errors_total) == (101, 2, 3)
    assert (found.udp_receive_buffer_errors_total, found.udp_send_buffer_errors_total) == (5, 6)
    assert (found.ip_in_discards_total, found.ip_out_discards_total, found.ip_no_routes_total) == (8, 2, 3)
    assert (found.sockets_used, found.tcp_sockets, found.tcp_orphan_sockets, found.tcp_time_wait_sockets) == (
        300,
        16,
        1,
        5,
    )
    assert (found.tcp_buffer_pages, found.udp_sockets, found.udp_buffer_pages) == (3, 3, 1)
    assert found.tcp_backlog_drops_total is None
    assert (section.conntrack_count, section.conntrack_max) == (5, 9)
    assert section.target is None


def test_without_ipv6_and_connection_tracking(tmp_path: Path) -> None:
    files = net_files("/proc/net")
    write(tmp_path, {path: files[path] for path in ("/proc/net/snmp", "/proc/net/netstat", "/proc/net/sockstat")})
    section = collected(Host(tmp_path))
    assert section.host.udp_in_datagrams_total == 1
    assert section.host.tcp_sockets == 12
    assert section.conntrack_max is None


def test_without_any_protocol_it_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="snmp"):
        collected(Host(tmp_path))


def test_a_target_in_our_namespace_has_no_figures_of_its_own() -> None:
    with held_child(PROGRAM) as (host, held):
        section = collected(host, Scope(held, (held.process.pid,)))
    assert section.target is None
    assert section.target_reason == ""


@pytest.mark.root
def test_a_target_in_a_namespace_of_its_own_is_read_there() -> None:
    collector = ProtocolCollector()
    before = len(os.listdir("/proc/self/fd"))
    with secluded() as held:
        section = collector.collect(Host(), Scope(held, (held.process.pid,)), None)
        assert section.target is not None
        assert section.target.tcp_out_segments_total == 0
        assert section.host.tcp_out_segments_total != 0
    gone = collector.collect(Host(), Scope(held, (held.process.pid,)), None)
    assert gone.target is None
    assert gone.target_reason
    collector.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_names_and_figures_stand_in_two_lines() -> None:
    assert dict(parse_snmp(b"Tcp: OutSegs Strange\nTcp: 5 6\nOther: A\nOther: 1\n")) == {"tcp_out_segments_total": 5}


def test_a_name_within_another_is_not_mistaken() -> None:
    raw = b"UdpLite6InErrors                \t9\nUdp6InErrors                    \t4\n"
    assert dict(parse_snmp6(raw)) == {"udp_in_errors_total": 4}


def test_a_socket_count_comes_from_both_versions() -> None:
    assert dict(parse_sockstat(b"TCP: inuse 2 orphan 0\nTCP6: inuse 3\n")) == {
        "tcp_sockets": 5,
        "tcp_orphan_sockets": 0,
    }
