"""What the target's control groups use, and what they may use."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar, cast

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host import cgroup_v1, cgroup_v2
from perftui.host.cgroupfs import (
    Group,
    Membership,
    groups_of,
    is_root,
    levels,
    parse_membership,
    parse_mounts,
    within,
)
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.group_sections import IO_COUNTERS, IO_LIMITS, CgroupCpu, CgroupIo, CgroupMemoryLevel, CgroupSection
from perftui.model.sample import Sample
from perftui.model.table import Table

_CONTROLLERS = ("cpu", "cpuacct", "memory", "blkio", "pids", "cpuset")
"""Names of version 1; version 2 has all of its own in one hierarchy, so any name finds that too."""

_CPU = {1: cgroup_v1.cpu, 2: cgroup_v2.cpu}
_USAGE = {1: cgroup_v1.usage, 2: cgroup_v2.usage}
_MEMORY = {1: cgroup_v1.memory, 2: cgroup_v2.memory}
_MEMORY_LEVEL = {1: cgroup_v1.memory_level, 2: cgroup_v2.memory_level}
_CPUSET = {1: cgroup_v1.cpuset, 2: cgroup_v2.cpuset}
_PIDS = {1: cgroup_v2.pids, 2: cgroup_v2.pids}
_IO_COUNTS = {1: cgroup_v1.io_counts, 2: cgroup_v2.io_counts}
_IO_LIMITS = {1: cgroup_v1.io_limits, 2: cgroup_v2.io_limits}
_IO_WEIGHT = {1: cgroup_v1.io_weight, 2: cgroup_v2.io_weight}

_Reading = TypeVar("_Reading")
_Readers = Mapping[int, Callable[[Host, str], _Reading | None]]
"""By version."""


class CgroupCollector(Collector):
    """Directories are looked up again only when the target moves to another group."""

    name = "cgroup"
    section = "cgroup"

    def __init__(self) -> None:
        self._membership = b""
        self._groups: dict[str, tuple[Group, ...]] = {}
        self._own_groups: dict[str, tuple[Group, ...]] = {}
        self._devices: dict[str, str] = {}

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> CgroupSection:
        if scope.target is None:
            raise NoData("no process is watched", "give a PID")
        now = monotonic_ns()
        membership = host.read(f"/proc/{scope.target.process.pid}/cgroup")
        if membership != self._membership:
            self._locate(host, membership, scope.target.target.group)
        cpu, memory = self._groups["cpu"], self._groups["memory"]
        if not cpu and not memory:
            raise NoData(
                "the target's control group is not visible here",
                "mount the control groups, or run perftui outside the container",
            )
        version, cpu_levels = next(
            ((group.version, found) for group in cpu if (found := _cpu_levels(host, group))),
            ((*cpu, *memory)[0].version, ()),
        )
        return CgroupSection(
            monotonic_ns=now,
            version=cast(Literal[1, 2], version),
            cpu=cpu_levels,
            usage=self._own(host, "cpuacct", _USAGE),
            memory=self._own(host, "memory", _MEMORY),
            memory_levels=next(filter(None, (_memory_levels(host, group) for group in memory)), ()),
            io=self._io(host),
            pids=self._own(host, "pids", _PIDS),
            cpuset=_first(host, self._groups["cpuset"], _CPUSET),
            pressure=self._own(host, "pressure", {2: cgroup_v2.pressure}),
        )

    def _locate(self, host: Host, membership: bytes, top: str) -> None:
        """``top``: the path of the target's own group, where that is more than its main process's."""
        members = tuple(Membership(one.controllers, within(one.path, top)) for one in parse_membership(membership))
        mounts = parse_mounts(host.read("/proc/self/mountinfo"))
        self._groups = {name: groups_of(name, members, mounts) for name in _CONTROLLERS}
        self._groups["pressure"] = tuple(group for group in self._groups["cpu"] if group.version == 2)
        self._own_groups = {
            name: tuple(group for group in groups if not is_root(host, group)) for name, groups in self._groups.items()
        }
        self._membership = membership

    def _own(self, host: Host, name: str, readers: _Readers[_Reading]) -> _Reading | None:
        """Of the target's own group, but not of the root, where the figures are the whole host's."""
        return _first(host, self._own_groups[name], readers)

    def _io(self, host: Host) -> CgroupIo | None:
        for group in self._own_groups["blkio"]:
            counts = _IO_COUNTS[group.version](host, group.directory)
            if counts is None:
                continue
            limits = _IO_LIMITS[group.version](host, group.directory)
            devices = list(dict.fromkeys((*counts, *limits)))
            columns = {
                **_columns(IO_COUNTERS, ("rbytes", "wbytes", "rios", "wios"), counts, devices),
                **_columns(IO_LIMITS, ("rbps", "wbps", "riops", "wiops"), limits, devices),
            }
            return CgroupIo(
                path=visible(group.directory),
                devices=Table.of(columns, {"name": [self._device(host, device) for device in devices]}),
                weight=_IO_WEIGHT[group.version](host, group.directory),
            )
        return None

    def _device(self, host: Host, numbers: str) -> str:
        """``8:0`` → ``sda``, looked up once."""
        if numbers not in self._devices:
            try:
                self._devices[numbers] = visible(host.link(f"/sys/dev/block/{numbers}").rpartition("/")[2])
            except NoData:
                self._devices[numbers] = numbers
        return self._devices[numbers]


def _first(host: Host, groups: tuple[Group, ...], readers: _Readers[_Reading]) -> _Reading | None:
    """From the first hierarchy that has the files."""
    readings = (readers[group.version](host, group.directory) for group in groups)
    return next((reading for reading in readings if reading is not None), None)


def _columns(
    names: tuple[str, ...], keys: tuple[str, ...], figures: dict[str, dict[str, int]], devices: list[str]
) -> dict[str, list[int]]:
    return {
        name: [figures.get(device, {}).get(key, -1) for device in devices]
        for name, key in zip(names, keys, strict=True)
    }


def _cpu_levels(host: Host, group: Group) -> tuple[CgroupCpu, ...]:
    """Own level first. The mount point counts only when it has a quota: then it is a container's top, not the root."""
    found = []
    for directory in levels(group):
        level = _CPU[group.version](host, directory)
        if level is not None and (directory != group.top or level.quota_us is not None):
            found.append(level)
    return tuple(found)


def _memory_levels(host: Host, group: Group) -> tuple[CgroupMemoryLevel, ...]:
    """As of the cpu: the mount point counts when it has a limit."""
    found = []
    for directory in levels(group):
        level = _MEMORY_LEVEL[group.version](host, directory)
        if level is not None and (directory != group.top or level.limit_bytes or level.high_bytes):
            found.append(level)
    return tuple(found)
