"""Made-up intervals for pure tests, and looks at real processes for those of reading."""

import msgspec

from perftui.collect.live import LiveSource
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.finding import Finding
from perftui.model.group_sections import CgroupCpu, CgroupSection
from perftui.model.interval import Interval
from perftui.model.sample import (
    CpuSection,
    DiskSection,
    KnobReading,
    ProcessSection,
    Sample,
    TargetSection,
    ThreadSection,
)
from perftui.model.table import Table
from perftui.model.target import ProcessId, Target
from perftui.tune.knob import Knob

SECOND = 1_000_000_000
PID, SESSION, START = 100, 90, 7

Others = tuple[tuple[int, int, float], ...]
"""``(pid, session, cores)`` of each process beside the target."""


def finding_of(rule: str, **fields: object) -> Finding:
    finding = Finding(
        rule=rule, layer="cpu", severity="warning", confidence=0.9, summary="", evidence=(), metric="cpu_share_cores"
    )
    return msgspec.structs.replace(finding, **fields)


def sample_at(
    second: int,
    *,
    run: float = 0.4,
    delay: float = 0.6,
    nice: int = 0,
    others: Others = (),
    autogroup: bool = True,
    cgroup: tuple[CgroupCpu, ...] = (),
    disk_bytes: int = 0,
    own_bytes: int = 0,
    swap_bytes: int = 0,
) -> Sample:
    """The target (PID 100, one thread) on two CPUs, with cumulative counters that grow evenly."""
    now = second * SECOND
    processes = [(PID, SESSION, run), *others]
    tree = {name: [0] for name in TREE_COLUMNS} | {
        "pid": [PID],
        "start_ticks": [START],
        "threads": [1],
        "swap_bytes": [swap_bytes],
        "write_bytes_total": [own_bytes * second],
    }
    thread = {name: [0] for name in THREAD_COLUMNS} | {
        "pid": [PID],
        "tid": [PID],
        "start_ticks": [START],
        "state": [ord("R")],
        "run_ns_total": [int(run * now)],
        "delay_ns_total": [int(delay * now)],
        "nice": [nice],
    }
    return Sample(
        monotonic_ns=now,
        wall_ns=now,
        boot_id="boot",
        target=Target(kind="process", process=ProcessId(pid=PID, start_ticks=START), command="target"),
        cpu=CpuSection(
            monotonic_ns=now,
            ticks=Table.of(
                {"cpu": [-1, 0, 1], "user": [100 * second] * 3, "idle": [100 * second] * 3}
                | {name: [0] * 3 for name in ("nice", "system", "iowait", "irq", "softirq", "steal")}
            ),
            ticks_per_second=100,
            context_switches_total=0,
            forks_total=0,
            running=1,
            blocked=0,
            load1=0.0,
            load5=0.0,
            load15=0.0,
        ),
        processes=ProcessSection(
            monotonic_ns=now,
            processes=Table.of(
                {
                    "pid": [pid for pid, _, _ in processes],
                    "start_ticks": [START] * len(processes),
                    "session": [session for _, session, _ in processes],
                    "nice": [nice] * len(processes),
                    "user_ticks": [int(cores * 100 * second) for _, _, cores in processes],
                    "system_ticks": [0] * len(processes),
                },
                {"name": ["python"] * len(processes)},
            ),
            ticks_per_second=100,
        ),
        tree=TargetSection(
            monotonic_ns=now,
            alive=True,
            processes=Table.of(tree),
            ticks_per_second=100,
            state="R",
            session=SESSION,
            nice=nice,
            policy="other",
            cpus_allowed="0",
            cpus_allowed_count=1,
            cpus_online=2,
            io_priority="none",
            autogroup="/autogroup-1",
            autogroup_nice=0,
            autogroup_enabled=autogroup,
            uid=0,
            tracer_pid=0,
            interpreter="",
        ),
        threads=ThreadSection(
            monotonic_ns=now, threads=Table.of(thread, {"name": ["t"], "wchan": [""]}), ticks_per_second=100
        ),
        cgroup=CgroupSection(monotonic_ns=now, version=1, cpu=cgroup, memory=None),
        disks=DiskSection(
            monotonic_ns=now,
            devices=Table.of(
                {name: [0] for name in DISK_COLUMNS}
                | {"write_bytes_total": [disk_bytes * second], "io_ms_total": [500 * second]},
                {"name": ["sda"]},
            ),
        ),
    )


TREE_COLUMNS = [
    "pid",
    "start_ticks",
    "rss_bytes",
    "swap_bytes",
    "minor_faults_total",
    "major_faults_total",
    "user_ticks",
    "system_ticks",
    "read_bytes_total",
    "write_bytes_total",
    "read_syscalls_total",
    "write_syscalls_total",
    "fds",
    "fd_limit",
    "threads",
]
THREAD_COLUMNS = [
    "pid",
    "tid",
    "start_ticks",
    "state",
    "user_ticks",
    "system_ticks",
    "run_ns_total",
    "delay_ns_total",
    "slices_total",
    "voluntary_total",
    "involuntary_total",
    "processor",
    "nice",
]
DISK_COLUMNS = [
    "reads_total",
    "read_bytes_total",
    "read_ms_total",
    "writes_total",
    "write_bytes_total",
    "write_ms_total",
    "in_flight",
    "io_ms_total",
    "weighted_ms_total",
]


def interval_of(**fields: object) -> Interval:
    return Interval.between(sample_at(1, **fields), sample_at(2, **fields))  # type: ignore[arg-type]  # passed on as they are


def reading_of(knob: str, value: str, subject: str = f"pid {PID}", **detail: str) -> KnobReading:
    """As a knob reads it for the target of ``sample_at``."""
    return KnobReading(
        knob=knob,
        subject=subject,
        available=True,
        value=value,
        permitted=True,
        privilege="CAP_SYS_NICE",
        detail={"pid": str(PID), "start_ticks": str(START), "threads": "1", "others": ""} | detail,
    )


def read_live(knob: Knob, pid: int) -> tuple[KnobReading, ...]:
    """What a knob reads of a real process."""
    host = Host()
    held = HeldTarget.open(host, pid)
    source = LiveSource(host, held)
    try:
        return knob.read(host, source.sample())
    finally:
        source.close()
        held.close()
