"""The target's control groups: CPU quota at every level, and the memory limit of its own."""

from typing import Literal, cast

from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.cgroupfs import Group, groups_of, levels, parse_membership, parse_mounts
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.group_sections import CgroupCpu, CgroupMemory, CgroupSection
from perftui.model.sample import Sample

_NO_LIMIT_BYTES = 1 << 62
"""A v1 limit above this is the kernel's word for none (LONG_MAX rounded down to a page)."""

_DEFAULT_PERIOD_US = 100_000


class CgroupCollector:
    """Directories are looked up again only when the target moves to another group."""

    name = "cgroup"
    section = "cgroup"

    def __init__(self) -> None:
        self._membership = b""
        self._cpu: tuple[Group, ...] = ()
        self._memory: tuple[Group, ...] = ()

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> CgroupSection:
        if scope.target is None:
            raise NoData("no process is watched", "give a PID")
        now = monotonic_ns()
        self._locate(host, host.read(f"/proc/{scope.target.process.pid}/cgroup"))
        if not self._cpu and not self._memory:
            raise NoData(
                "the target's control group is not visible here",
                "mount the control groups, or run perftui outside the container",
            )
        version, cpu = next(
            ((group.version, found) for group in self._cpu if (found := _cpu_levels(host, group))),
            ((*self._cpu, *self._memory)[0].version, ()),
        )
        memory = next(filter(None, (_memory(host, group) for group in self._memory)), None)
        return CgroupSection(monotonic_ns=now, version=cast(Literal[1, 2], version), cpu=cpu, memory=memory)

    def close(self) -> None:
        """Nothing is kept open."""

    def _locate(self, host: Host, membership: bytes) -> None:
        if membership == self._membership:
            return
        self._membership = membership
        members = parse_membership(membership)
        mounts = parse_mounts(host.read("/proc/self/mountinfo"))
        self._cpu = groups_of("cpu", members, mounts)
        self._memory = groups_of("memory", members, mounts)


def _cpu_levels(host: Host, group: Group) -> tuple[CgroupCpu, ...]:
    """Own level first. The mount point counts only when it has a quota: then it is a container's top, not the root."""
    found = []
    for directory in levels(group):
        level = _cpu_v1(host, directory) if group.version == 1 else _cpu_v2(host, directory)
        if level is not None and (directory != group.top or level.quota_us is not None):
            found.append(level)
    return tuple(found)


def _cpu_v1(host: Host, directory: str) -> CgroupCpu | None:
    quota = _read(host, f"{directory}/cpu.cfs_quota_us")
    if quota is None:
        return None
    counters = _counters(_read(host, f"{directory}/cpu.stat"))
    return CgroupCpu(
        path=visible(directory),
        escaped=visible(directory) != directory,
        quota_us=int(quota) if int(quota) > 0 else None,
        period_us=int(_read(host, f"{directory}/cpu.cfs_period_us") or _DEFAULT_PERIOD_US),
        periods_total=counters.get("nr_periods", 0),
        throttled_periods_total=counters.get("nr_throttled", 0),
        throttled_ns_total=counters.get("throttled_time", 0),
    )


def _cpu_v2(host: Host, directory: str) -> CgroupCpu | None:
    limit = _read(host, f"{directory}/cpu.max")
    if limit is None:
        return None  # the root, or a level where the controller is not enabled
    quota, period = limit.split()
    counters = _counters(_read(host, f"{directory}/cpu.stat"))
    return CgroupCpu(
        path=visible(directory),
        escaped=visible(directory) != directory,
        quota_us=None if quota == "max" else int(quota),
        period_us=int(period),
        periods_total=counters.get("nr_periods", 0),
        throttled_periods_total=counters.get("nr_throttled", 0),
        throttled_ns_total=counters.get("throttled_usec", 0) * 1000,
    )


def _memory(host: Host, group: Group) -> CgroupMemory | None:
    return _memory_v1(host, group.directory) if group.version == 1 else _memory_v2(host, group.directory)


def _memory_v1(host: Host, directory: str) -> CgroupMemory | None:
    current = _read(host, f"{directory}/memory.usage_in_bytes")
    limit = _read(host, f"{directory}/memory.limit_in_bytes")
    if current is None or limit is None:
        return None
    return CgroupMemory(
        path=visible(directory),
        current_bytes=int(current),
        limit_bytes=int(limit) if int(limit) < _NO_LIMIT_BYTES else None,
        high_bytes=None,
        limit_hits_total=int(_read(host, f"{directory}/memory.failcnt") or 0),
        oom_kills_total=_counters(_read(host, f"{directory}/memory.oom_control")).get("oom_kill", 0),
    )


def _memory_v2(host: Host, directory: str) -> CgroupMemory | None:
    current = _read(host, f"{directory}/memory.current")
    limit = _read(host, f"{directory}/memory.max")
    if current is None or limit is None:
        return None
    events = _counters(_read(host, f"{directory}/memory.events"))
    return CgroupMemory(
        path=visible(directory),
        current_bytes=int(current),
        limit_bytes=_limit(limit),
        high_bytes=_limit(_read(host, f"{directory}/memory.high") or "max"),
        limit_hits_total=events.get("high", 0) + events.get("max", 0),
        oom_kills_total=events.get("oom_kill", 0),
    )


def _limit(text: str) -> int | None:
    return None if text == "max" else int(text)


def _counters(text: str | None) -> dict[str, int]:
    """``name number`` lines."""
    return {name: int(value) for name, _, value in (line.partition(" ") for line in (text or "").splitlines())}


def _read(host: Host, path: str) -> str | None:
    try:
        return host.text(path)
    except NoData:
        return None
