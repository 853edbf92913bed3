"""TCP, UDP and IP counters of our network namespace and, where it is another one, of the target's."""

from collections.abc import Iterator
from functools import lru_cache

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.netns import other_net
from perftui.host.procfs import Host
from perftui.model.host_sections import NetCounters, ProtocolSection
from perftui.model.sample import Sample

_SNMP = {
    b"Tcp": (
        ("tcp_active_opens_total", b"ActiveOpens"),
        ("tcp_passive_opens_total", b"PassiveOpens"),
        ("tcp_attempt_fails_total", b"AttemptFails"),
        ("tcp_resets_total", b"EstabResets"),
        ("tcp_resets_sent_total", b"OutRsts"),
        ("tcp_established", b"CurrEstab"),
        ("tcp_in_segments_total", b"InSegs"),
        ("tcp_out_segments_total", b"OutSegs"),
        ("tcp_retransmits_total", b"RetransSegs"),
        ("tcp_in_errors_total", b"InErrs"),
    ),
    b"TcpExt": (
        ("tcp_timeouts_total", b"TCPTimeouts"),
        ("tcp_syn_retransmits_total", b"TCPSynRetrans"),
        ("tcp_lost_retransmits_total", b"TCPLostRetransmit"),
        ("tcp_aborts_on_timeout_total", b"TCPAbortOnTimeout"),
        ("tcp_aborts_on_memory_total", b"TCPAbortOnMemory"),
        ("tcp_listen_overflows_total", b"ListenOverflows"),
        ("tcp_listen_drops_total", b"ListenDrops"),
        ("tcp_request_queue_drops_total", b"TCPReqQFullDrop"),
        ("tcp_syncookies_sent_total", b"SyncookiesSent"),
        ("tcp_backlog_drops_total", b"TCPBacklogDrop"),
        ("tcp_receive_queue_drops_total", b"TCPRcvQDrop"),
        ("tcp_pruned_total", b"PruneCalled"),
        ("tcp_collapsed_total", b"TCPRcvCollapsed"),
        ("tcp_memory_pressures_total", b"TCPMemoryPressures"),
        ("tcp_zero_windows_total", b"TCPToZeroWindowAdv"),
    ),
    b"Udp": (
        ("udp_in_datagrams_total", b"InDatagrams"),
        ("udp_out_datagrams_total", b"OutDatagrams"),
        ("udp_no_ports_total", b"NoPorts"),
        ("udp_in_errors_total", b"InErrors"),
        ("udp_receive_buffer_errors_total", b"RcvbufErrors"),
        ("udp_send_buffer_errors_total", b"SndbufErrors"),
    ),
    b"Ip": (
        ("ip_in_discards_total", b"InDiscards"),
        ("ip_out_discards_total", b"OutDiscards"),
        ("ip_no_routes_total", b"OutNoRoutes"),
        ("ip_reassembly_fails_total", b"ReasmFails"),
    ),
}
"""Protocol → field, name in ``snmp`` and ``netstat``. In ``snmp6`` it is ``Udp6InDatagrams``, a line each."""

_SOCKSTAT = (
    ("sockets_used", (b"sockets:",), b"used"),
    ("tcp_sockets", (b"TCP:", b"TCP6:"), b"inuse"),
    ("tcp_orphan_sockets", (b"TCP:",), b"orphan"),
    ("tcp_time_wait_sockets", (b"TCP:",), b"tw"),
    ("tcp_buffer_pages", (b"TCP:",), b"mem"),
    ("udp_sockets", (b"UDP:", b"UDP6:"), b"inuse"),
    ("udp_buffer_pages", (b"UDP:",), b"mem"),
)
"""Field, the heads of its lines, the word before the figure."""

_CONNTRACK = "/proc/sys/net/netfilter/nf_conntrack"


class ProtocolCollector(Collector):
    name = "protocols"
    section = "protocols"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> ProtocolSection:
        now = monotonic_ns()
        target, reason, remedy = _target(host, scope)
        return ProtocolSection(
            monotonic_ns=now,
            host=_counters(host, "/proc/net"),
            target=target,
            target_reason=reason,
            target_remedy=remedy,
            conntrack_count=_number(host, f"{_CONNTRACK}_count"),
            conntrack_max=_number(host, f"{_CONNTRACK}_max"),
        )


def _target(host: Host, scope: Scope) -> tuple[NetCounters | None, str, str]:
    """What the target's own namespace counts, or the reason and the remedy why that is not known."""
    if scope.target is None:
        return None, "", ""
    try:
        folder = other_net(host, scope.target.process.pid)
        return (_counters(host, folder) if folder is not None else None), "", ""
    except NoData as error:
        return None, error.reason, error.remedy


def _counters(host: Host, folder: str) -> NetCounters:
    """NoData without ``snmp``; the others are missing where the kernel lacks what they count, as IPv6."""
    found = dict(parse_snmp(host.read(f"{folder}/snmp") + _read(host, f"{folder}/netstat")))
    for field, count in parse_snmp6(_read(host, f"{folder}/snmp6")):
        found[field] = found.get(field, 0) + count
    found.update(parse_sockstat(_read(host, f"{folder}/sockstat") + _read(host, f"{folder}/sockstat6")))
    return NetCounters(**found)


def _read(host: Host, path: str) -> bytes:
    try:
        return host.read(path)
    except NoData:
        return b""


def _number(host: Host, path: str) -> int | None:
    try:
        return int(host.read(path))
    except NoData:
        return None


def parse_snmp(raw: bytes) -> Iterator[tuple[str, int]]:
    """``snmp`` and ``netstat``: two lines per protocol, the names and the figures."""
    lines = raw.splitlines()
    for names, figures in zip(lines[::2], lines[1::2], strict=True):
        places = _places(names)
        if places:
            words = figures.split()
            yield from ((field, int(words[at])) for field, at in places)


@lru_cache(maxsize=32)
def _places(names: bytes) -> tuple[tuple[str, int], ...]:
    """Field and place in the line, from the line of names: the same in every reading of one kernel."""
    wanted, words = _SNMP.get(names.partition(b":")[0], ()), names.split()
    return tuple((field, words.index(name)) for field, name in wanted if name in words)


def parse_snmp6(raw: bytes) -> Iterator[tuple[str, int]]:
    """What counts IPv6 apart from IPv4: UDP and IP."""
    text = b"\n" + raw
    for protocol in (b"Udp", b"Ip"):
        for field, name in _SNMP[protocol]:
            head = b"\n" + protocol + b"6" + name
            at = text.find(head + b" ")
            if at >= 0:
                yield field, int(text[at + len(head) : text.index(b"\n", at + 1)])


def parse_sockstat(raw: bytes) -> Iterator[tuple[str, int]]:
    """``TCP: inuse 1 orphan 0 …``; IPv6 has lines of its own, which are added."""
    lines = {}
    for line in raw.splitlines():
        head, *words = line.split()
        lines[head] = dict(zip(words[::2], words[1::2], strict=True))
    for field, heads, name in _SOCKSTAT:
        counts = [int(lines[head][name]) for head in heads if name in lines.get(head, {})]
        if counts:
            yield field, sum(counts)
