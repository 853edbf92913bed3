"""Windows made by hand: constant rates, turned into the cumulative counters that samples hold."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from perftui.analyze.classify import classify
from perftui.analyze.window import Window
from perftui.model.finding import Diagnosis
from perftui.model.group_sections import CgroupCpu, CgroupSection
from perftui.model.profile import Frame, ProfileStatus, StackProfile, StackRow, ThreadName
from perftui.model.sample import (
    REGIONS,
    CollectorStatus,
    CpuSection,
    DiskSection,
    PressureLine,
    PressureSection,
    ProcessSection,
    Sample,
    TargetSection,
    ThreadSection,
    WaitSection,
)
from perftui.model.table import Table
from perftui.model.target import HOST, ProcessId, Target

SECOND = 1_000_000_000
HZ = 100
PID = 100
LOOKS_PER_S = 20
FUTEX, NANOSLEEP, EPOLL, FSYNC, READ, RECV, WRITE = 202, 35, 232, 74, 0, 45, 1
LOCK_OP, GIL_OP, MUTEX_OP, SHARED_OP = 0x189, 0x89, 0x80, 0x109
TIMED = 1


@dataclass(frozen=True)
class Look:
    """One thing a thread was seen doing, and its share of the looks."""

    ratio: float
    state: str = "S"
    syscall: int = -1
    op: int = 0
    timed: bool = False
    address: int = 0
    region: str = "none"
    wchan: str = ""


def running(ratio: float) -> Look:
    return Look(ratio, "R")


def gil(ratio: float) -> Look:
    return Look(ratio, syscall=FUTEX, op=GIL_OP, timed=True, address=0x7000, region="interpreter")


def lock(ratio: float, address: int = 0x5000, op: int = LOCK_OP, region: str = "heap") -> Look:
    return Look(ratio, syscall=FUTEX, op=op, address=address, region=region)


def asleep(ratio: float, syscall: int = NANOSLEEP, state: str = "S", wchan: str = "") -> Look:
    return Look(ratio, state, syscall, wchan=wchan)


@dataclass(frozen=True)
class Task:
    """One thread with constant rates; ``event`` and ``away`` are the shares of looks in and long out of event waits."""

    tid: int = PID
    run: float = 0.0
    delay: float = 0.0
    slices: float = 0.0
    voluntary: float | None = None
    looks: tuple[Look, ...] = ()
    event: float = 0.0
    away: float = 0.0
    pid: int = PID
    name: str = "worker"


@dataclass(frozen=True)
class Other:
    """A process of the host."""

    pid: int
    cores: float
    name: str = "hog"
    session: int = 900
    nice: int = 0


@dataclass(frozen=True)
class Setup:
    """Everything a window is made of. ``busy`` is per CPU, 0–1; sections named in ``missing`` are left out."""

    tasks: tuple[Task, ...] = (Task(),)
    busy: tuple[float, ...] = (0.0, 0.0)
    others: tuple[Other, ...] = ()
    allowed: str = ""
    quota_cores: float | None = None
    throttled: float = 0.0
    rss: tuple[int, ...] = ()
    seconds: int = 9
    interpreter: str = "/usr/bin/python3.11"
    io_pressure: float = 0.0
    cpu_pressure: float = 0.0
    write_ms: float = 0.0
    missing: dict[str, tuple[str, str]] = field(default_factory=dict)
    profile: StackProfile | None = None
    profile_status: ProfileStatus | None = None
    machine: str = "x86_64"
    state: str = "S"
    only_from: int = 0
    """Threads stand still before this second."""


def window(**changes: Any) -> Window:
    """A window of ``Setup`` with some things changed."""
    return window_of(replace(Setup(), **changes))


def window_of(setup: Setup) -> Window:
    memory = tuple((at * SECOND, size) for at, size in enumerate(setup.rss))
    return Window(
        samples=tuple(_sample(setup, at) for at in range(setup.seconds + 1)),
        profile=setup.profile,
        profile_status=setup.profile_status,
        memory=memory,
    )


def diagnose(**changes: Any) -> Diagnosis:
    return classify(window(**changes))


def label(diagnosis: Diagnosis) -> str:
    """The verdict's rule, or the state where nothing limits."""
    if diagnosis.state != "limited":
        return diagnosis.state
    assert diagnosis.verdict is not None
    return diagnosis.verdict.rule


