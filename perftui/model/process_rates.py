"""What the slow sections say about the target: its memory, limits, sockets, delays and I/O per thread.

Two readings of a slow section lie seconds apart; ``Interval`` finds the pair. Without an older one what needs two
readings is None. Sizes are sums over the processes that could be read.
"""

import msgspec

from perftui.model.process_sections import (
    SOCKET_COLUMNS,
    UNLIMITED,
    DelaySection,
    LimitSection,
    SmapsSection,
    SocketSection,
    ThreadIoSection,
)
from perftui.model.rates import first_new_start, paired_rows, rise
from perftui.model.sample import ProcessSection
from perftui.model.section import span

LIMITED_RATIO = 0.2
"""A socket held up by the peer's window or its own buffer for so much of the time (net-buffer-limited)."""

LOSS_RATIO = 0.015
"""Retransmitted segments of those sent (net-loss; bpftune's threshold)."""

LEAST_SEGMENTS = 50
"""Of fewer segments no share of retransmits is told: one of them would be beyond the threshold."""


class MemoryParts(msgspec.Struct, frozen=True, kw_only=True):
    """The tree's memory. ``pss_bytes`` counts a shared page in parts, ``private_bytes`` (USS) not at all."""

    rss_bytes: int
    pss_bytes: int
    private_bytes: int
    swap_bytes: int
    anonymous_bytes: int
    file_bytes: int
    shmem_bytes: int
    huge_bytes: int
    locked_bytes: int
    processes: int


class LimitUse(msgspec.Struct, frozen=True, kw_only=True):
    """One limit of the main process. ``soft`` and ``hard`` are None for unlimited, ``used`` where it is not known."""

    name: str
    unit: str
    soft: int | None
    hard: int | None
    used: int | None

    @property
    def ratio(self) -> float | None:
        """How much of the soft limit is used; None where that means nothing."""
        return self.used / self.soft if self.used is not None and self.soft else None


class SocketUse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One socket. Ratios are of the time between the readings, None where they are not known.

    ``backlog_ratio`` is of listeners: connections waiting to be accepted, of as many as may wait.
    """

    pid: int
    inode: int
    protocol: str
    state: str
    local: str
    remote: str
    receive_queue: int
    send_queue: int
    rtt_ms: float | None
    retransmits_ratio: float | None
    rwnd_limited_ratio: float | None
    sndbuf_limited_ratio: float | None
    busy_ratio: float | None
    received_bytes_per_s: float | None
    acked_bytes_per_s: float | None
    drops_per_s: float | None
    backlog_ratio: float | None

    @property
    def trouble(self) -> tuple[float, str]:
        """How far the worst of its figures is beyond its threshold (1 is on it), and what it is; 0 if none."""
        drops = self.drops_per_s or 0.0
        if self.state == "listen":  # what a listener drops are connections that found its queue full
            worst = max(self.backlog_ratio or 0.0, drops)
            return worst, "accept queue full" if worst else ""
        return max(
            (0.0, ""),
            ((self.rwnd_limited_ratio or 0.0) / LIMITED_RATIO, "waits for the receiver"),
            ((self.sndbuf_limited_ratio or 0.0) / LIMITED_RATIO, "waits for its send buffer"),
            ((self.retransmits_ratio or 0.0) / LOSS_RATIO, "retransmits"),
            (drops, "drops"),
            key=lambda pair: pair[0],
        )


class Traffic(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """TCP of one process."""

    pid: int
    sockets: int
    received_bytes_per_s: float
    acked_bytes_per_s: float
    retransmits_per_s: float


class SocketsUse(msgspec.Struct, frozen=True, kw_only=True):
    """The tree's sockets, those in the worst trouble first, and the traffic of its processes, None at first."""

    sockets: tuple[SocketUse, ...]
    traffic: tuple[Traffic, ...] | None
    total: int

    @property
    def received_bytes_per_s(self) -> float | None:
        return sum(each.received_bytes_per_s for each in self.traffic) if self.traffic is not None else None

    @property
    def acked_bytes_per_s(self) -> float | None:
        return sum(each.acked_bytes_per_s for each in self.traffic) if self.traffic is not None else None


class DelayUse(msgspec.Struct, frozen=True, kw_only=True):
    """One reason to wait: seconds that the threads waited per second (all together), and how often they did."""

    reason: str
    seconds_per_s: float
    times_per_s: float | None


