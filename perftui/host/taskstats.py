"""Delay accounting of processes, from the kernel's taskstats (generic netlink)."""

import errno
import struct
from typing import NamedTuple, Self

from perftui.errors import NoData
from perftui.host.netlink import GENERIC, Netlink, attribute, attributes

_CONTROL_FAMILY = 0x10
_GET_FAMILY, _FAMILY_ID, _FAMILY_NAME = 3, 1, 2
_GENERIC_HEADER = struct.Struct("=BBH")
_GET, _OF_TGID, _STATS, _AGGREGATE_TGID = 1, 2, 3, 5
_SHUFFLED_VERSION = 15
"""Linux 6.14 and 6.15 put new fields between the old ones; version 16 moved them to the end."""

_U16, _U32, _U64 = struct.Struct("=H"), struct.Struct("=I"), struct.Struct("=Q")


class Delay(NamedTuple):
    """How often the threads of a process were held up for one reason, and for how long; -1 for not known."""

    times: int
    ns: int


class Delays(NamedTuple):
    """One process. ``cpu`` is counted in any case; the others are all -1 where the kernel did not account it."""

    cpu: Delay
    blkio: Delay
    swapin: Delay
    reclaim: Delay
    thrashing: Delay
    compact: Delay
    wpcopy: Delay


_OFFSETS = Delays(*(Delay(at, at + 8) for at in (16, 32, 48, 312, 328, 352, 400)))
"""Where ``struct taskstats`` of ``linux/taskstats.h`` has them: versions 1, 1, 1, 7, 9, 11 and 13."""

_UNKNOWN = Delay(-1, -1)


class Taskstats:
    """A connection to the kernel's accounting.

    NoData where the kernel has none, and without CAP_NET_ADMIN.
    """

    def __init__(self) -> None:
        try:
            self._netlink = Netlink(GENERIC)
        except OSError as error:
            raise NoData(f"no generic netlink here: {error.strerror}", "run perftui on the host") from error
        try:
            self._family = _family(self._netlink)
        except BaseException:
            self._netlink.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._netlink.close()

    def of_process(self, pid: int) -> Delays | None:
        """The sums over the process's threads, ended ones included; None when it has ended.

        One question for a process: the kernel adds its threads up. NoData without the right to ask.
        """
        request = _GENERIC_HEADER.pack(_GET, 1, 0) + attribute(_OF_TGID, _U32.pack(pid))
        try:
            answer = self._netlink.ask(self._family, request)
        except OSError as error:
            if error.errno == errno.ESRCH:
                return None
            if error.errno in (errno.EPERM, errno.EACCES):
                raise NoData("delay accounting needs CAP_NET_ADMIN", "run as root") from error
            raise
        aggregate = attributes(answer, _GENERIC_HEADER.size)[_AGGREGATE_TGID]
        return parse_delays(attributes(aggregate)[_STATS])


def parse_delays(stats: bytes) -> Delays:
    """``struct taskstats``. NoData for the one version that has its fields in other places.

    A process that was started before delay accounting was switched on has zeros everywhere; one that is accounted
    has copied a page on writing at the latest when it loaded its libraries. So all zeros stand for "not accounted";
    where the kernel does not count those copies (before Linux 6.0) a process without any delay looks the same.
    """
    version = _U16.unpack_from(stats)[0]
    if version == _SHUFFLED_VERSION:
        raise NoData("this kernel has taskstats version 15, whose fields moved", "Linux 6.16 put them back")
    delays = Delays(*(_delay(stats, offsets) for offsets in _OFFSETS))
    if any(delay.times > 0 for delay in delays[1:]):
        return delays
    return Delays(delays.cpu, *[_UNKNOWN] * 6)


def _delay(stats: bytes, at: Delay) -> Delay:
    if at.ns + _U64.size > len(stats):
        return _UNKNOWN
    return Delay(_U64.unpack_from(stats, at.times)[0], _U64.unpack_from(stats, at.ns)[0])


def _family(netlink: Netlink) -> int:
    request = _GENERIC_HEADER.pack(_GET_FAMILY, 1, 0) + attribute(_FAMILY_NAME, b"TASKSTATS\0")
    try:
        answer = netlink.ask(_CONTROL_FAMILY, request)
    except OSError as error:
        raise NoData(
            "the kernel offers no taskstats here",
            "it needs CONFIG_TASKSTATS; older kernels offer it in the network namespace of the host alone",
        ) from error
    return int(_U16.unpack(attributes(answer, _GENERIC_HEADER.size)[_FAMILY_ID])[0])
