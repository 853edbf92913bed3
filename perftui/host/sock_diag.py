"""Sockets of this network namespace, from the kernel's socket diagnostics (``NETLINK_SOCK_DIAG``).

The kernel cannot be asked for a process's sockets: it lists all of them, and the wanted ones are picked by their
inode. Passing over one takes under 1 µs, taking one apart about 10 µs.
"""

import errno
import socket
import struct
from collections.abc import Collection
from typing import NamedTuple

from perftui.errors import NoData
from perftui.host.netlink import SOCK_DIAG, Netlink, attributes
from perftui.model.process_sections import TCP, UDP

_BY_FAMILY = 20
_INFO, _SKMEMINFO = 2, 7
_UNIX_RQLEN = 4
_SHOW_RQLEN = 0x10

STATES = {
    1: "established",
    2: "syn-sent",
    4: "fin-wait-1",
    5: "fin-wait-2",
    7: "unconnected",
    8: "close-wait",
    9: "last-ack",
    10: "listen",
    11: "closing",
}
"""States of ``net/tcp_states.h`` in which a socket can belong to a process, named as by ss(8)."""

LISTEN = "listen"
_STATE_MASK = sum(1 << number for number in STATES)
_UNIX_TYPES = {1: "stream", 2: "datagram", 5: "seqpacket"}

_INET_REQUEST = struct.Struct("=BBBxI48x")
_UNIX_REQUEST = struct.Struct("=BBHIIIII")
_UNIX_MESSAGE = struct.Struct("=BBBxI8x")
_INET_FIXED = struct.Struct("=BBBB 2s2s16s16s 12x I I I I I")  # family … id, expires, queues, uid, inode
_INODE = struct.Struct("=I")
_INODE_AT = _INET_FIXED.size - _INODE.size
_PORT = struct.Struct(">H")
_U32, _U64 = struct.Struct("=I"), struct.Struct("=Q")
_NO_MIN_RTT = (1 << 32) - 1

_TCP_INFO = {
    "last_received_ms": (_U32, 52),
    "rtt_us": (_U32, 68),
    "congestion_window": (_U32, 80),
    "retransmits_total": (_U32, 100),
    "acked_bytes_total": (_U64, 120),
    "received_bytes_total": (_U64, 128),
    "segments_out_total": (_U32, 136),
    "unsent_bytes": (_U32, 144),
    "min_rtt_us": (_U32, 148),
    "delivery_bytes_per_s": (_U64, 160),
    "busy_us_total": (_U64, 168),
    "rwnd_limited_us_total": (_U64, 176),
    "sndbuf_limited_us_total": (_U64, 184),
}
"""Where ``struct tcp_info`` of ``linux/tcp.h`` has what is used; older kernels end earlier."""

_MEMORY = {"receive_buffer_bytes": 1, "send_buffer_bytes": 3, "drops_total": 8}
"""Words of SK_MEMINFO (``linux/sock_diag.h``)."""


class InetSocket(NamedTuple):
    """One TCP or UDP socket. ``figures`` are by the names of ``SOCKET_COLUMNS``; what is not there is not known."""

    protocol: str
    state: str
    inode: int
    local_address: str
    remote_address: str
    figures: dict[str, int]


class UnixSocket(NamedTuple):
    """Queues of a listener are connections to be accepted and the most there may be; else bytes."""

    inode: int
    kind: str
    state: str
    receive_queue: int
    send_queue: int


def sock_diag() -> Netlink:
    """A connection to the diagnostics of the network namespace of this thread. NoData where they are not offered."""
    try:
        return Netlink(SOCK_DIAG)
    except OSError as error:
        raise NoData(f"no socket diagnostics here: {error.strerror}", "run perftui on the host") from error


def inet_sockets(netlink: Netlink, wanted: Collection[int]) -> list[InetSocket]:
    """TCP and UDP sockets whose inode is wanted. NoData where the kernel has no diagnostics of TCP."""

    def is_wanted(message: bytes) -> bool:
        return _INODE.unpack_from(message, _INODE_AT)[0] in wanted

    found: list[InetSocket] = []
    for protocol, name in ((socket.IPPROTO_TCP, TCP), (socket.IPPROTO_UDP, UDP)):
        for family in (socket.AF_INET, socket.AF_INET6):
            extensions = 1 << (_INFO - 1) | 1 << (_SKMEMINFO - 1)
            request = _INET_REQUEST.pack(family, protocol, extensions, _STATE_MASK)
            try:
                found += [parse_inet(message, name) for message in netlink.dump(_BY_FAMILY, request, is_wanted)]
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.EOPNOTSUPP):
                    raise
                if name == TCP and family == socket.AF_INET:
                    raise NoData("this kernel does not list its sockets", "modprobe tcp_diag udp_diag") from error
    return found


def unix_sockets(netlink: Netlink, wanted: Collection[int]) -> list[UnixSocket] | None:
    """Unix sockets whose inode is wanted; None where the kernel does not list them."""

    def is_wanted(message: bytes) -> bool:
        return _UNIX_MESSAGE.unpack_from(message)[-1] in wanted

    request = _UNIX_REQUEST.pack(socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, _SHOW_RQLEN, 0xFFFFFFFF, 0xFFFFFFFF)
    try:
        return [_unix(message) for message in netlink.dump(_BY_FAMILY, request, is_wanted)]
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.EOPNOTSUPP):
            raise
        return None


def parse_inet(message: bytes, protocol: str) -> InetSocket:
    """``struct inet_diag_msg`` and its attributes. struct.error or ValueError for what is none."""
    family, state, _, _, local_port, remote_port, local, remote, _, receiving, sending, _, inode = (
        _INET_FIXED.unpack_from(message)
    )
    extra = attributes(message, _INET_FIXED.size)
    figures = {
        "inode": inode,
        "local_port": _PORT.unpack(local_port)[0],
        "remote_port": _PORT.unpack(remote_port)[0],
        "receive_queue_bytes": receiving,
        "send_queue_bytes": sending,
        **_memory(extra.get(_SKMEMINFO, b"")),
    }
    if protocol == TCP and STATES.get(state) != LISTEN:
        figures |= _tcp_figures(extra.get(_INFO, b""))
    return InetSocket(
        protocol, STATES.get(state, str(state)), inode, _address(family, local), _address(family, remote), figures
    )


def _tcp_figures(info: bytes) -> dict[str, int]:
    found = {
        name: kind.unpack_from(info, at)[0] for name, (kind, at) in _TCP_INFO.items() if at + kind.size <= len(info)
    }
    if not found.get("rtt_us"):
        found.pop("rtt_us", None)  # nothing was measured yet
    if found.get("min_rtt_us") in (0, _NO_MIN_RTT):
        del found["min_rtt_us"]
    return found


def _memory(words: bytes) -> dict[str, int]:
    return {
        name: _U32.unpack_from(words, 4 * at)[0] for name, at in _MEMORY.items() if 4 * at + _U32.size <= len(words)
    }


def _address(family: int, raw: bytes) -> str:
    return socket.inet_ntop(family, raw[:4] if family == socket.AF_INET else raw)


def _unix(message: bytes) -> UnixSocket:
    _, kind, state, inode = _UNIX_MESSAGE.unpack_from(message)
    queues = attributes(message, _UNIX_MESSAGE.size).get(_UNIX_RQLEN, b"")
    receiving, sending = struct.unpack("=II", queues) if len(queues) == 8 else (-1, -1)
    return UnixSocket(inode, _UNIX_TYPES.get(kind, str(kind)), STATES.get(state, str(state)), receiving, sending)
