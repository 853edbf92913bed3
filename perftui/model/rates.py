"""What two raw sections say about the time between them.

Each ``*_use`` function takes an older and a newer section and the seconds between them. A counter
that went backwards (a reset) counts as zero; rows that are in one section only are left out.
Ratios of CPU are of one core unless the name says otherwise.
"""

from collections.abc import Iterator
from operator import add

import msgspec

from perftui.model.sample import CpuSection, PressureLine, PressureSection, ProcessSection
from perftui.model.section import Section
from perftui.model.table import Table


class CoreUse(msgspec.Struct, frozen=True, kw_only=True):
    """One CPU's time, as ratios of the interval; ``cpu`` -1 is the mean of all."""

    cpu: int
    busy_ratio: float
    user_ratio: float
    system_ratio: float
    iowait_ratio: float
    steal_ratio: float
    softirq_ratio: float


class CpuUse(msgspec.Struct, frozen=True, kw_only=True):
    total: CoreUse
    cores: tuple[CoreUse, ...]
    forks_per_s: float
    context_switches_per_s: float
    interrupts_per_s: float | None = None
    softirqs_per_s: float | None = None

    @property
    def busy_cores(self) -> float:
        """CPU seconds per second over all CPUs, steal not included."""
        return self.total.busy_ratio * len(self.cores)


class DiskUse(msgspec.Struct, frozen=True, kw_only=True):
    """One device; ``await_ms`` is the mean time of a request, None without requests of that kind.

    Discards and flushes are None where the kernel does not count them; they are not in the other figures. ``stacked``:
    its I/O is counted again on the devices that do it, or is in memory.
    """

    name: str
    busy_ratio: float
    read_bytes_per_s: float
    write_bytes_per_s: float
    reads_per_s: float
    writes_per_s: float
    await_ms: float | None
    queue: float
    read_await_ms: float | None = None
    write_await_ms: float | None = None
    discards_per_s: float | None = None
    flushes_per_s: float | None = None
    flush_ms: float | None = None
    stacked: bool = False


