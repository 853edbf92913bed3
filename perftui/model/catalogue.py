"""Every metric that history, CSV, JSON and Prometheus carry, and every reading that they come from."""

import difflib
from typing import Literal

import msgspec

from perftui.errors import UsageError
from perftui.model.reading_table import READINGS
from perftui.model.readings import Reading

MetricUnit = Literal["ratio", "cores", "bytes", "bytes/s", "1/s", "s/s", "s", "count", "W", "°C", "Hz"]


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One series of ``headline``: its name, and where it comes from.

    ``section`` is the field of the sample that it needs. A ``rate`` is of the time between two readings, a ``gauge`` of
    the newer one. ``period_seconds`` 0 is every tick; ``right`` is what is needed beyond an ordinary user's.
    """

    name: str
    unit: MetricUnit
    source: str
    period_seconds: float
    right: str
    help: str
    kind: Literal["gauge", "rate"]
    section: str

    @property
    def of_target(self) -> bool:
        return self.name.startswith("target-")


_BY_SECTION: dict[str, Reading] = {reading.section: reading for reading in READINGS}


def _metric(
    kind: Literal["gauge", "rate"], section: str, name: str, unit: MetricUnit, text: str, source: str
) -> Metric:
    reading = _BY_SECTION[section]
    return Metric(
        name=name,
        unit=unit,
        source=source or reading.source,
        period_seconds=reading.period_seconds,
        right=reading.right,
        help=text,
        kind=kind,
        section=section,
    )


def _gauge(section: str, name: str, unit: MetricUnit, text: str, source: str = "") -> Metric:
    return _metric("gauge", section, name, unit, text, source)


def _rate(section: str, name: str, unit: MetricUnit, text: str, source: str = "") -> Metric:
    return _metric("rate", section, name, unit, text, source)


METRICS: tuple[Metric, ...] = (
    _rate("cpu", "cpu", "ratio", "Time the CPUs were busy, of all CPUs.", "/proc/stat"),
    _rate("cpu", "cpu-user", "ratio", "Time in programs, of all CPUs.", "/proc/stat"),
    _rate("cpu", "cpu-system", "ratio", "Time in the kernel, of all CPUs.", "/proc/stat"),
    _rate("cpu", "cpu-iowait", "ratio", "Idle time while something waited for a disk, of all CPUs.", "/proc/stat"),
    _rate("cpu", "cpu-steal", "ratio", "Time the hypervisor gave to others, of all CPUs.", "/proc/stat"),
    _rate("cpu", "cpu-irq", "ratio", "Time in hard and soft interrupts, of all CPUs.", "/proc/stat"),
    _rate("cpu", "cpu-busiest", "ratio", "Time the busiest CPU was busy.", "/proc/stat"),
    _gauge("cpu", "runnable", "count", "Threads that run or wait for a CPU.", "/proc/stat procs_running"),
    _gauge("cpu", "blocked", "count", "Threads in uninterruptible sleep.", "/proc/stat procs_blocked"),
    _gauge("cpu", "load", "count", "Load average of one minute.", "/proc/loadavg"),
    _gauge("frequency", "cpu-frequency", "Hz", "Mean clock of the CPUs."),
    _rate("cpu", "context-switches", "1/s", "Context switches of all CPUs.", "/proc/stat ctxt"),
    _rate("cpu", "forks", "1/s", "Processes and threads started.", "/proc/stat processes"),
    _gauge("memory", "memory", "ratio", "Memory that is not available, of all memory.", "/proc/meminfo"),
    _gauge("memory", "memory-cached", "bytes", "Page cache.", "/proc/meminfo"),
    _gauge("memory", "memory-dirty", "bytes", "Pages that wait to be written, or are being.", "/proc/meminfo"),
    _gauge("memory", "swap", "ratio", "Swap in use, of all swap.", "/proc/meminfo"),
    _rate("memory", "swap-in", "bytes/s", "Read from swap.", "/proc/vmstat pswpin"),
    _rate("memory", "swap-out", "bytes/s", "Written to swap.", "/proc/vmstat pswpout"),
    _rate("memory", "major-faults", "1/s", "Page faults that had to read.", "/proc/vmstat pgmajfault"),
    _rate("vm", "refaults", "1/s", "Pages read again soon after they were dropped.", "/proc/vmstat"),
    _rate("vm", "allocation-stalls", "1/s", "Times a task had to free memory itself.", "/proc/vmstat allocstall"),
    _rate("pressure", "psi-cpu", "ratio", "Time in which some task waited for a CPU.", "/proc/pressure/cpu"),
    _rate("pressure", "psi-memory", "ratio", "Time in which some task waited for memory.", "/proc/pressure/memory"),
    _rate("pressure", "psi-io", "ratio", "Time in which some task waited for I/O.", "/proc/pressure/io"),
    _rate("disks", "disk-read", "bytes/s", "Read from all disks; what stands on them (dm, md, loop) is not added."),
    _rate("disks", "disk-write", "bytes/s", "Written to all disks; what stands on them (dm, md, loop) is not added."),
    _rate("disks", "disk-requests", "1/s", "Reads and writes of all disks; what stands on them is not added."),
    _rate("disks", "disk-busy", "ratio", "Time the busiest disk had requests."),
    _rate("disks", "disk-await", "s", "Mean time of a request on the slowest disk; none without requests."),
    _rate("disks", "disk-queue", "count", "Mean number of requests in flight on the fullest disk."),
    _gauge("filesystems", "filesystem", "ratio", "Space in use on the fullest file system."),
    _gauge("filesystems", "inodes", "ratio", "Inodes in use on the file system with the fewest left."),
    _rate("networks", "net-rx", "bytes/s", "Received by all network cards; without one (a container), by all but lo."),
    _rate("networks", "net-tx", "bytes/s", "Sent by all network cards; without one (a container), by all but lo."),
    _rate("networks", "net-drops", "1/s", "Packets dropped or wrong on all network cards; without one, on all but lo."),
    _rate("softnet", "softnet-drops", "1/s", "Packets dropped because a CPU's queue was full."),
    _gauge("protocols", "tcp-connections", "count", "Established TCP connections.", "/proc/net/snmp CurrEstab"),
    _rate("protocols", "tcp-retransmits", "ratio", "Segments sent again, of all sent.", "/proc/net/snmp RetransSegs"),
    _rate("protocols", "listen-overflows", "1/s", "Connections lost to a full accept queue.", "/proc/net/netstat"),
    _gauge("protocols", "conntrack", "ratio", "Fill of the table of tracked connections.", "/proc/sys/net/netfilter"),
    _gauge("sensors", "temperature", "°C", "The hottest sensor.", "/sys/class/hwmon, /sys/class/thermal"),
    _rate("sensors", "power", "W", "What the processor packages draw.", "/sys/class/powercap"),
    _gauge("gpus", "gpu", "ratio", "Time the busiest card computed."),
    _gauge("gpus", "gpu-memory", "ratio", "Memory in use on the fullest card."),
    _gauge("gpus", "gpu-power", "W", "What all cards draw."),
    _rate("tree", "target-cpu", "cores", "CPU seconds per second of the target.", "/proc/PID/stat"),
    _rate("tree", "target-system", "cores", "CPU seconds per second of the target in the kernel.", "/proc/PID/stat"),
    _rate("threads", "target-delay", "s/s", "Seconds per second that threads of the target waited for a CPU."),
    _gauge("tree", "target-rss", "bytes", "Resident memory of the target; what processes share counts for each."),
    _gauge("tree", "target-swap", "bytes", "Swap that the target uses.", "/proc/PID/status VmSwap"),
    _rate("tree", "target-read", "bytes/s", "Read from storage by the target.", "/proc/PID/io"),
    _rate("tree", "target-write", "bytes/s", "Written to storage by the target.", "/proc/PID/io"),
    _rate("tree", "target-minor-faults", "1/s", "Page faults of the target that needed no read.", "/proc/PID/stat"),
    _rate("tree", "target-major-faults", "1/s", "Page faults of the target that had to read.", "/proc/PID/stat"),
    _gauge("tree", "target-processes", "count", "Processes of the target.", "/proc"),
    _gauge("tree", "target-threads", "count", "Threads of the target.", "/proc/PID/stat"),
    _gauge("tree", "target-fds", "count", "Open file descriptors of the target.", "/proc/PID/fd"),
    _rate("threads", "target-switches", "1/s", "Times that threads of the target gave up or lost their CPU."),
    _rate("cgroup", "target-throttled", "ratio", "Throttled part of its group's CPU quota periods.", "cpu.stat"),
    _rate("cgroup", "target-group-cpu", "cores", "CPU seconds per second of its control group.", "cpu.stat"),
    _gauge("cgroup", "target-group-memory", "bytes", "Memory of its control group.", "memory.current"),
    _gauge("cgroup", "target-group-memory-used", "ratio", "Memory of its group, of the tightest limit.", "memory.max"),
    _gauge("smaps", "target-pss", "bytes", "Memory of the target, shared pages in parts."),
    _gauge("smaps", "target-private", "bytes", "Memory that only the target has (USS)."),
    _gauge("sockets", "target-sockets", "count", "Sockets of the target."),
    _rate("sockets", "target-received", "bytes/s", "Received over TCP by the target.", "inet_diag (netlink)"),
    _rate("sockets", "target-sent", "bytes/s", "Sent over TCP by the target and acknowledged.", "inet_diag (netlink)"),
    _rate("delays", "target-io-delay", "s/s", "Seconds per second that its threads waited for storage or swap."),
    _gauge("limits", "target-limit", "ratio", "Use of the limit (ulimit) that is nearest, nproc apart."),
)
"""About sixty, in the order in which they are shown."""

NAMES: dict[str, Metric] = {metric.name: metric for metric in METRICS}

SUMMED_UP = (
    "cpu", "memory", "swap", "psi-cpu", "psi-memory", "psi-io", "target-cpu", "target-delay", "target-rss",
)  # fmt: skip
"""Those of which the resources tell the last 15 minutes at every tick; others are read when somebody looks at them."""

TARGET_NAMES = tuple(metric.name for metric in METRICS if metric.of_target)


def metric_of(name: str) -> Metric:
    """The metric of a series; ``disk-read:vda`` is one of several of ``disk-read``. UsageError with close names."""
    known = NAMES.get(name.partition(":")[0])
    if known is not None:
        return known
    close = difflib.get_close_matches(name, NAMES, n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else "docs/metrics.md lists them all"
    raise UsageError(f'no metric "{name}"; {hint}')
