"""The series that are drawn over time and exported: about sixty figures from one interval.

``perftui.model.catalogue`` says what each one is. A series without a value in this interval is left out.
"""

from collections.abc import Iterable, Iterator

from perftui.model.interval import Interval
from perftui.model.process_rates import limit_uses
from perftui.model.rates import CpuUse

_Series = Iterator[tuple[str, float | None]]


def headline(interval: Interval) -> dict[str, float]:
    """The value of each series in this interval."""
    return {name: value for part in _PARTS for name, value in part(interval) if value is not None}


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


# ---- the host


def _cpu(interval: Interval) -> _Series:
    use, section = interval.cpu, interval.newer.cpu
    if use is not None:
        yield from _cpu_shares(use)
    if section is not None:
        yield "runnable", section.running
        yield "blocked", section.blocked
        yield "load", section.load1
    if interval.frequency is not None and (mean := interval.frequency.mean_mhz) is not None:
        yield "cpu-frequency", mean * 1e6


def _cpu_shares(use: CpuUse) -> _Series:
    yield "cpu", use.total.busy_ratio
    yield "cpu-user", use.total.user_ratio
    yield "cpu-system", use.total.system_ratio
    yield "cpu-iowait", use.total.iowait_ratio
    yield "cpu-steal", use.total.steal_ratio
    yield "cpu-irq", use.total.softirq_ratio
    yield "cpu-busiest", _most(core.busy_ratio for core in use.cores)
    yield "context-switches", use.context_switches_per_s
    yield "forks", use.forks_per_s


def _memory(interval: Interval) -> _Series:
    memory, use, vm = interval.newer.memory, interval.memory, interval.vm
    if memory is not None:
        yield "memory", 1 - memory.available_bytes / max(1, memory.total_bytes)
        yield "memory-cached", memory.cached_bytes
        yield "memory-dirty", memory.dirty_bytes + memory.writeback_bytes
        yield "swap", 1 - memory.swap_free_bytes / memory.swap_total_bytes if memory.swap_total_bytes else None
    if use is not None:
        yield "swap-in", use.swap_in_bytes_per_s
        yield "swap-out", use.swap_out_bytes_per_s
        yield "major-faults", use.major_faults_per_s
    if vm is not None:
        yield "refaults", vm.file_refaults_per_s
        yield "allocation-stalls", vm.allocation_stalls_per_s


def _pressure(interval: Interval) -> _Series:
    pressure = interval.pressure
    if pressure is None:
        return
    yield "psi-cpu", pressure.cpu.some_ratio
    yield "psi-memory", pressure.memory.some_ratio
    yield "psi-io", pressure.io.some_ratio


def _disks(interval: Interval) -> _Series:
    disks = interval.disks
    if disks is not None:
        base = [disk for disk in disks if not disk.stacked]
        yield "disk-read", sum(disk.read_bytes_per_s for disk in base)
        yield "disk-write", sum(disk.write_bytes_per_s for disk in base)
        yield "disk-requests", sum(disk.reads_per_s + disk.writes_per_s for disk in base)
        yield "disk-busy", _most(disk.busy_ratio for disk in disks)
        yield "disk-await", _most(disk.await_ms / 1e3 for disk in disks if disk.await_ms is not None)
        yield "disk-queue", _most(disk.queue for disk in disks)
    if interval.filesystems is not None:
        yield "filesystem", _most(mount.used_ratio for mount in interval.filesystems)
        yield "inodes", _most(mount.inodes_ratio for mount in interval.filesystems)


def _networks(interval: Interval) -> _Series:
    if interval.networks is not None:
        cards = [network for network in interval.networks if network.physical]
        outward = cards or [network for network in interval.networks if network.name != "lo"]
        yield "net-rx", sum(network.rx_bytes_per_s for network in outward)
        yield "net-tx", sum(network.tx_bytes_per_s for network in outward)
        yield "net-drops", sum(network.drops_per_s + network.errors_per_s for network in outward)
    if interval.softnet is not None:
        yield "softnet-drops", interval.softnet.dropped_per_s


def _protocols(interval: Interval) -> _Series:
    use, section = interval.protocols, interval.newer.protocols
    if section is not None:
        yield "tcp-connections", section.host.tcp_established
    if use is not None:
        yield "tcp-retransmits", use.host.retransmit_ratio
        yield "listen-overflows", use.host.tcp_listen_overflows_per_s
        yield "conntrack", use.conntrack_ratio


def _sensors(interval: Interval) -> _Series:
    sensors = interval.sensors
    if sensors is None:
        return
    yield "temperature", _most(reading.value for reading in sensors.readings if reading.kind == "temperature")
    packages = [zone.watts for zone in sensors.power if zone.zone.startswith("package")]
    yield "power", sum(packages) if packages else None


def _gpus(interval: Interval) -> _Series:
    section = interval.newer.gpus
    if section is None:
        return
    yield "gpu", _most(gpu.busy_ratio for gpu in section.gpus)
    shares = (
        gpu.memory_used_bytes / gpu.memory_total_bytes
        for gpu in section.gpus
        if gpu.memory_used_bytes is not None and gpu.memory_total_bytes
    )
    yield "gpu-memory", _most(shares)
    watts = [gpu.power_watts for gpu in section.gpus if gpu.power_watts is not None]
    yield "gpu-power", sum(watts) if watts else None


# ---- the target


def _tree(interval: Interval) -> _Series:
    tree = interval.tree
    if tree is None:
        return
    yield "target-cpu", tree.cpu_cores
    yield "target-system", tree.system_cores
    yield "target-rss", tree.rss_bytes
    yield "target-swap", tree.swap_bytes
    yield "target-read", tree.read_bytes_per_s
    yield "target-write", tree.write_bytes_per_s
    yield "target-minor-faults", tree.minor_faults_per_s
    yield "target-major-faults", tree.major_faults_per_s
    yield "target-processes", tree.processes
    yield "target-threads", tree.threads
    yield "target-fds", tree.fds


def _threads(interval: Interval) -> _Series:
    totals = interval.thread_totals
    if totals is not None and interval.tree is not None:
        yield "target-delay", totals.delay_ratio
        yield "target-switches", totals.switches_per_s


def _group(interval: Interval) -> _Series:
    quota, group = interval.quota, interval.cgroup
    if quota is not None:
        yield "target-throttled", quota.throttled_periods_ratio
    if group is not None:
        yield "target-group-cpu", group.cpu_cores
        yield "target-group-memory", group.memory_bytes
        yield "target-group-memory-used", group.memory_ratio


def _depth(interval: Interval) -> _Series:
    memory, sockets, limits = interval.smaps, interval.newer.sockets, interval.newer.limits
    if memory is not None and memory.processes:
        yield "target-pss", memory.pss_bytes
        yield "target-private", memory.private_bytes
    if sockets is not None:
        yield "target-sockets", sockets.total
    if interval.traffic is not None:
        yield "target-received", sum(process.received_bytes_per_s for process in interval.traffic)
        yield "target-sent", sum(process.acked_bytes_per_s for process in interval.traffic)
    if interval.delays is not None:
        waits = [delay.seconds_per_s for delay in interval.delays if delay.reason in ("blkio", "swapin", "thrashing")]
        yield "target-io-delay", sum(waits) if waits else None
    if limits is not None:  # nproc needs a look at all processes of the host: too dear for every tick
        yield "target-limit", _most(limit.ratio for limit in limit_uses(limits, None))


def _most(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)


_PARTS = (
    _cpu, _memory, _pressure, _disks, _networks, _protocols, _sensors, _gpus, _tree, _threads, _group, _depth,
)  # fmt: skip
