"""The target's control groups: what they use, what they may use, and whose they are.

Everything is of the target's own group unless it says levels: those go from its own up to the highest one that can be
seen. A limit is None where there is none; any other field is None where it is not visible.
"""

from typing import Literal

import msgspec

from perftui.model.section import Section
from perftui.model.table import Table


class CgroupCpu(msgspec.Struct, frozen=True, kw_only=True):
    """One level of the cpu controller. ``quota_us`` is None for ``max``.

    ``escaped``: ``path`` has characters spelled out to be shown, so it is not the name of a directory. ``weight`` is
    cpu.weight (version 2, 100 by default), ``shares`` is cpu.shares (version 1, 1024 by default). A burst is what the
    group may use beyond its quota with time that it saved up.
    """

    path: str
    quota_us: int | None
    period_us: int
    periods_total: int
    throttled_periods_total: int
    throttled_ns_total: int
    escaped: bool = False
    weight: int | None = None
    shares: int | None = None
    burst_us: int | None = None
    bursts_total: int | None = None
    burst_ns_total: int | None = None


class CgroupUsage(msgspec.Struct, frozen=True, kw_only=True):
    """CPU time of the group with all below it: cpuacct.usage (version 1), cpu.stat (version 2)."""

    path: str
    usage_ns_total: int
    user_ns_total: int | None
    system_ns_total: int | None


class CgroupMemoryStat(msgspec.Struct, frozen=True, kw_only=True):
    """``memory.stat``: what the memory of the group is, with all below it.

    ``kernel_bytes`` includes slab, page tables, stacks. The ``_total`` fields are counters of pages or faults.
    """

    anon_bytes: int | None = None
    file_bytes: int | None = None
    shmem_bytes: int | None = None
    mapped_bytes: int | None = None
    dirty_bytes: int | None = None
    writeback_bytes: int | None = None
    kernel_bytes: int | None = None
    slab_bytes: int | None = None
    slab_reclaimable_bytes: int | None = None
    page_tables_bytes: int | None = None
    socket_bytes: int | None = None
    unevictable_bytes: int | None = None
    refault_anon_total: int | None = None
    refault_file_total: int | None = None
    major_faults_total: int | None = None
    scanned_pages_total: int | None = None
    reclaimed_pages_total: int | None = None


class CgroupMemory(msgspec.Struct, frozen=True, kw_only=True):
    """The memory controller of the target's own group; limits are None for ``max``.

    ``limit_hits_total`` is the sum of the events high and max (version 2), or failcnt (version 1). ``low_bytes`` and
    ``min_bytes`` are protections; version 1 has ``soft_limit_bytes`` instead. ``swap_limit_bytes`` is of swap alone in
    version 2, and ``memory_and_swap_limit_bytes`` of both together in version 1. ``hierarchy_limit_bytes`` is what
    version 1 says is the least limit of all levels, also of those out of sight.
    """

    path: str
    current_bytes: int
    limit_bytes: int | None
    high_bytes: int | None
    limit_hits_total: int
    oom_kills_total: int
    peak_bytes: int | None = None
    low_bytes: int | None = None
    min_bytes: int | None = None
    soft_limit_bytes: int | None = None
    swap_bytes: int | None = None
    swap_limit_bytes: int | None = None
    memory_and_swap_limit_bytes: int | None = None
    hierarchy_limit_bytes: int | None = None
    low_events_total: int | None = None
    high_events_total: int | None = None
    max_events_total: int | None = None
    oom_events_total: int | None = None
    stat: CgroupMemoryStat = CgroupMemoryStat()


class CgroupMemoryLevel(msgspec.Struct, frozen=True, kw_only=True):
    """What one level of the memory controller holds and may hold."""

    path: str
    current_bytes: int
    limit_bytes: int | None
    high_bytes: int | None


IO_COUNTERS = ("read_bytes_total", "write_bytes_total", "reads_total", "writes_total")
IO_LIMITS = ("read_bytes_limit", "write_bytes_limit", "reads_limit", "writes_limit")
"""Limits are per second."""


class CgroupIo(msgspec.Struct, frozen=True, kw_only=True):
    """io.stat and io.max (version 2), or blkio.throttle.* (version 1), by device.

    Text column ``name`` (as in /dev), columns ``IO_COUNTERS`` and ``IO_LIMITS``; -1 where there is no limit or
    nothing is counted. ``weight`` is io.weight or blkio.bfq.weight.
    """

    path: str
    devices: Table
    weight: int | None = None


class CgroupPids(msgspec.Struct, frozen=True, kw_only=True):
    """Processes and threads in the group and below; ``limit_hits_total`` counts forks that failed at a limit."""

    path: str
    current: int
    limit: int | None
    limit_hits_total: int | None


class CgroupCpuset(msgspec.Struct, frozen=True, kw_only=True):
    """The CPUs and memory nodes in effect, as the kernel's lists (``0-1,3``)."""

    path: str
    cpus: str
    nodes: str


class CgroupPressure(msgspec.Struct, frozen=True, kw_only=True):
    """Pressure stall information of the group (version 2 only), totals in microseconds."""

    path: str
    cpu_some_total_us: int
    cpu_full_total_us: int
    memory_some_total_us: int
    memory_full_total_us: int
    io_some_total_us: int
    io_full_total_us: int


class CgroupSection(Section, frozen=True, kw_only=True):
    """The target's control groups: ``cpu`` and ``memory_levels`` from its own level up to (not including) the root."""

    version: Literal[1, 2]
    cpu: tuple[CgroupCpu, ...]
    memory: CgroupMemory | None
    usage: CgroupUsage | None = None
    memory_levels: tuple[CgroupMemoryLevel, ...] = ()
    io: CgroupIo | None = None
    pids: CgroupPids | None = None
    cpuset: CgroupCpuset | None = None
    pressure: CgroupPressure | None = None


SHORT_ID = 12
"""Characters of a container's id that are shown, as docker and podman do."""


class Container(msgspec.Struct, frozen=True, kw_only=True):
    """A container as its control group's path and, where readable, its runtime's own files tell.

    ``runtime``: docker, podman, containerd, cri-o, lxc; empty where the path does not tell. ``id`` is whole (for LXC
    the name). The names are empty where they are not known.
    """

    runtime: str
    id: str
    name: str = ""
    image: str = ""
    pod: str = ""
    namespace: str = ""
    pod_uid: str = ""

    @property
    def label(self) -> str:
        """``docker web``, ``pod shop/cart-1 app``, ``podman 0123456789ab``."""
        called = self.name or self.id[:SHORT_ID]
        if self.pod:
            return f"pod {self.namespace}/{self.pod} {called}"
        if self.pod_uid:
            return f"pod {self.pod_uid} {called}"
        return f"{self.runtime or 'container'} {called}"


class GroupSection(Section, frozen=True, kw_only=True):
    """Whose the target is: systemd unit, slice and container, empty and None where there is none.

    ``path`` is that of the target's group in the hierarchy where it is deepest known (version 2, else systemd's own,
    else any). ``user_unit`` is a unit of a user's own manager. ``processes``: ``pid inner_pid``, the PID that a process
    has in its own PID namespace; -1 where that is this one, or not readable.
    """

    path: str
    unit: str
    user_unit: str
    slice: str
    container: Container | None
    processes: Table

    @property
    def label(self) -> str:
        """The container, else the unit; empty when it is in neither."""
        return self.container.label if self.container else self.user_unit or self.unit
