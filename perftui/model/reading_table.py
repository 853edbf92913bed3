"""The sections of a sample, one entry each: the raw figures behind every metric, finding and recording."""

from perftui.model.process_sections import SOCKET_COLUMNS
from perftui.model.readings import TRACE, Layout, Reading
from perftui.model.sample import THREAD_COUNTERS

_PROCESS = ("pid", "start_ticks")
_DISK = (
    *("reads_total", "read_bytes_total", "read_ms_total", "writes_total", "write_bytes_total", "write_ms_total"),
    *("in_flight", "io_ms_total", "weighted_ms_total", "discards_total", "discard_bytes_total", "discard_ms_total"),
    *("flushes_total", "flush_ms_total"),
)
_NETWORK = tuple(f"{way}_{what}_total" for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped"))
_SOFT_INTERRUPTS = tuple(
    f"{name}_total"
    for name in ("hi", "timer", "net_tx", "net_rx", "block", "irq_poll", "tasklet", "sched", "hrtimer", "rcu")
)


def _process_table(figures: str, *, keys: tuple[str, ...] = _PROCESS, apart: str = "") -> Layout:
    return Layout(figures=tuple(figures.split()), keys=keys, apart=tuple(apart.split()))


READINGS: tuple[Reading, ...] = (
    Reading(
        section="cpu",
        source="/proc/stat, /proc/loadavg",
        word="cpu",
        apart=("ticks_per_second",),
        tables={
            "ticks": Layout(
                keys=("cpu",),
                figures=("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"),
                unit="ticks",
            )
        },
    ),
    Reading(
        section="memory", source="/proc/meminfo, /proc/vmstat", word="memory", apart=("page_bytes", "huge_page_bytes")
    ),
    Reading(section="pressure", source="/proc/pressure/{cpu,memory,io,irq}", word="pressure"),
    Reading(
        section="disks",
        source="/proc/diskstats",
        word="disk",
        tables={
            "devices": Layout(keys=("name",), figures=_DISK, apart=("stacked",)),
            "partitions": Layout(keys=("name",), figures=_DISK, name="partition"),
        },
    ),
    Reading(
        section="networks",
        source="/proc/net/dev",
        word="network",
        tables={
            "interfaces": Layout(keys=("name",), figures=_NETWORK, apart=("physical",)),
            "target_interfaces": Layout(keys=("name",), figures=_NETWORK, name="target"),
        },
    ),
    Reading(
        section="processes",
        source="/proc/PID/stat, /proc/PID/cmdline",
        apart=("ticks_per_second",),
        tables={
            "processes": _process_table(
                "user_ticks system_ticks nice threads rss_bytes",
                apart="ppid session state uid processor name command",
            )
        },
    ),
    Reading(
        section="tree",
        source="/proc/PID/{stat,status,io,fd,limits,autogroup}",
        right=f"for what it reads and writes, and its descriptors: {TRACE}",
        apart=(
            "alive",
            "ticks_per_second",
            "state",
            "session",
            "policy",
            "cpus_allowed",
            "io_priority",
            "autogroup",
            "autogroup_enabled",
            "uid",
            "tracer_pid",
            "interpreter",
        ),
        tables={
            "processes": _process_table(
                "rss_bytes swap_bytes minor_faults_total major_faults_total user_ticks system_ticks read_bytes_total "
                "write_bytes_total read_chars_total write_chars_total read_syscalls_total write_syscalls_total fds "
                "fd_limit threads"
            )
        },
    ),
    Reading(
        section="threads",
        source="/proc/PID/task/TID/{stat,schedstat,status,wchan}",
        right=f"for the kernel function that a thread sleeps in: {TRACE}",
        apart=("ticks_per_second",),
        tables={
            "threads": Layout(
                keys=("pid", "tid", "start_ticks"),
                figures=(*THREAD_COUNTERS, "nice"),
                apart=("state", "processor", "name", "wchan"),
            )
        },
    ),
    Reading(
        section="waits",
        source="/proc/PID/task/TID/{stat,syscall,wchan}, /proc/PID/maps",
        right=TRACE,
        apart=("machine",),
        tables={
            "looks": Layout(
                keys=("pid", "tid", "state", "syscall", "futex_op", "timed", "address", "region", "wchan"),
                figures=("count",),
            ),
            "spans": Layout(
                keys=("pid", "tid"), figures=("looks_total", "waiting_total", "away_long_total", "waits_total")
            ),
        },
    ),
    Reading(
        section="cgroup",
        source="/sys/fs/cgroup: cpu.stat, cpu.max, memory.stat, io.stat, … (version 1: cpu.cfs_*, memory.*, blkio.*)",
        word="cgroup",
        keys=("path",),
        apart=("version", "escaped", "cpus", "nodes"),
        tables={
            "devices": Layout(
                keys=("name",),
                figures=(
                    "read_bytes_total",
                    "write_bytes_total",
                    "reads_total",
                    "writes_total",
                    "read_bytes_limit",
                    "write_bytes_limit",
                    "reads_limit",
                    "writes_limit",
                ),
            )
        },
    ),
    Reading(
        section="group",
        period_seconds=10,
        source="/proc/PID/cgroup, NSpid of /proc/PID/status, and the container runtime's own files",
        right="for the names of containers: root",
        apart=("path", "unit", "user_unit", "slice", "container"),
        tables={"processes": Layout(keys=("pid",), figures=(), apart=("inner_pid",))},
    ),
    Reading(
        section="smaps",
        period_seconds=10,
        source="/proc/PID/smaps_rollup",
        right=TRACE,
        tables={
            "processes": _process_table(
                "rss_bytes pss_bytes private_bytes shared_bytes anonymous_bytes swap_bytes pss_anonymous_bytes "
                "pss_file_bytes pss_shmem_bytes huge_bytes hugetlb_bytes locked_bytes lazy_free_bytes"
            )
        },
    ),
    Reading(
        section="open_files",
        period_seconds=5,
        source="/proc/PID/fd",
        right=TRACE,
        tables={
            "processes": _process_table("open_files looked_at"),
            "kinds": Layout(keys=("kind",), figures=("count",)),
            "deleted": Layout(keys=("pid", "fd"), figures=("size_bytes",), apart=("path",)),
        },
    ),
    Reading(
        section="sockets",
        period_seconds=5,
        source="/proc/PID/fd, inet_diag and unix_diag (netlink), /proc/net/unix",
        right=TRACE,
        apart=("hidden_reason", "hidden_remedy"),
        tables={
            "sockets": Layout(
                keys=("pid", "inode"),
                figures=tuple(
                    name for name in SOCKET_COLUMNS if name not in ("pid", "inode", "local_port", "remote_port")
                ),
                apart=("local_port", "remote_port", "protocol", "state", "local_address", "remote_address"),
            ),
            "processes": _process_table("sockets received_bytes_total acked_bytes_total retransmits_total"),
            "unix": Layout(keys=("kind", "state"), figures=("count", "receive_queue_bytes", "send_queue_bytes")),
        },
    ),
    Reading(
        section="delays",
        period_seconds=2,
        source="taskstats (netlink)",
        right="root (CAP_NET_ADMIN), and kernel.task_delayacct=1 before the target started",
        tables={
            "processes": _process_table(
                "cpu_ns_total blkio_ns_total swapin_ns_total reclaim_ns_total thrashing_ns_total compact_ns_total "
                "wpcopy_ns_total blkio_total swapin_total reclaim_total thrashing_total compact_total wpcopy_total"
            )
        },
    ),
    Reading(
        section="limits",
        period_seconds=5,
        source="/proc/PID/limits, /proc/PID/oom_score",
        right=TRACE,
        apart=("uid",),
        tables={"limits": Layout(keys=("name",), figures=("soft", "hard", "used"), apart=("unit",))},
    ),
    Reading(
        section="thread_io",
        period_seconds=5,
        source="/proc/PID/task/TID/io",
        right=TRACE,
        tables={
            "threads": _process_table(
                "read_chars_total write_chars_total read_syscalls_total write_syscalls_total read_bytes_total "
                "write_bytes_total",
                keys=("pid", "tid"),
            )
        },
    ),
    Reading(
        section="vm",
        source="/proc/vmstat, /proc/sys/vm",
        word="vm",
        period_seconds=2,
        apart=("page_bytes",),
    ),
    Reading(
        section="swaps",
        period_seconds=5,
        source="/proc/swaps, /sys/block/zram*/{disksize,mm_stat}",
        word="swap",
        tables={
            "areas": Layout(keys=("name",), figures=("size_bytes", "used_bytes"), apart=("type", "priority")),
            "zram": Layout(
                keys=("name",),
                figures=("disk_bytes", "stored_bytes", "compressed_bytes", "used_bytes", "limit_bytes"),
                name="zram",
            ),
        },
    ),
    Reading(
        section="interrupts",
        period_seconds=5,
        source="/proc/interrupts, /proc/softirqs",
        word="interrupt",
        tables={
            "lines": Layout(
                keys=("name", "device"), figures=("count_total", "busiest_total"), apart=("busiest_cpu",), name="line"
            ),
            "cpus": Layout(keys=("cpu",), figures=("interrupts_total", *_SOFT_INTERRUPTS), name="cpu"),
        },
    ),
    Reading(
        section="softnet",
        source="/proc/net/softnet_stat",
        word="softnet",
        period_seconds=2,
        tables={
            "cpus": Layout(
                keys=("cpu",),
                figures=(
                    "processed_total",
                    "dropped_total",
                    "squeezed_total",
                    "steered_total",
                    "flow_limit_total",
                    "backlog",
                ),
            )
        },
    ),
    Reading(
        section="protocols",
        source="/proc/net/{snmp,snmp6,netstat,sockstat,sockstat6}, /proc/sys/net/netfilter",
        right=f"for the counters of another network namespace: {TRACE}",
        word="protocol",
        period_seconds=2,
        apart=("target_reason", "target_remedy"),
    ),
    Reading(
        section="links",
        period_seconds=10,
        source="/sys/class/net/*/{speed,duplex,mtu,operstate,carrier_changes}",
        word="link",
        tables={
            "links": Layout(
                keys=("name",),
                figures=("speed_mbit", "mtu_bytes", "carrier_changes_total"),
                apart=("state", "full_duplex"),
            )
        },
    ),
    Reading(
        section="frequency",
        period_seconds=5,
        source="/sys/devices/system/cpu/cpu*/{cpufreq,thermal_throttle}, else /proc/cpuinfo",
        word="frequency",
        apart=("source",),
        tables={
            "cpus": Layout(
                keys=("cpu",),
                figures=("khz", "min_khz", "max_khz", "limit_khz", "core_throttles_total", "package_throttles_total"),
                apart=("governor", "driver"),
            )
        },
    ),
    Reading(
        section="filesystems",
        period_seconds=30,
        source="/proc/self/mountinfo, statvfs(3)",
        word="filesystem",
        tables={
            "mounts": Layout(
                keys=("point", "type"),
                figures=("total_bytes", "free_bytes", "available_bytes", "inodes_total", "inodes_free"),
                apart=("source", "partition", "disk", "problem", "read_only"),
            )
        },
    ),
    Reading(
        section="sensors",
        period_seconds=5,
        source="/sys/class/hwmon, /sys/class/thermal, /sys/class/powercap",
        right="for energy: root",
        apart=("energy_reason", "energy_remedy"),
        tables={
            "readings": Layout(keys=("chip", "label", "kind"), figures=("value", "limit", "alarm")),
            "energy": Layout(keys=("zone",), figures=("energy_uj_total",), apart=("range_uj",)),
        },
    ),
    Reading(
        section="numa",
        period_seconds=5,
        source="/sys/devices/system/node/node*/{meminfo,numastat,cpulist,distance}",
        word="numa",
        tables={
            "nodes": Layout(
                keys=("node",),
                figures=(
                    "total_bytes",
                    "free_bytes",
                    "file_bytes",
                    "anon_bytes",
                    "hit_total",
                    "miss_total",
                    "foreign_total",
                    "local_total",
                    "other_total",
                ),
                apart=("cpus", "distances"),
            )
        },
    ),
    Reading(
        section="gpus",
        period_seconds=2,
        source="NVML (libnvidia-ml.so.1), /sys/class/drm/card*/device, /proc/PID/fdinfo",
        right=f"for the processes on cards of AMD and Intel: {TRACE}",
        word="gpu",
        keys=("index", "name"),
        apart=("vendor", "uuid", "throttles", "lost", "missing"),
        tables={
            "processes": Layout(
                keys=("gpu", "pid", "kind"),
                figures=("memory_bytes", "sm_pct", "memory_pct", "engine_ns_total"),
                name="process",
            )
        },
    ),
    Reading(
        section="tasks",
        period_seconds=10,
        source="python -m asyncio ps (the target's own interpreter, 3.14 and later)",
        right=TRACE,
        apart=("processes",),
        tables={
            "tasks": Layout(
                keys=("pid", "tid", "task", "awaiter"),
                figures=(),
                apart=("name", "stack", "awaiter_name", "awaiter_stack"),
            )
        },
    ),
)
