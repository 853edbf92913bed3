"""The series that are drawn over time and exported: about sixty figures from one interval.

``perftui.model.catalogue`` says what each one is. A series without a value in this interval is left out.
"""

from collections.abc import Iterable, Iterator

from perftui.model.interval import Interval
from perftui.model.rates import CpuUse, DiskUse, NetworkUse, rise
from perftui.model.sample import MemorySection
from perftui.model.target_rates import TreeUse

_Series = Iterator[tuple[str, float | None]]


def headline(interval: Interval) -> dict[str, float]:
    """The value of each series in this interval."""
    parts = (_cpu, _memory, _swapping, _pressure, _disks, _networks, _tree, _threads, _cgroup)
    return {name: value for part in parts for name, value in part(interval) if value is not None}


def details(interval: Interval) -> dict[str, float]:
    """The same per CPU, disk and interface, named ``cpu:0``, ``disk-read:vda``, ``net-rx:eth0``."""
    found: dict[str, float] = {}
    for core in interval.cpu.cores if interval.cpu else ():
        found[f"cpu:{core.cpu}"] = core.busy_ratio
    for disk in interval.disks or ():
        found[f"disk-read:{disk.name}"] = disk.read_bytes_per_s
        found[f"disk-write:{disk.name}"] = disk.write_bytes_per_s
        found[f"disk-busy:{disk.name}"] = disk.busy_ratio
        if disk.await_ms is not None:
            found[f"disk-await:{disk.name}"] = disk.await_ms / 1e3
    for network in interval.networks or ():
        found[f"net-rx:{network.name}"] = network.rx_bytes_per_s
        found[f"net-tx:{network.name}"] = network.tx_bytes_per_s
    return found


def _cpu(interval: Interval) -> _Series:
    use, section = interval.cpu, interval.newer.cpu
    if use is not None:
        yield from _cpu_shares(use)
    if section is not None:
        yield "runnable", section.running
        yield "blocked", section.blocked
        yield "load", section.load1


def _cpu_shares(use: CpuUse) -> _Series:
    yield "cpu", use.total.busy_ratio
    yield "cpu-user", use.total.user_ratio
    yield "cpu-system", use.total.system_ratio
    yield "cpu-iowait", use.total.iowait_ratio
    yield "cpu-steal", use.total.steal_ratio
    yield "cpu-irq", use.total.softirq_ratio
    yield "cpu-busiest", max((core.busy_ratio for core in use.cores), default=None)
    yield "context-switches", use.context_switches_per_s
    yield "forks", use.forks_per_s


def _memory(interval: Interval) -> _Series:
    memory = interval.newer.memory
    if memory is None:
        return
    yield "memory", 1 - memory.available_bytes / max(1, memory.total_bytes)
    yield "memory-available", memory.available_bytes
    yield "memory-cached", memory.cached_bytes
    yield "memory-dirty", memory.dirty_bytes + memory.writeback_bytes
    yield "swap", 1 - memory.swap_free_bytes / memory.swap_total_bytes if memory.swap_total_bytes else None


def _swapping(interval: Interval) -> _Series:
    older, newer = interval.older.memory, interval.newer.memory
    if older is None or newer is None or newer.monotonic_ns <= older.monotonic_ns:
        return
    yield "swap-in", newer.page_bytes * _per_s(older, newer, "swap_in_pages_total")
    yield "swap-out", newer.page_bytes * _per_s(older, newer, "swap_out_pages_total")
    yield "major-faults", _per_s(older, newer, "major_faults_total")


def _per_s(older: MemorySection, newer: MemorySection, counter: str) -> float:
    seconds = (newer.monotonic_ns - older.monotonic_ns) / 1e9
    return rise(getattr(newer, counter), getattr(older, counter)) / seconds


def _pressure(interval: Interval) -> _Series:
    pressure = interval.pressure
    if pressure is None:
        return
    yield "psi-cpu", pressure.cpu.some_ratio
    yield "psi-memory", pressure.memory.some_ratio
    yield "psi-memory-full", pressure.memory.full_ratio
    yield "psi-io", pressure.io.some_ratio
    yield "psi-io-full", pressure.io.full_ratio


def _disks(interval: Interval) -> _Series:
    disks: Iterable[DiskUse] | None = interval.disks
    if disks is None:
        return
    yield "disk-read", sum(disk.read_bytes_per_s for disk in disks)
    yield "disk-write", sum(disk.write_bytes_per_s for disk in disks)
    yield "disk-requests", sum(disk.reads_per_s + disk.writes_per_s for disk in disks)
    yield "disk-busy", max((disk.busy_ratio for disk in disks), default=None)
    waits = [disk.await_ms for disk in disks if disk.await_ms is not None]
    yield "disk-await", max(waits) / 1e3 if waits else None
    yield "disk-queue", max((disk.queue for disk in disks), default=None)


def _networks(interval: Interval) -> _Series:
    if interval.networks is None:
        return
    outward: list[NetworkUse] = [network for network in interval.networks if network.name != "lo"]
    yield "net-rx", sum(network.rx_bytes_per_s for network in outward)
    yield "net-tx", sum(network.tx_bytes_per_s for network in outward)
    yield "net-drops", sum(network.drops_per_s for network in outward)
    yield "net-errors", sum(network.errors_per_s for network in outward)


def _tree(interval: Interval) -> _Series:
    tree: TreeUse | None = interval.tree
    if tree is None:
        return
    yield "target-cpu", tree.cpu_cores
    yield "target-system", tree.system_cores
    yield "target-rss", float(tree.rss_bytes)
    yield "target-swap", tree.swap_bytes
    yield "target-read", tree.read_bytes_per_s
    yield "target-write", tree.write_bytes_per_s
    yield "target-minor-faults", tree.minor_faults_per_s
    yield "target-major-faults", tree.major_faults_per_s
    yield "target-processes", tree.processes
    yield "target-threads", tree.threads
    yield "target-fds", tree.fds


def _threads(interval: Interval) -> _Series:
    threads = interval.threads
    if threads is None or interval.tree is None:
        return
    yield "target-delay", sum(thread.delay_ratio for thread in threads)
    known = [
        thread.voluntary_per_s + thread.involuntary_per_s
        for thread in threads
        if thread.voluntary_per_s is not None and thread.involuntary_per_s is not None
    ]
    yield "target-switches", sum(known) if known else None


def _cgroup(interval: Interval) -> _Series:
    quota, cgroup = interval.quota, interval.newer.cgroup
    if quota is not None:
        yield "target-throttled", quota.throttled_periods_ratio
    if cgroup is not None and cgroup.memory is not None:
        yield "target-group-memory", cgroup.memory.current_bytes
