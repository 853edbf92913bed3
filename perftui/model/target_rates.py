"""What two samples say about the target: its tree, its threads, what they wait for, its control group."""

from functools import cache, lru_cache
from operator import itemgetter

import msgspec

from perftui.model.group_sections import CgroupSection
from perftui.model.rates import first_new_start, rise
from perftui.model.sample import THREAD_COUNTERS, TargetSection, ThreadSection, WaitSection


class TreeUse(msgspec.Struct, frozen=True, kw_only=True):
    """The target's processes taken together. Rates are None where the files are not readable.

    Bytes are those to and from storage, chars those that went through read and write calls of any kind.
    """

    processes: int
    threads: int
    cpu_cores: float
    system_cores: float
    rss_bytes: int
    swap_bytes: int
    minor_faults_per_s: float
    major_faults_per_s: float
    read_bytes_per_s: float | None
    write_bytes_per_s: float | None
    read_syscalls_per_s: float | None
    write_syscalls_per_s: float | None
    fds: int | None
    read_chars_per_s: float | None = None
    write_chars_per_s: float | None = None


class WaitShare(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thing a thread was seen doing, as a share (0–1) of the looks at that thread.

    Fields as in ``WaitSection``; ``state`` is the letter, ``region`` an index into ``REGIONS``.
    """

    state: str
    syscall: int
    futex_op: int
    timed: bool
    address: int
    region: int
    wchan: str
    ratio: float


class ThreadUse(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One thread. ``run_ratio`` and ``delay_ratio`` are seconds per second on a CPU and waiting for one.

    ``waits`` is empty and ``looks`` 0 when the thread was not polled. ``event_wait_ratio`` is the share of looks in
    epoll, poll or select; ``away_long_ratio`` the share in unbroken runs of 100 ms or more outside one.
    """

    pid: int
    tid: int
    name: str
    state: str
    run_ratio: float
    delay_ratio: float
    slices_per_s: float
    voluntary_per_s: float | None
    involuntary_per_s: float | None
    processor: int
    nice: int
    looks: int = 0
    event_wait_ratio: float = 0.0
    away_long_ratio: float = 0.0
    event_waits_per_s: float = 0.0
    waits: tuple[WaitShare, ...] = ()


class ThreadTotals(msgspec.Struct, frozen=True, kw_only=True):
    """All threads together: seconds per second without a CPU; None for switches that were not counted."""

    delay_ratio: float
    switches_per_s: float | None


class QuotaUse(msgspec.Struct, frozen=True, kw_only=True):
    """The level of the cpu controller that throttled most (or the tightest one)."""

    path: str
    quota_cores: float
    throttled_periods_ratio: float
    throttled_seconds_per_s: float
    periods: int


def tree_use(older: TargetSection, newer: TargetSection, seconds: float) -> TreeUse:
    """Processes that started in between count from zero; ended ones, and older ones that joined, are left out."""
    was_at = {row: at for at, row in enumerate(older.processes.rows("pid", "start_ticks"))}
    since = first_new_start(older, newer.ticks_per_second)
    now_rows = [
        (was_at.get(row), at)
        for at, row in enumerate(newer.processes.rows("pid", "start_ticks"))
        if row in was_at or row[1] >= since
    ]

    def grown(column: str) -> int:
        new, old = newer.processes.ints(column), older.processes.ints(column)
        return sum(rise(new[now], old[was] if was is not None else 0) for was, now in now_rows)

    def visible_rate(column: str) -> float | None:
        if column not in older.processes.columns or column not in newer.processes.columns:
            return None  # recorded before this was read
        new, old = newer.processes.ints(column), older.processes.ints(column)
        pairs = [(was, now) for was, now in now_rows if was is not None and new[now] >= 0 and old[was] >= 0]
        return sum(rise(new[now], old[was]) for was, now in pairs) / seconds if pairs else None

    table = newer.processes
    fds = [count for count in table.ints("fds") if count >= 0]
    return TreeUse(
        processes=len(table),
        threads=sum(table.ints("threads")),
        cpu_cores=(grown("user_ticks") + grown("system_ticks")) / newer.ticks_per_second / seconds,
        system_cores=grown("system_ticks") / newer.ticks_per_second / seconds,
        rss_bytes=sum(max(0, value) for value in table.ints("rss_bytes")),
        swap_bytes=sum(max(0, value) for value in table.ints("swap_bytes")),
        minor_faults_per_s=grown("minor_faults_total") / seconds,
        major_faults_per_s=grown("major_faults_total") / seconds,
        read_bytes_per_s=visible_rate("read_bytes_total"),
        write_bytes_per_s=visible_rate("write_bytes_total"),
        read_syscalls_per_s=visible_rate("read_syscalls_total"),
        write_syscalls_per_s=visible_rate("write_syscalls_total"),
        read_chars_per_s=visible_rate("read_chars_total"),
        write_chars_per_s=visible_rate("write_chars_total"),
        fds=sum(fds) if fds else None,
    )


def thread_use(
    older: ThreadSection,
    newer: ThreadSection,
    seconds: float,
    waits: tuple[WaitSection, WaitSection] | None,
) -> tuple[ThreadUse, ...]:
    """Threads of the newer section, with what the polls between the two saw.

    A thread that started in between counts from zero. One that the older section lacks for another reason (it was
    skipped, its process joined the tree) is left out: its run time does not fit between the two.
    """
    shares = _wait_shares(*waits) if waits else {}
    spans = _span_shares(*waits) if waits else {}
    since = first_new_start(older, newer.ticks_per_second)
    was_at = older.counters
    new = newer.threads
    uses = []
    for (ids, now), name, (state, processor, nice) in zip(
        newer.counters.items(),
        new.text("name"),
        new.rows("state", "processor", "nice"),
        strict=True,
    ):
        was = was_at.get(ids, _FROM_ZERO)
        if was is _FROM_ZERO and (ids[2] < since or now[0] + now[1] > seconds * 1.1e9):
            continue
        run, delay, slices, voluntary, involuntary, user, system = (
            _rates(was, now, seconds) if was != now else _resting(tuple(map(_SEEN, now)))
        )
        looks, waiting_ratio, away_long_ratio, event_waits = spans.get(ids[1], _NO_SPAN)
        uses.append(
            ThreadUse(
                pid=ids[0],
                tid=ids[1],
                name=name,
                state=chr(state),
                run_ratio=run / 1e9 if run is not None else ((user or 0) + (system or 0)) / newer.ticks_per_second,
                delay_ratio=(delay or 0.0) / 1e9,
                slices_per_s=slices or 0.0,
                voluntary_per_s=voluntary,
                involuntary_per_s=involuntary,
                processor=processor,
                nice=nice,
                looks=looks,
                event_wait_ratio=waiting_ratio,
                away_long_ratio=away_long_ratio,
                event_waits_per_s=event_waits / seconds,
                waits=shares.get(ids[1], ()),
            )
        )
    return tuple(uses)


def thread_totals(older: ThreadSection, newer: ThreadSection, seconds: float) -> ThreadTotals:
    """The sums over what ``thread_use`` gives for the same sections."""
    since = first_new_start(older, newer.ticks_per_second)
    was_at = older.counters
    delay = switches = 0.0
    counted = False
    for ids, now in newer.counters.items():
        was = was_at.get(ids, _FROM_ZERO)
        if was is _FROM_ZERO and (ids[2] < since or now[0] + now[1] > seconds * 1.1e9):
            continue
        seen = min(now[3], now[4], was[3], was[4]) >= 0
        counted = counted or seen
        if was != now:
            delay += max(0, now[1] - was[1]) if now[1] >= 0 <= was[1] else 0
            switches += max(0, now[3] - was[3]) + max(0, now[4] - was[4]) if seen else 0
    return ThreadTotals(delay_ratio=delay / 1e9 / seconds, switches_per_s=switches / seconds if counted else None)


_FROM_ZERO = (0,) * len(THREAD_COUNTERS)
_SEEN = (-1).__lt__


@cache
def _resting(seen: tuple[bool, ...]) -> tuple[float | None, ...]:
    """The rates of a thread that did not run, as far as its counters can be read."""
    return tuple([0.0 if readable else None for readable in seen])


def _rates(was: tuple[int, ...], now: tuple[int, ...], seconds: float) -> tuple[float | None, ...]:
    """``THREAD_COUNTERS`` per second. -1 stands for one that cannot be read; one that went back stands still."""
    return tuple(
        [
            (after - before if after > before else 0) / seconds if before >= 0 <= after else None
            for before, after in zip(was, now, strict=True)
        ]
    )


_Span = tuple[int, float, float, int]
"""Looks, the part of them in event waits, the part in long times outside one, and the returns from event waits."""

_NO_SPAN: _Span = (0, 0.0, 0.0, 0)


def _span_shares(older: WaitSection, newer: WaitSection) -> dict[int, _Span]:
    was = older.span_counts
    spans = {}
    for tid, (looks, waiting, away, waits) in newer.span_counts.items():
        looks_before, waiting_before, away_before, waits_before = was.get(tid, _NO_COUNTS)
        more = looks - looks_before
        if more > 0:
            spans[tid] = (
                more,
                (waiting - waiting_before) / more if waiting > waiting_before else 0.0,
                (away - away_before) / more if away > away_before else 0.0,
                waits - waits_before if waits > waits_before else 0,
            )
    return spans


_NO_COUNTS = (0, 0, 0, 0)

_Look = tuple[tuple[int, ...], str]
"""A row of ``LOOK_COLUMNS`` and the wait channel."""


def _wait_shares(older: WaitSection, newer: WaitSection) -> dict[int, tuple[WaitShare, ...]]:
    was = older.counts
    shares: dict[int, tuple[WaitShare, ...]] = {}
    for tid, counts in newer.counts.items():
        before = was.get(tid, _NOTHING_SEEN)
        seen = [(more, look) for look, count in counts.items() if (more := count - before.get(look, 0)) > 0]
        if len(seen) == 1:  # most threads of a large target
            shares[tid] = _alone(seen[0][1])
        elif seen:
            shares[tid] = _shares_of(seen)
    return shares


_NOTHING_SEEN: dict[_Look, int] = {}


def _shares_of(seen: list[tuple[int, _Look]]) -> tuple[WaitShare, ...]:
    """One thread's observations with their counts as shares, the largest first."""
    total = sum([more for more, _ in seen])
    seen.sort(key=itemgetter(0), reverse=True)
    return tuple([_share(look, more / total) for more, look in seen])


@lru_cache(maxsize=8192)
def _alone(look: _Look) -> tuple[WaitShare, ...]:
    """What a thread was seen doing all the time. The same threads wait in the same place for long."""
    return (_share(look, 1.0),)


def _share(look: _Look, ratio: float) -> WaitShare:
    row, wchan = look
    return WaitShare(
        state=chr(row[2]),
        syscall=row[3],
        futex_op=row[4],
        timed=bool(row[5]),
        address=row[6],
        region=row[7],
        wchan=wchan,
        ratio=ratio,
    )


def quota_use(older: CgroupSection, newer: CgroupSection, seconds: float) -> QuotaUse | None:
    """The limiting level of the cpu controller; None when no level has a quota."""
    was = {level.path: level for level in older.cpu}
    uses = []
    for level in newer.cpu:
        before = was.get(level.path)
        if level.quota_us is None or before is None:
            continue
        periods = rise(level.periods_total, before.periods_total)
        throttled = rise(level.throttled_periods_total, before.throttled_periods_total)
        uses.append(
            QuotaUse(
                path=level.path,
                quota_cores=level.quota_us / level.period_us,
                throttled_periods_ratio=throttled / periods if periods else 0.0,
                throttled_seconds_per_s=rise(level.throttled_ns_total, before.throttled_ns_total) / 1e9 / seconds,
                periods=periods,
            )
        )
    return max(uses, key=lambda use: (use.throttled_periods_ratio, -use.quota_cores), default=None)