class NetworkUse(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    rx_bytes_per_s: float
    tx_bytes_per_s: float
    drops_per_s: float
    errors_per_s: float
    physical: bool = False


class PressureUse(msgspec.Struct, frozen=True, kw_only=True):
    """Share of time in which some (all) tasks stalled on a resource."""

    some_ratio: float
    full_ratio: float


class HostPressure(msgspec.Struct, frozen=True, kw_only=True):
    cpu: PressureUse
    memory: PressureUse
    io: PressureUse
    irq_full_ratio: float | None = None


_START_SLACK_SECONDS = 0.1
"""Processes are listed a little before the sections that count them are timed."""


def process_ticks(section: ProcessSection) -> list[int]:
    """The CPU ticks of each process, user and system together."""
    table = section.processes
    return list(map(add, table.ints("user_ticks"), table.ints("system_ticks")))


def first_new_start(older: Section, ticks_per_second: int) -> int:
    """From this ``start_ticks`` on a process or thread that ``older`` lacks began after it, give or take 0.1 s.

    Only such a one counts from zero. One that began before was hidden, or has been adopted by the target since, and
    its counters hold a whole life. 0 where the section does not know its time since boot.
    """
    return max(0, int((older.boottime_ns / 1e9 - _START_SLACK_SECONDS) * ticks_per_second))


def rise(newer: int, older: int) -> int:
    """Growth of a counter, zero after a reset."""
    return max(0, newer - older)


def per_s(older: int | None, newer: int | None, seconds: float) -> float | None:
    """Growth a second; None where the kernel does not count."""
    return rise(newer, older) / seconds if older is not None and newer is not None else None


def paired_rows(older: Table, newer: Table, *, key: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Index pairs (older row, newer row) that agree in the ``key`` columns, in the newer order."""
    index = {row: at for at, row in enumerate(older.rows(*key))}
    for at, row in enumerate(newer.rows(*key)):
        match = index.get(row)
        if match is not None:
            yield match, at


def cpu_use(older: CpuSection, newer: CpuSection, seconds: float) -> CpuUse:
    """Busy is everything but idle, iowait and steal."""
    cores = [
        _core_use(older.ticks, newer.ticks, was, now)
        for was, now in paired_rows(older.ticks, newer.ticks, key=("cpu",))
    ]
    return CpuUse(
        total=next(core for core in cores if core.cpu == -1),
        cores=tuple(core for core in cores if core.cpu >= 0),
        forks_per_s=rise(newer.forks_total, older.forks_total) / seconds,
        context_switches_per_s=rise(newer.context_switches_total, older.context_switches_total) / seconds,
        interrupts_per_s=per_s(older.interrupts_total, newer.interrupts_total, seconds),
        softirqs_per_s=per_s(older.softirqs_total, newer.softirqs_total, seconds),
    )


_TICKS = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")


def _core_use(older: Table, newer: Table, was: int, now: int) -> CoreUse:
    ticks = {name: rise(newer.ints(name)[now], older.ints(name)[was]) for name in _TICKS}
    total = max(1, sum(ticks.values()))
    busy = total - ticks["idle"] - ticks["iowait"] - ticks["steal"] if any(ticks.values()) else 0
    return CoreUse(
        cpu=newer.ints("cpu")[now],
        busy_ratio=busy / total,
        user_ratio=(ticks["user"] + ticks["nice"]) / total,
        system_ratio=ticks["system"] / total,
        iowait_ratio=ticks["iowait"] / total,
        steal_ratio=ticks["steal"] / total,
        softirq_ratio=(ticks["irq"] + ticks["softirq"]) / total,
    )


def disk_use(older: Table, newer: Table, seconds: float) -> tuple[DiskUse, ...]:
    """From the tables of devices or of partitions in ``DiskSection``."""
    was_at = {name: row for row, name in enumerate(older.text("name"))}
    uses = []
    for now, name in enumerate(newer.text("name")):
        if name not in was_at:
            continue
        was = was_at[name]

        def grew(column: str, was: int = was, now: int = now) -> int:
            return rise(newer.ints(column)[now], older.ints(column)[was])

        def counted(column: str, was: int = was, now: int = now) -> int | None:
            """None where the kernel does not count it."""
            known = column in newer.columns and column in older.columns and newer.ints(column)[now] >= 0
            return grew(column, was, now) if known else None

        reads, writes = grew("reads_total"), grew("writes_total")
        read_ms, write_ms = grew("read_ms_total"), grew("write_ms_total")
        discards, flushes, flush_ms = (counted(name) for name in ("discards_total", "flushes_total", "flush_ms_total"))
        uses.append(
            DiskUse(
                name=name,
                stacked="stacked" in newer.columns and newer.ints("stacked")[now] == 1,
                busy_ratio=min(1.0, grew("io_ms_total") / 1000 / seconds),
                read_bytes_per_s=grew("read_bytes_total") / seconds,
                write_bytes_per_s=grew("write_bytes_total") / seconds,
                reads_per_s=reads / seconds,
                writes_per_s=writes / seconds,
                await_ms=(read_ms + write_ms) / (reads + writes) if reads + writes else None,
                queue=grew("weighted_ms_total") / 1000 / seconds,
                read_await_ms=read_ms / reads if reads else None,
                write_await_ms=write_ms / writes if writes else None,
                discards_per_s=None if discards is None else discards / seconds,
                flushes_per_s=None if flushes is None else flushes / seconds,
                flush_ms=flush_ms / flushes if flushes and flush_ms is not None else None,
            )
        )
    return tuple(uses)


def network_use(older: Table, newer: Table, seconds: float) -> tuple[NetworkUse, ...]:
    """From the tables of interfaces in ``NetworkSection``."""
    was_at = {name: row for row, name in enumerate(older.text("name"))}
    uses = []
    for now, name in enumerate(newer.text("name")):
        if name not in was_at:
            continue
        was = was_at[name]

        def rate(*columns: str, was: int = was, now: int = now) -> float:
            grown = (rise(newer.ints(c)[now], older.ints(c)[was]) for c in columns)
            return sum(grown) / seconds

        uses.append(
            NetworkUse(
                name=name,
                rx_bytes_per_s=rate("rx_bytes_total"),
                tx_bytes_per_s=rate("tx_bytes_total"),
                drops_per_s=rate("rx_dropped_total", "tx_dropped_total"),
                errors_per_s=rate("rx_errors_total", "tx_errors_total"),
                physical="physical" in newer.columns and newer.ints("physical")[now] == 1,
            )
        )
    return tuple(uses)


def pressure_use(older: PressureSection, newer: PressureSection, seconds: float) -> HostPressure:
    """From the totals, so that the share is of this interval and not of the kernel's last ten seconds."""

    def share(was: PressureLine, now: PressureLine) -> PressureUse:
        return PressureUse(
            some_ratio=min(1.0, rise(now.some_total_us, was.some_total_us) / 1e6 / seconds),
            full_ratio=min(1.0, rise(now.full_total_us, was.full_total_us) / 1e6 / seconds),
        )

    return HostPressure(
        cpu=share(older.cpu, newer.cpu),
        memory=share(older.memory, newer.memory),
        io=share(older.io, newer.io),
        irq_full_ratio=_micros(older.irq_full_total_us, newer.irq_full_total_us, seconds),
    )


def _micros(older: int | None, newer: int | None, seconds: float) -> float | None:
    lost_us = per_s(older, newer, seconds)
    return None if lost_us is None else min(1.0, lost_us / 1e6)