def _sample(setup: Setup, at: int) -> Sample:
    now, ran = at * SECOND, max(0, at - setup.only_from)
    sections: dict[str, Any] = {
        "cpu": _cpu(setup, at, now),
        "processes": _processes(setup, at, now),
        "tree": _tree(setup, ran, now),
        "threads": _threads(setup, ran, now),
        "waits": _waits(setup, ran, now),
        "cgroup": _cgroup(setup, at, now),
        "disks": _disks(setup, at, now),
        "pressure": _pressure(setup, at, now),
    }
    return Sample(
        monotonic_ns=now,
        wall_ns=now,
        boot_id="boot",
        target=Target(kind="process", process=ProcessId(pid=PID, start_ticks=1), command="app"),
        collectors=tuple(
            CollectorStatus(name=name, state="no_data", reason=reason, remedy=remedy)
            for name, (reason, remedy) in setup.missing.items()
        ),
        **{name: section for name, section in sections.items() if name not in setup.missing},
    )


def _cpu(setup: Setup, at: int, now: int) -> CpuSection:
    mean = sum(setup.busy) / len(setup.busy)
    rows = [mean * len(setup.busy), *setup.busy]
    totals = [len(setup.busy), *(1 for _ in setup.busy)]
    zero = [0] * len(rows)
    ticks = {
        "cpu": list(range(-1, len(setup.busy))),
        "user": [round(row * at * HZ) for row in rows],
        "idle": [round((total - row) * at * HZ) for row, total in zip(rows, totals, strict=True)],
    } | dict.fromkeys(("nice", "system", "iowait", "irq", "softirq", "steal"), zero)
    return CpuSection(
        monotonic_ns=now,
        ticks=Table.of(ticks),
        ticks_per_second=HZ,
        context_switches_total=0,
        forks_total=0,
        running=1,
        blocked=0,
        load1=0,
        load5=0,
        load15=0,
    )


def _processes(setup: Setup, at: int, now: int) -> ProcessSection:
    others = setup.others
    table = Table.of(
        {
            "pid": [other.pid for other in others],
            "start_ticks": [1 for _ in others],
            "session": [other.session for other in others],
            "user_ticks": [round(other.cores * at * HZ) for other in others],
            "system_ticks": [0 for _ in others],
            "nice": [other.nice for other in others],
        },
        {"name": [other.name for other in others]},
    )
    return ProcessSection(monotonic_ns=now, processes=table, ticks_per_second=HZ)


def _tree(setup: Setup, ran: int, now: int) -> TargetSection:
    pids = sorted({task.pid for task in setup.tasks} | {PID})
    zero = [0] * len(pids)
    run = [sum(task.run for task in setup.tasks if task.pid == pid) for pid in pids]
    columns = (
        "swap_bytes minor_faults_total major_faults_total system_ticks "
        "read_bytes_total write_bytes_total read_syscalls_total write_syscalls_total "
        "fds fd_limit"
    )
    return TargetSection(
        monotonic_ns=now,
        alive=True,
        processes=Table.of(
            {
                "pid": pids,
                "start_ticks": [1] * len(pids),
                "rss_bytes": [50_000_000] * len(pids),
                "user_ticks": [round(cores * ran * HZ) for cores in run],
                "threads": [1] * len(pids),
                **dict.fromkeys(columns.split(), zero),
            }
        ),
        ticks_per_second=HZ,
        state=setup.state,
        session=PID,
        nice=0,
        policy="other",
        cpus_allowed=setup.allowed or f"0-{len(setup.busy) - 1}",
        cpus_allowed_count=len(setup.busy),
        cpus_online=len(setup.busy),
        io_priority="none",
        autogroup="/autogroup-1",
        autogroup_nice=0,
        autogroup_enabled=True,
        uid=0,
        tracer_pid=0,
        interpreter=setup.interpreter,
    )


def _threads(setup: Setup, ran: int, now: int) -> ThreadSection:
    tasks = setup.tasks
    return ThreadSection(
        monotonic_ns=now,
        ticks_per_second=HZ,
        threads=Table.of(
            {
                "pid": [task.pid for task in tasks],
                "tid": [task.tid for task in tasks],
                "start_ticks": [1 for _ in tasks],
                "state": [ord("S") for _ in tasks],
                "user_ticks": [round(task.run * ran * HZ) for task in tasks],
                "system_ticks": [0 for _ in tasks],
                "run_ns_total": [round(task.run * ran * SECOND) for task in tasks],
                "delay_ns_total": [round(task.delay * ran * SECOND) for task in tasks],
                "slices_total": [round(task.slices * ran) for task in tasks],
                "voluntary_total": [
                    round((task.slices if task.voluntary is None else task.voluntary) * ran) for task in tasks
                ],
                "involuntary_total": [0 for _ in tasks],
                "processor": [0 for _ in tasks],
                "nice": [0 for _ in tasks],
            },
            {"name": [task.name for task in tasks], "wchan": ["" for _ in tasks]},
        ),
    )


