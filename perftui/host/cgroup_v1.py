"""The files of a control group, version 1: text in, structs out. None where the hierarchy lacks the controller."""

from perftui.host.cgroupfs import content, counters, number
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.group_sections import (
    CgroupCpu,
    CgroupCpuset,
    CgroupMemory,
    CgroupMemoryLevel,
    CgroupMemoryStat,
    CgroupUsage,
)

_NO_LIMIT_BYTES = 1 << 62
"""A limit above this is the kernel's word for none (LONG_MAX rounded down to a page)."""

_DEFAULT_PERIOD_US = 100_000
_STAT = {
    "anon_bytes": "total_rss",
    "file_bytes": "total_cache",
    "shmem_bytes": "total_shmem",
    "mapped_bytes": "total_mapped_file",
    "dirty_bytes": "total_dirty",
    "writeback_bytes": "total_writeback",
    "unevictable_bytes": "total_unevictable",
    "refault_anon_total": "total_workingset_refault_anon",
    "refault_file_total": "total_workingset_refault_file",
    "major_faults_total": "total_pgmajfault",
}
_LIMIT_FILES = {
    "rbps": "read_bps_device",
    "wbps": "write_bps_device",
    "riops": "read_iops_device",
    "wiops": "write_iops_device",
}


def cpu(host: Host, directory: str) -> CgroupCpu | None:
    quota = content(host, f"{directory}/cpu.cfs_quota_us")
    if quota is None:
        return None
    stat = counters(content(host, f"{directory}/cpu.stat"))
    return CgroupCpu(
        path=visible(directory),
        escaped=visible(directory) != directory,
        quota_us=int(quota) if int(quota) > 0 else None,
        period_us=number(host, f"{directory}/cpu.cfs_period_us") or _DEFAULT_PERIOD_US,
        periods_total=stat.get("nr_periods", 0),
        throttled_periods_total=stat.get("nr_throttled", 0),
        throttled_ns_total=stat.get("throttled_time", 0),
        shares=number(host, f"{directory}/cpu.shares"),
        burst_us=number(host, f"{directory}/cpu.cfs_burst_us"),
        bursts_total=stat.get("nr_bursts"),
        burst_ns_total=stat.get("burst_time"),
    )


def usage(host: Host, directory: str) -> CgroupUsage | None:
    total = number(host, f"{directory}/cpuacct.usage")
    if total is None:
        return None
    return CgroupUsage(
        path=visible(directory),
        usage_ns_total=total,
        user_ns_total=number(host, f"{directory}/cpuacct.usage_user"),
        system_ns_total=number(host, f"{directory}/cpuacct.usage_sys"),
    )


def memory_level(host: Host, directory: str) -> CgroupMemoryLevel | None:
    current = number(host, f"{directory}/memory.usage_in_bytes")
    limit = number(host, f"{directory}/memory.limit_in_bytes")
    if current is None or limit is None:
        return None
    return CgroupMemoryLevel(
        path=visible(directory), current_bytes=current, limit_bytes=_below_none(limit), high_bytes=None
    )


def memory(host: Host, directory: str) -> CgroupMemory | None:
    level = memory_level(host, directory)
    if level is None:
        return None
    stat = counters(content(host, f"{directory}/memory.stat"))
    kills = counters(content(host, f"{directory}/memory.oom_control"))
    return CgroupMemory(
        path=level.path,
        current_bytes=level.current_bytes,
        limit_bytes=level.limit_bytes,
        high_bytes=None,
        limit_hits_total=number(host, f"{directory}/memory.failcnt") or 0,
        oom_kills_total=kills.get("oom_kill", 0),
        peak_bytes=number(host, f"{directory}/memory.max_usage_in_bytes"),
        soft_limit_bytes=_below_none(number(host, f"{directory}/memory.soft_limit_in_bytes")),
        swap_bytes=stat.get("total_swap"),
        memory_and_swap_limit_bytes=_below_none(number(host, f"{directory}/memory.memsw.limit_in_bytes")),
        hierarchy_limit_bytes=_below_none(stat.get("hierarchical_memory_limit")),
        stat=CgroupMemoryStat(
            **{field: stat.get(name) for field, name in _STAT.items()},
            kernel_bytes=number(host, f"{directory}/memory.kmem.usage_in_bytes"),
            socket_bytes=number(host, f"{directory}/memory.kmem.tcp.usage_in_bytes"),
        ),
    )


def io_counts(host: Host, directory: str) -> dict[str, dict[str, int]] | None:
    """As of version 2. The throttling layer counts what passes it, whether or not it has a limit."""
    amounts = _of_blkio(host, directory, "io_service_bytes")
    requests = _of_blkio(host, directory, "io_serviced")
    if amounts is None or requests is None:
        return None
    found: dict[str, dict[str, int]] = {}
    for counts, names in ((amounts, ("rbytes", "wbytes")), (requests, ("rios", "wios"))):
        for device, (read, written) in counts.items():
            found.setdefault(device, {}).update(zip(names, (read, written), strict=True))
    return found


def io_limits(host: Host, directory: str) -> dict[str, dict[str, int]]:
    """As of version 2."""
    found: dict[str, dict[str, int]] = {}
    for name, file in _LIMIT_FILES.items():
        for device, limit in counters(content(host, f"{directory}/blkio.throttle.{file}")).items():
            found.setdefault(device, {})[name] = limit
    return found


def io_weight(host: Host, directory: str) -> int | None:
    return number(host, f"{directory}/blkio.bfq.weight")


def _of_blkio(host: Host, directory: str, name: str) -> dict[str, tuple[int, int]] | None:
    """Lines of ``8:0 Read 4096``, with those below where the kernel adds them up (since 4.17)."""
    path = f"{directory}/blkio.throttle.{name}"
    text = content(host, f"{path}_recursive")
    if text is None and (text := content(host, path)) is None:
        return None
    counts = counters(text)
    devices = dict.fromkeys(key.partition(" ")[0] for key in counts if " " in key)
    return {device: (counts.get(f"{device} Read", 0), counts.get(f"{device} Write", 0)) for device in devices}


def cpuset(host: Host, directory: str) -> CgroupCpuset | None:
    """Without the effective lists (before Linux 4.x, or with cpuset.clone) the group's own are in effect."""
    cpus = content(host, f"{directory}/cpuset.effective_cpus") or content(host, f"{directory}/cpuset.cpus")
    nodes = content(host, f"{directory}/cpuset.effective_mems") or content(host, f"{directory}/cpuset.mems")
    return CgroupCpuset(path=visible(directory), cpus=cpus, nodes=nodes or "") if cpus else None


def _below_none(limit: int | None) -> int | None:
    return limit if limit is not None and limit < _NO_LIMIT_BYTES else None
