"""What the target's control group used between two samples, and what it may use: limits as seen from inside."""

from collections.abc import Iterable
from typing import Protocol, TypeVar

import msgspec

from perftui.model.group_sections import IO_COUNTERS, IO_LIMITS, CgroupIo, CgroupPressure, CgroupSection
from perftui.model.rates import PressureUse, rise
from perftui.model.sample import Sample
from perftui.model.units import cpu_list


class GroupIoUse(msgspec.Struct, frozen=True, kw_only=True):
    """A device as the group uses it. ``limit_ratio`` is the use of its tightest limit, None where it has none."""

    name: str
    read_bytes_per_s: float
    write_bytes_per_s: float
    reads_per_s: float
    writes_per_s: float
    limit_ratio: float | None


class GroupPressureUse(msgspec.Struct, frozen=True, kw_only=True):
    """Pressure inside the group."""

    cpu: PressureUse
    memory: PressureUse
    io: PressureUse


class GroupUse(msgspec.Struct, frozen=True, kw_only=True):
    """The target's own group with all below it. None where the controller is not visible.

    ``memory_ratio`` is of the level with the least room left, by its limit or memory.high; None without a limit.
    """

    cpu_cores: float | None
    user_cores: float | None
    system_cores: float | None
    memory_bytes: int | None
    memory_ratio: float | None
    limit_hits_per_s: float | None
    oom_kills_per_s: float | None
    refaults_per_s: float | None
    pids_ratio: float | None
    pressure: GroupPressureUse | None
    devices: tuple[GroupIoUse, ...]


def group_use(older: CgroupSection, newer: CgroupSection, seconds: float) -> GroupUse:
    """Rates are None when the target has moved to another group in between."""
    usage = _same(older.usage, newer.usage)
    memory = _same(older.memory, newer.memory)

    def rate(was: int | None, now: int | None) -> float | None:
        return rise(now, was) / seconds if was is not None and now is not None else None

    def cores(was: int | None, now: int | None) -> float | None:
        growth = rate(was, now)
        return growth / 1e9 if growth is not None else None

    return GroupUse(
        cpu_cores=cores(usage[0].usage_ns_total, usage[1].usage_ns_total) if usage else None,
        user_cores=cores(usage[0].user_ns_total, usage[1].user_ns_total) if usage else None,
        system_cores=cores(usage[0].system_ns_total, usage[1].system_ns_total) if usage else None,
        memory_bytes=newer.memory.current_bytes if newer.memory else None,
        memory_ratio=memory_ratio(newer),
        limit_hits_per_s=rate(memory[0].limit_hits_total, memory[1].limit_hits_total) if memory else None,
        oom_kills_per_s=rate(memory[0].oom_kills_total, memory[1].oom_kills_total) if memory else None,
        refaults_per_s=_sum(
            rate(getattr(memory[0].stat, name), getattr(memory[1].stat, name)) if memory else None
            for name in ("refault_anon_total", "refault_file_total")
        ),
        pids_ratio=newer.pids.current / newer.pids.limit if newer.pids and newer.pids.limit else None,
        pressure=_pressure(older.pressure, newer.pressure, seconds),
        devices=_devices(older.io, newer.io, seconds),
    )


def memory_ratio(section: CgroupSection) -> float | None:
    """Use of the level that is nearest to its limit or memory.high; None without either."""
    ratios = [
        level.current_bytes / limit
        for level in section.memory_levels
        for limit in (level.limit_bytes, level.high_bytes)
        if limit
    ]
    return max(ratios, default=None)


class CpuLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How many CPUs the target may use at once, and what says so (``quota``, ``cpuset``, ``affinity``, ``host``)."""

    cores: float
    by: str
    where: str


class MemoryLimit(msgspec.Struct, frozen=True, kw_only=True):
    """How much memory the target may use, and what says so (``limit``, ``high``, ``host``)."""

    bytes: int
    by: str
    where: str


def cpu_limit(sample: Sample) -> CpuLimit | None:
    """The tightest of the machine's CPUs, the target's affinity, its cpuset, and the quotas of all levels."""
    limits: list[CpuLimit] = []
    if sample.tree is not None:
        limits.append(CpuLimit(cores=sample.tree.cpus_online, by="host", where=""))
    if sample.cgroup is not None:
        if sample.cgroup.cpuset is not None:
            cpuset = sample.cgroup.cpuset
            limits.append(CpuLimit(cores=len(cpu_list(cpuset.cpus)), by="cpuset", where=cpuset.path))
        limits += [
            CpuLimit(cores=level.quota_us / level.period_us, by="quota", where=level.path)
            for level in sample.cgroup.cpu
            if level.quota_us is not None
        ]
    if sample.tree is not None and sample.tree.cpus_allowed_count:
        limits.append(CpuLimit(cores=sample.tree.cpus_allowed_count, by="affinity", where=sample.tree.cpus_allowed))
    return min(limits, key=lambda limit: limit.cores, default=None)


def memory_limit(sample: Sample) -> MemoryLimit | None:
    """The tightest of the machine's memory and the limits of all levels, memory.high among them."""
    limits: list[MemoryLimit] = []
    if sample.memory is not None:
        limits.append(MemoryLimit(bytes=sample.memory.total_bytes, by="host", where=""))
    if sample.cgroup is not None:
        for level in sample.cgroup.memory_levels:
            if level.limit_bytes is not None:
                limits.append(MemoryLimit(bytes=level.limit_bytes, by="limit", where=level.path))
            if level.high_bytes is not None:
                limits.append(MemoryLimit(bytes=level.high_bytes, by="high", where=level.path))
        memory = sample.cgroup.memory
        if memory is not None and memory.hierarchy_limit_bytes is not None:
            limits.append(MemoryLimit(bytes=memory.hierarchy_limit_bytes, by="limit", where="a level above"))
    return min(limits, key=lambda limit: limit.bytes, default=None)


class _HasPath(Protocol):
    @property
    def path(self) -> str: ...


_OfGroup = TypeVar("_OfGroup", bound=_HasPath)


def _same(older: _OfGroup | None, newer: _OfGroup | None) -> tuple[_OfGroup, _OfGroup] | None:
    """Both, when they are of the same group."""
    return (older, newer) if older is not None and newer is not None and older.path == newer.path else None


def _pressure(older: CgroupPressure | None, newer: CgroupPressure | None, seconds: float) -> GroupPressureUse | None:
    pair = _same(older, newer)
    if pair is None:
        return None

    def share(name: str) -> PressureUse:
        some, full = (
            min(1.0, rise(getattr(pair[1], field), getattr(pair[0], field)) / 1e6 / seconds)
            for field in (f"{name}_some_total_us", f"{name}_full_total_us")
        )
        return PressureUse(some_ratio=some, full_ratio=full)

    return GroupPressureUse(cpu=share("cpu"), memory=share("memory"), io=share("io"))


def _devices(older: CgroupIo | None, newer: CgroupIo | None, seconds: float) -> tuple[GroupIoUse, ...]:
    """A device that the group had not used before counts from zero."""
    pair = _same(older, newer)
    if pair is None:
        return ()
    was = dict(zip(pair[0].devices.text("name"), pair[0].devices.rows(*IO_COUNTERS), strict=True))
    uses = []
    for name, counts, limits in zip(
        pair[1].devices.text("name"), pair[1].devices.rows(*IO_COUNTERS), pair[1].devices.rows(*IO_LIMITS), strict=True
    ):
        before = was.get(name, (0, 0, 0, 0))
        rates = [rise(max(0, now), max(0, then)) / seconds for now, then in zip(counts, before, strict=True)]
        used = [rate / limit for rate, limit in zip(rates, limits, strict=True) if limit > 0]
        uses.append(
            GroupIoUse(
                name=name,
                read_bytes_per_s=rates[0],
                write_bytes_per_s=rates[1],
                reads_per_s=rates[2],
                writes_per_s=rates[3],
                limit_ratio=max(used, default=None),
            )
        )
    return tuple(uses)


def _sum(rates: Iterable[float | None]) -> float | None:
    """None where none of them is visible."""
    seen = [rate for rate in rates if rate is not None]
    return sum(seen) if seen else None