class ThreadIo(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thread's transfer to and from storage, and its system calls."""

    pid: int
    tid: int
    read_bytes_per_s: float
    write_bytes_per_s: float
    read_syscalls_per_s: float
    write_syscalls_per_s: float


def memory_parts(section: SmapsSection) -> MemoryParts:
    """Sums over the tree; what is -1 counts for nothing."""
    table = section.processes

    def total(column: str) -> int:
        return sum(max(0, size) for size in table.ints(column))

    return MemoryParts(
        rss_bytes=total("rss_bytes"),
        pss_bytes=total("pss_bytes"),
        private_bytes=total("private_bytes"),
        swap_bytes=total("swap_bytes"),
        anonymous_bytes=total("pss_anonymous_bytes"),
        file_bytes=total("pss_file_bytes"),
        shmem_bytes=total("pss_shmem_bytes"),
        huge_bytes=total("huge_bytes") + total("hugetlb_bytes"),
        locked_bytes=total("locked_bytes"),
        processes=sum(size >= 0 for size in table.ints("rss_bytes")),
    )


def limit_uses(section: LimitSection, processes: ProcessSection | None) -> tuple[LimitUse, ...]:
    """Every limit, the most used first. ``nproc`` counts all threads of the target's user."""
    table = section.limits
    uses = [
        LimitUse(
            name=name,
            unit=unit,
            soft=None if soft == UNLIMITED else soft,
            hard=None if hard == UNLIMITED else hard,
            used=_threads_of(processes, section.uid) if name == "nproc" else used if used >= 0 else None,
        )
        for name, unit, (soft, hard, used) in zip(
            table.text("name"), table.text("unit"), table.rows("soft", "hard", "used"), strict=True
        )
    ]
    return tuple(sorted(uses, key=lambda use: -(use.ratio or 0.0)))


def _threads_of(section: ProcessSection | None, uid: int) -> int | None:
    if section is None:
        return None
    return sum(threads for owner, threads in section.processes.rows("uid", "threads") if owner == uid)


def socket_use(older: SocketSection | None, newer: SocketSection) -> SocketsUse:
    """A socket that is new since the older reading has no rates yet."""
    before = _figures(older) if older else {}
    seconds = span(older, newer) if older else 0.0
    texts = zip(*(newer.sockets.text(name) for name in _SOCKET_TEXTS), strict=True)
    uses = [
        _socket_use(before.get(inode), now, names, seconds)
        for (inode, now), names in zip(_figures(newer).items(), texts, strict=True)
    ]
    uses.sort(key=lambda use: (-use.trouble[0], -(use.receive_queue + use.send_queue)))
    return SocketsUse(sockets=tuple(uses), traffic=traffic_of(older, newer) if older else None, total=newer.total)


_SOCKET_TEXTS = ("protocol", "state", "local_address", "remote_address")


def _figures(section: SocketSection) -> dict[int, dict[str, int]]:
    """Each socket's columns, by inode."""
    rows = section.sockets.rows(*SOCKET_COLUMNS)
    return {row[_INODE]: dict(zip(SOCKET_COLUMNS, row, strict=True)) for row in rows}


_INODE = SOCKET_COLUMNS.index("inode")


def _socket_use(was: dict[str, int] | None, now: dict[str, int], texts: tuple[str, ...], seconds: float) -> SocketUse:
    protocol, state, local, remote = texts

    def rate(column: str) -> float | None:
        if was is None:
            return None
        after, before = now[column], was[column]
        return rise(after, before) / seconds if before >= 0 <= after else None

    def time_ratio(column: str) -> float | None:
        us_per_s = rate(column)
        return None if us_per_s is None else min(1.0, us_per_s / 1e6)

    sent, again = rate("segments_out_total"), rate("retransmits_total")
    listens, backlog = state == "listen", now["send_queue_bytes"]
    return SocketUse(
        pid=now["pid"],
        inode=now["inode"],
        protocol=protocol,
        state=state,
        local=_endpoint(local, now["local_port"]),
        remote=_endpoint(remote, now["remote_port"]),
        receive_queue=now["receive_queue_bytes"],
        send_queue=backlog,
        rtt_ms=now["rtt_us"] / 1000 if now["rtt_us"] >= 0 else None,
        retransmits_ratio=(
            min(1.0, again / sent) if again is not None and sent and sent * seconds >= LEAST_SEGMENTS else None
        ),
        rwnd_limited_ratio=time_ratio("rwnd_limited_us_total"),
        sndbuf_limited_ratio=time_ratio("sndbuf_limited_us_total"),
        busy_ratio=time_ratio("busy_us_total"),
        received_bytes_per_s=rate("received_bytes_total"),
        acked_bytes_per_s=rate("acked_bytes_total"),
        drops_per_s=rate("drops_total"),
        backlog_ratio=now["receive_queue_bytes"] / backlog if listens and backlog > 0 else None,
    )


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def traffic_of(older: SocketSection, newer: SocketSection) -> tuple[Traffic, ...]:
    """Of the processes that both readings could look into; the busiest first."""
    found = []
    seconds = span(older, newer)
    now, before = newer.processes, older.processes
    for was, at in paired_rows(before, now, key=("pid", "start_ticks")):
        if min(now.ints("sockets")[at], before.ints("sockets")[was]) < 0:
            continue
        received, acked, again = (
            rise(now.ints(name)[at], before.ints(name)[was]) / seconds
            for name in ("received_bytes_total", "acked_bytes_total", "retransmits_total")
        )
        found.append(
            Traffic(
                pid=now.ints("pid")[at],
                sockets=now.ints("sockets")[at],
                received_bytes_per_s=received,
                acked_bytes_per_s=acked,
                retransmits_per_s=again,
            )
        )
    found.sort(key=lambda traffic: -(traffic.received_bytes_per_s + traffic.acked_bytes_per_s))
    return tuple(found)


DELAY_REASONS = ("cpu", "blkio", "swapin", "reclaim", "thrashing", "compact", "wpcopy")


def delay_use(older: DelaySection, newer: DelaySection, seconds: float, ticks_per_second: int) -> tuple[DelayUse, ...]:
    """Sums over the accounted processes, the longest first; one that started in between counts from zero."""
    was_at = {row: at for at, row in enumerate(older.processes.rows("pid", "start_ticks"))}
    since = first_new_start(older, ticks_per_second)
    pairs = [
        (was_at.get(row), at)
        for at, row in enumerate(newer.processes.rows("pid", "start_ticks"))
        if row in was_at or row[1] >= since
    ]

    def grown(column: str) -> int | None:
        now, before = newer.processes.ints(column), older.processes.ints(column)
        known = [(now[at], 0 if was is None else before[was]) for was, at in pairs if now[at] >= 0]
        return sum(rise(after, earlier) for after, earlier in known if earlier >= 0) if known else None

    uses = []
    for reason in DELAY_REASONS:
        waited = grown(f"{reason}_ns_total")
        times = grown(f"{reason}_total") if reason != "cpu" else None
        if waited is not None:
            uses.append(
                DelayUse(
                    reason=reason,
                    seconds_per_s=waited / 1e9 / seconds,
                    times_per_s=None if times is None else times / seconds,
                )
            )
    return tuple(sorted(uses, key=lambda use: -use.seconds_per_s))


def thread_io(older: ThreadIoSection, newer: ThreadIoSection, seconds: float) -> tuple[ThreadIo, ...]:
    """Threads that both readings have, those that move most first."""
    columns = ("read_bytes_total", "write_bytes_total", "read_syscalls_total", "write_syscalls_total")
    before = list(older.threads.rows(*columns))
    now = list(newer.threads.rows("pid", "tid", *columns))
    found = []
    for was, at in paired_rows(older.threads, newer.threads, key=("pid", "tid")):
        if min(before[was]) < 0 or min(now[at]) < 0:
            continue
        rates = [rise(after, earlier) / seconds for earlier, after in zip(before[was], now[at][2:], strict=True)]
        found.append(
            ThreadIo(
                pid=now[at][0],
                tid=now[at][1],
                read_bytes_per_s=rates[0],
                write_bytes_per_s=rates[1],
                read_syscalls_per_s=rates[2],
                write_syscalls_per_s=rates[3],
            )
        )
    return tuple(sorted(found, key=lambda use: -(use.read_bytes_per_s + use.write_bytes_per_s)))
