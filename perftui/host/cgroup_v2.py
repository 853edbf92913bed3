"""The files of a control group, version 2: text in, structs out. None where a controller is not enabled."""

import re

from perftui.host.cgroupfs import content, counters, limit_of, number
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.group_sections import (
    CgroupCpu,
    CgroupCpuset,
    CgroupMemory,
    CgroupMemoryLevel,
    CgroupMemoryStat,
    CgroupPids,
    CgroupPressure,
    CgroupUsage,
)

_STALL = re.compile(r"^(some|full) .*total=(\d+)", re.MULTILINE)
_STAT = {
    "anon_bytes": "anon",
    "file_bytes": "file",
    "shmem_bytes": "shmem",
    "mapped_bytes": "file_mapped",
    "dirty_bytes": "file_dirty",
    "writeback_bytes": "file_writeback",
    "kernel_bytes": "kernel",
    "slab_bytes": "slab",
    "slab_reclaimable_bytes": "slab_reclaimable",
    "page_tables_bytes": "pagetables",
    "socket_bytes": "sock",
    "unevictable_bytes": "unevictable",
    "refault_anon_total": "workingset_refault_anon",
    "refault_file_total": "workingset_refault_file",
    "major_faults_total": "pgmajfault",
    "scanned_pages_total": "pgscan",
    "reclaimed_pages_total": "pgsteal",
}


def cpu(host: Host, directory: str) -> CgroupCpu | None:
    """None in the root, or where the controller is not enabled."""
    limit = content(host, f"{directory}/cpu.max")
    if limit is None:
        return None
    quota, period = limit.split()
    stat = counters(content(host, f"{directory}/cpu.stat"))
    burst_us = stat.get("burst_usec")
    return CgroupCpu(
        path=visible(directory),
        escaped=visible(directory) != directory,
        quota_us=limit_of(quota),
        period_us=int(period),
        periods_total=stat.get("nr_periods", 0),
        throttled_periods_total=stat.get("nr_throttled", 0),
        throttled_ns_total=stat.get("throttled_usec", 0) * 1000,
        weight=number(host, f"{directory}/cpu.weight"),
        burst_us=number(host, f"{directory}/cpu.max.burst"),
        bursts_total=stat.get("nr_bursts"),
        burst_ns_total=burst_us * 1000 if burst_us is not None else None,
    )


def usage(host: Host, directory: str) -> CgroupUsage | None:
    """Counted in every group, also where the controller is not enabled."""
    stat = counters(content(host, f"{directory}/cpu.stat"))
    if "usage_usec" not in stat:
        return None
    return CgroupUsage(
        path=visible(directory),
        usage_ns_total=stat["usage_usec"] * 1000,
        user_ns_total=stat.get("user_usec", 0) * 1000,
        system_ns_total=stat.get("system_usec", 0) * 1000,
    )


def memory_level(host: Host, directory: str) -> CgroupMemoryLevel | None:
    current, limit = number(host, f"{directory}/memory.current"), content(host, f"{directory}/memory.max")
    if current is None or limit is None:
        return None
    high = content(host, f"{directory}/memory.high")
    return CgroupMemoryLevel(
        path=visible(directory), current_bytes=current, limit_bytes=limit_of(limit), high_bytes=limit_of(high or "max")
    )


def memory(host: Host, directory: str) -> CgroupMemory | None:
    level = memory_level(host, directory)
    if level is None:
        return None
    events = counters(content(host, f"{directory}/memory.events"))
    stat = counters(content(host, f"{directory}/memory.stat"))
    return CgroupMemory(
        path=level.path,
        current_bytes=level.current_bytes,
        limit_bytes=level.limit_bytes,
        high_bytes=level.high_bytes,
        limit_hits_total=events.get("high", 0) + events.get("max", 0),
        oom_kills_total=events.get("oom_kill", 0),
        peak_bytes=number(host, f"{directory}/memory.peak"),
        low_bytes=number(host, f"{directory}/memory.low"),
        min_bytes=number(host, f"{directory}/memory.min"),
        swap_bytes=number(host, f"{directory}/memory.swap.current"),
        swap_limit_bytes=number(host, f"{directory}/memory.swap.max"),
        low_events_total=events.get("low"),
        high_events_total=events.get("high"),
        max_events_total=events.get("max"),
        oom_events_total=events.get("oom"),
        stat=CgroupMemoryStat(**{field: stat.get(name) for field, name in _STAT.items()}),
    )


def io_counts(host: Host, directory: str) -> dict[str, dict[str, int]] | None:
    """Device numbers (``8:0``) → ``rbytes wbytes rios wios``."""
    text = content(host, f"{directory}/io.stat")
    return None if text is None else _by_device(text)


def io_limits(host: Host, directory: str) -> dict[str, dict[str, int]]:
    """Device numbers → ``rbps wbps riops wiops`` that are limited."""
    return _by_device(content(host, f"{directory}/io.max") or "")


def io_weight(host: Host, directory: str) -> int | None:
    """``default 100`` and lines for single devices, which are left out."""
    return counters(content(host, f"{directory}/io.weight")).get("default")


def _by_device(text: str) -> dict[str, dict[str, int]]:
    found = {}
    for line in text.splitlines():
        device, *pairs = line.split()
        named = (pair.partition("=") for pair in pairs)
        found[device] = {name: int(figure) for name, _, figure in named if figure.isdigit()}
    return found


def pids(host: Host, directory: str) -> CgroupPids | None:
    """The same in both versions."""
    current, limit = number(host, f"{directory}/pids.current"), content(host, f"{directory}/pids.max")
    if current is None or limit is None:
        return None
    hits = counters(content(host, f"{directory}/pids.events")).get("max")
    return CgroupPids(path=visible(directory), current=current, limit=limit_of(limit), limit_hits_total=hits)


def cpuset(host: Host, directory: str) -> CgroupCpuset | None:
    cpus = content(host, f"{directory}/cpuset.cpus.effective")
    nodes = content(host, f"{directory}/cpuset.mems.effective")
    return CgroupCpuset(path=visible(directory), cpus=cpus, nodes=nodes or "") if cpus else None


def pressure(host: Host, directory: str) -> CgroupPressure | None:
    stalls = {
        f"{name}_{kind}_total_us": int(total)
        for name in ("cpu", "memory", "io")
        for kind, total in _STALL.findall(content(host, f"{directory}/{name}.pressure") or "")
    }
    if not all(f"{name}_some_total_us" in stalls for name in ("cpu", "memory", "io")):
        return None
    return CgroupPressure(path=visible(directory), **({"cpu_full_total_us": 0} | stalls))