def _waits(setup: Setup, ran: int, now: int) -> WaitSection:
    looks = ran * LOOKS_PER_S
    rows = [(task, look) for task in setup.tasks for look in task.looks]
    return WaitSection(
        monotonic_ns=now,
        looks=Table.of(
            {
                "pid": [task.pid for task, _ in rows],
                "tid": [task.tid for task, _ in rows],
                "state": [ord(look.state) for _, look in rows],
                "syscall": [look.syscall for _, look in rows],
                "futex_op": [look.op for _, look in rows],
                "timed": [int(look.timed) for _, look in rows],
                "address": [look.address for _, look in rows],
                "region": [REGIONS.index(look.region) for _, look in rows],
                "count": [round(look.ratio * looks * 1000) for _, look in rows],
            },
            {"wchan": [look.wchan for _, look in rows]},
        ),
        spans=Table.of(
            {
                "pid": [task.pid for task in setup.tasks],
                "tid": [task.tid for task in setup.tasks],
                "looks_total": [looks for _ in setup.tasks],
                "waiting_total": [round(task.event * looks) for task in setup.tasks],
                "away_long_total": [round(task.away * looks) for task in setup.tasks],
                "waits_total": [ran if task.event else 0 for task in setup.tasks],
            }
        ),
        polls_total=looks,
        polls_per_second=LOOKS_PER_S,
        machine=setup.machine,
    )


def _cgroup(setup: Setup, at: int, now: int) -> CgroupSection:
    level = CgroupCpu(
        path="/app",
        quota_us=None if setup.quota_cores is None else round(setup.quota_cores * 100_000),
        period_us=100_000,
        periods_total=at * 10,
        throttled_periods_total=round(setup.throttled * at * 10),
        throttled_ns_total=0,
    )
    return CgroupSection(monotonic_ns=now, version=1, cpu=(level,), memory=None)


def _disks(setup: Setup, at: int, now: int) -> DiskSection:
    writes = 100 * at if setup.write_ms else 0
    columns = {
        "reads_total": 0,
        "read_bytes_total": 0,
        "read_ms_total": 0,
        "writes_total": writes,
        "write_bytes_total": writes * 4096,
        "write_ms_total": round(writes * setup.write_ms),
        "in_flight": 0,
        "io_ms_total": round(writes * setup.write_ms),
        "weighted_ms_total": round(writes * setup.write_ms),
    }
    table = Table.of({name: [count] for name, count in columns.items()}, {"name": ["vda"]})
    return DiskSection(monotonic_ns=now, devices=table)


def _pressure(setup: Setup, at: int, now: int) -> PressureSection:
    ratios = (setup.cpu_pressure, 0.0, setup.io_pressure)
    cpu, memory, disk = (PressureLine(some_avg10=0, some_total_us=round(ratio * at * 1e6)) for ratio in ratios)
    return PressureSection(monotonic_ns=now, cpu=cpu, memory=memory, io=disk)


def host_window(busy: Sequence[float], cpu_pressure: float, seconds: int = 9, others: tuple[Other, ...] = ()) -> Window:
    """A window with no process attached."""
    setup = replace(Setup(), busy=tuple(busy), cpu_pressure=cpu_pressure, others=others)

    def at_second(at: int) -> Sample:
        return Sample(
            monotonic_ns=at * SECOND,
            wall_ns=at * SECOND,
            boot_id="boot",
            target=HOST,
            cpu=_cpu(setup, at, at * SECOND),
            processes=_processes(setup, at, at * SECOND),
            pressure=_pressure(setup, at, at * SECOND),
        )

    return Window(tuple(at_second(at) for at in range(seconds + 1)), None, None)


def profile(rows: "Sequence[tuple[int, tuple[Frame, ...], int, float]]", pid: int = PID) -> StackProfile:
    """Rows of (tid, stack with its root first, looks, on-CPU looks)."""
    frames: dict[Frame, int] = {}
    stacks: dict[tuple[int, ...], int] = {}
    made = []
    for tid, stack, samples, on_cpu in rows:
        key = tuple(frames.setdefault(frame, len(frames)) for frame in stack)
        at = stacks.setdefault(key, len(stacks))
        made.append(StackRow(pid=pid, tid=tid, stack=at, samples=samples, on_cpu=on_cpu))
    return StackProfile(
        sampler="test",
        rate_hz=100,
        started_ns=0,
        ended_ns=9 * SECOND,
        covered_ns=9 * SECOND,
        attempts=900,
        frames=tuple(frames),
        stacks=tuple(stacks),
        rows=tuple(made),
        threads=tuple(ThreadName(pid=pid, tid=tid, name=f"t{tid}") for tid, *_ in rows),
    )


def frame(function: str, file: str = "/srv/app.py", line: int = 1) -> Frame:
    return Frame(function=function, file=file, line=line)


STDLIB = "/usr/lib/python3.11"
LOOP = (frame("run", f"{STDLIB}/asyncio/runners.py"), frame("_run_once", f"{STDLIB}/asyncio/base_events.py", 1922))
SELECT = (*LOOP, frame("select", f"{STDLIB}/selectors.py", 468))
