"""Made-up but lifelike updates: what a session would hand to the terminal, without a session."""

from math import nan, sin

from msgspec.structs import replace

from perftui.model.finding import Blame, Diagnosis, Evidence, Finding, HotFunction, RuledOut, Unknown
from perftui.model.group_sections import CgroupCpu, CgroupSection
from perftui.model.interval import Interval
from perftui.model.journal import EntryState, JournalEntry
from perftui.model.profile import ProfileStatus
from perftui.model.proposal import Proposal, SetNice, ThreadValue
from perftui.model.sample import (
    CollectorStatus,
    CpuSection,
    DiskSection,
    MemorySection,
    NetworkSection,
    PressureLine,
    PressureSection,
    ProcessSection,
    Sample,
    TargetSection,
    ThreadSection,
)
from perftui.model.table import Table
from perftui.model.target import HOST, ProcessId, Target
from perftui.model.update import OwnCost, Update
from tests.tui.stacks import build_profile

SECOND = 1_000_000_000
START_NS = 5_000 * SECOND
WALL_NS = 1_700_000_000 * SECOND
TARGET_PID = 4242
TARGET = Target(kind="process", process=ProcessId(pid=TARGET_PID, start_ticks=991), command="python app.py --port 8080")

NAMES = ("python", "postgres", "nginx", "kworker/0:1", "sshd", "redis-server", "bash", "systemd", "java", "node")
STATES = "SRSDSSISST"
DISK_COLUMNS = (
    "reads_total", "read_bytes_total", "read_ms_total", "writes_total", "write_bytes_total", "write_ms_total",
    "in_flight", "io_ms_total", "weighted_ms_total",
)  # fmt: skip


def _grown(tick: int, row: int, rate: float) -> int:
    """A counter that rises at about ``rate`` a tick, unevenly and for ever."""
    return int(1000 * row + rate * (tick + 10) + 0.4 * rate * sin(0.9 * tick + row))


def build_processes(tick: int, count: int) -> ProcessSection:
    """``count`` processes of which every tenth uses CPU; the target, its parent and three children among them."""
    pids = [1 + 7 * row for row in range(count - 5)]
    parents = [0 if pid == 1 else 1 + 7 * ((row - 1) // 4) for row, pid in enumerate(pids)]
    family = [(TARGET_PID - 2, 1), (TARGET_PID, TARGET_PID - 2)]
    family += [(TARGET_PID + 2 + child, TARGET_PID) for child in range(3)]
    rows = sorted([*zip(pids, parents, strict=True), *family])
    busy = [row % 10 == 0 or pid in (TARGET_PID, TARGET_PID + 2) for row, (pid, _) in enumerate(rows)]
    names = ["app.py" if TARGET_PID <= pid < TARGET_PID + 10 else NAMES[pid % 10] for pid, _ in rows]
    table = Table.of(
        {
            "pid": [pid for pid, _ in rows],
            "ppid": [parent for _, parent in rows],
            "start_ticks": [991 if pid == TARGET_PID else 100 + pid for pid, _ in rows],
            "session": [parent or 1 for _, parent in rows],
            "state": [ord(STATES[pid % 10]) for pid, _ in rows],
            "uid": [0 if pid % 3 else 1000 + pid % 5 for pid, _ in rows],
            "user_ticks": [_grown(tick, row, 2 + row % 40) if busy[row] else 5 for row in range(len(rows))],
            "system_ticks": [_grown(tick, row, 1) if busy[row] else 2 for row in range(len(rows))],
            "nice": [(0, 0, 0, 10, -5)[pid % 5] for pid, _ in rows],
            "threads": [1 + pid % 9 for pid, _ in rows],
            "rss_bytes": [
                (1 + pid % 97) * 3_300_000 + 4096 * tick * busy[row] for row, (pid, _) in enumerate(rows)
            ],
            "processor": [pid % 2 for pid, _ in rows],
        },
        {
            "name": names,
            "command": [
                f"/usr/bin/{name} --config /etc/{name}.conf --id {pid}"
                for name, (pid, _) in zip(names, rows, strict=True)
            ],
        },
    )  # fmt: skip
    return ProcessSection(monotonic_ns=START_NS + tick * SECOND, processes=table, ticks_per_second=100)


def build_sample(tick: int, *, processes: int = 350, threads: int = 9, target: bool = True, cores: int = 2) -> Sample:
    """One look at a host with ``cores`` CPUs; ``target=False`` watches the whole host, without pressure files."""
    now = START_NS + tick * SECOND
    busy = [_grown(tick, cpu, 60 + 20 * (cpu % 2)) for cpu in range(cores)]
    ticks = [(sum(busy), cores * 100 * (tick + 20) - sum(busy)), *((used, 100 * (tick + 20) - used) for used in busy)]
    cpu = CpuSection(
        monotonic_ns=now,
        ticks=Table.of(
            {
                "cpu": [-1, *range(cores)],
                "user": [used for used, _ in ticks],
                "nice": [0] * (cores + 1),
                "system": [tick * 4] * (cores + 1),
                "idle": [idle for _, idle in ticks],
                **{name: [0] * (cores + 1) for name in ("iowait", "irq", "softirq", "steal")},
            }
        ),
        ticks_per_second=100,
        context_switches_total=_grown(tick, 1, 4000),
        forks_total=_grown(tick, 2, 3),
        running=3,
        blocked=0,
        load1=2.4,
        load5=1.9,
        load15=1.2,
    )
    memory = MemorySection(
        monotonic_ns=now,
        total_bytes=8 << 30,
        available_bytes=(5 << 30) - tick * 1_000_000,
        free_bytes=1 << 30,
        buffers_bytes=64 << 20,
        cached_bytes=2 << 30,
        dirty_bytes=1 << 20,
        writeback_bytes=0,
        swap_total_bytes=2 << 30,
        swap_free_bytes=2 << 30,
        swap_in_pages_total=0,
        swap_out_pages_total=0,
        major_faults_total=12,
        oom_kills_total=0,
    )
    net_columns = [f"{way}_{what}_total" for way in ("rx", "tx") for what in ("bytes", "packets", "errors", "dropped")]
    return Sample(
        monotonic_ns=now,
        wall_ns=WALL_NS + tick * SECOND,
        boot_id="b007",
        target=TARGET if target else HOST,
        cpu=cpu,
        memory=memory,
        disks=DiskSection(
            monotonic_ns=now,
            devices=Table.of(
                {name: [_grown(tick, row, 90.0 * row)] for row, name in enumerate(DISK_COLUMNS)}, {"name": ["vda"]}
            ),
        ),
        networks=NetworkSection(
            monotonic_ns=now,
            interfaces=Table.of(
                {name: [_grown(tick, row, 900.0 * (row % 4 < 2)), 0] for row, name in enumerate(net_columns)},
                {"name": ["eth0", "lo"]},
            ),
        ),
        pressure=_pressure(now, tick) if target else None,
        processes=build_processes(tick, processes),
        tree=_tree(now, tick) if target else None,
        threads=_threads(now, tick, threads) if target else None,
        cgroup=_cgroup(now, tick) if target else None,
        collectors=_collectors(target),
    )


def _pressure(now: int, tick: int) -> PressureSection:
    def line(rate: float) -> PressureLine:
        return PressureLine(some_avg10=rate / 1e4, some_total_us=_grown(tick, 0, rate), full_total_us=0)

    return PressureSection(monotonic_ns=now, cpu=line(400_000), memory=line(0), io=line(20_000))


def _collectors(target: bool) -> tuple[CollectorStatus, ...]:
    ok = tuple(
        CollectorStatus(name=name, state="ok", cpu_ns=300_000)
        for name in ("cpu", "memory", "disk", "network", "processes")
    )
    if target:
        return (*ok, CollectorStatus(name="pressure", state="ok"))
    return (*ok, CollectorStatus(name="pressure", state="no_data", reason="PSI off", remedy="boot with psi=1"))


def _tree(now: int, tick: int) -> TargetSection:
    pids = [TARGET_PID, TARGET_PID + 2, TARGET_PID + 3, TARGET_PID + 4]
    rates = {
        "user_ticks": 35.0, "system_ticks": 4.0, "minor_faults_total": 200.0,
        "read_bytes_total": 20_000.0, "write_bytes_total": 700_000.0,
        "read_syscalls_total": 40.0, "write_syscalls_total": 150.0,
    }  # fmt: skip
    fixed = {"swap_bytes": 0, "major_faults_total": 0, "fds": 31, "fd_limit": 1024, "threads": 3}
    table = Table.of(
        {
            "pid": pids,
            "start_ticks": [991, *(100 + pid for pid in pids[1:])],
            "rss_bytes": [(90 << 20) + tick * 40_960, *([30 << 20] * 3)],
            **{name: [_grown(tick, row, rate / (row + 1)) for row in range(4)] for name, rate in rates.items()},
            **{name: [constant] * 4 for name, constant in fixed.items()},
        }
    )
    return TargetSection(
        monotonic_ns=now, alive=True, processes=table, ticks_per_second=100, state="R", session=4000, nice=0,
        policy="SCHED_OTHER", cpus_allowed="0-1", cpus_allowed_count=2, cpus_online=2, io_priority="none",
        autogroup="/autogroup-88", autogroup_nice=0, autogroup_enabled=True, uid=0, tracer_pid=0,
        interpreter="CPython 3.11",
    )  # fmt: skip


def _threads(now: int, tick: int, count: int) -> ThreadSection:
    table = Table.of(
        {
            "pid": [TARGET_PID] * count,
            "tid": [TARGET_PID + 20 * row for row in range(count)],
            "start_ticks": [991 + row for row in range(count)],
            "state": [ord("RSSD"[row % 4]) for row in range(count)],
            "user_ticks": [_grown(tick, row, 30 - row) for row in range(count)],
            "system_ticks": [_grown(tick, row, 2) for row in range(count)],
            "run_ns_total": [_grown(tick, row, 3e8 / (row + 1)) for row in range(count)],
            "delay_ns_total": [_grown(tick, row, 4e8 / (row + 1)) for row in range(count)],
            "slices_total": [_grown(tick, row, 300) for row in range(count)],
            "voluntary_total": [_grown(tick, row, 100) for row in range(count)],
            "involuntary_total": [_grown(tick, row, 40) for row in range(count)],
            "processor": [row % 2 for row in range(count)],
            "nice": [0] * count,
        },
        {"name": [f"worker-{row}" for row in range(count)], "wchan": ["0"] * count},
    )
    return ThreadSection(monotonic_ns=now, threads=table, ticks_per_second=100)


def _cgroup(now: int, tick: int) -> CgroupSection:
    level = CgroupCpu(
        path="/user/app", quota_us=None, period_us=100_000, periods_total=10 * tick, throttled_periods_total=0,
        throttled_ns_total=0,
    )  # fmt: skip
    return CgroupSection(monotonic_ns=now, version=1, cpu=(level,), memory=None)


def build_findings() -> tuple[Finding, ...]:
    """A neighbour's CPU first, the GIL as its runner-up."""
    return (
        Finding(
            rule="neighbour-cpu",
            layer="neighbour",
            severity="critical",
            confidence=0.91,
            summary="other processes take the CPU: the target waits 0.62 s of each second for one",
            evidence=(
                Evidence(
                    metric="run_delay_ratio", observed=0.62, threshold=0.2, unit="ratio",
                    source="/proc/PID/task/*/schedstat",
                ),
                Evidence(metric="others_cores", observed=1.58, threshold=0.5, unit="cores", source="/proc/*/stat"),
            ),
            ruled_out=(
                RuledOut(rule="cpu-quota", because="no throttled period in 10 s"),
                RuledOut(rule="cpu-steal", because="steal is 0 %"),
            ),
            flips_if="the run delay falls below 20 % while the others go on",
            blame=Blame(pid=1401, process="postgres"),
            advice="give the target a higher weight than its neighbour",
            metric="cpu_share_cores",
        ),
        Finding(
            rule="coord-gil",
            layer="coordination",
            severity="warning",
            confidence=0.44,
            summary="threads wait for the GIL while parse() runs",
            evidence=(
                Evidence(
                    metric="gil_wait_ratio", observed=0.12, threshold=0.05, unit="ratio",
                    source="/proc/PID/task/*/syscall",
                ),
            ),
            flips_if="parse() moves to another process",
            blame=Blame(pid=TARGET_PID, function="parse", file="/srv/app.py", line=31),
            advice="move parse() to a process pool",
        ),
    )  # fmt: skip


def build_diagnosis(*, limited: bool = True) -> Diagnosis:
    """``limited=False`` is a healthy target."""
    unknown = (Unknown(rule="cpu-frequency", reason="no cpufreq in this VM", remedy="look on the host"),)
    if not limited:
        return Diagnosis(state="healthy", window_seconds=10)
    hot = tuple(
        HotFunction(
            function=name, file="/srv/app.py", line=line, thread="worker-0", self_ratio=share, total_ratio=share
        )
        for name, line, share in (("parse", 31, 0.6), ("encode", 50, 0.3), ("log", 77, 0.1))
    )
    return Diagnosis(state="limited", window_seconds=10, findings=build_findings(), unknown=unknown, hot=hot)


def build_proposals() -> tuple[Proposal, ...]:
    """One that can be applied, one that lacks a right, one piece of advice."""
    action = SetNice(
        before="0",
        after="-5",
        process=ProcessId(pid=TARGET_PID, start_ticks=991),
        threads=(ThreadValue(tid=TARGET_PID, start_ticks=991, value="0"),),
    )
    shared = {"finding": "neighbour-cpu", "metric": "cpu_share_cores"}
    return (
        Proposal(
            id="a1b2c3d4e5", knob="process.nice", subject=f"pid {TARGET_PID}", before="0", after="-5",
            command=f"renice -n -5 -p {TARGET_PID}", undo_command=f"renice -n 0 -p {TARGET_PID}",
            privilege="CAP_SYS_NICE", permitted=True, risk="low", reversible=True, settle_seconds=1,
            expected_effect="the target gets about 3 times the weight of a neighbour at nice 0",
            affects="the target's 4 processes", action=action, **shared,
        ),
        Proposal(
            id="b2c3d4e5f6", knob="cgroup.cpu-max", subject="/user/app", before="max", after="1.5",
            command="echo 150000 > cpu.cfs_quota_us", undo_command="echo -1 > cpu.cfs_quota_us",
            privilege="write access to /sys/fs/cgroup", permitted=False, risk="medium", reversible=True,
            settle_seconds=2, expected_effect="caps the neighbour at 1.5 cores", action=action, **shared,
        ),
        Proposal(
            id="c3d4e5f607", knob="code", subject="/srv/app.py:31", before="", after="", command="", undo_command="",
            privilege="", permitted=True, risk="low", reversible=True, settle_seconds=0,
            expected_effect="fix the code: parse() holds the GIL; no setting helps", finding="coord-gil",
        ),
    )  # fmt: skip


def build_entry(entry_id: str, state: EntryState, *, tick: int = 0) -> JournalEntry:
    return JournalEntry(
        id=entry_id, state=state, wall_ns=WALL_NS + tick * SECOND, boot_id="b007", uid=0, target=TARGET.label,
        proposal=build_proposals()[0], approved_by="tui", deadline_seconds=30, owner_pid=77, owner_start_ticks=5,
        detail="somebody else set 3" if state == "conflict" else "", metric_before=0.41,
        metric_after=0.86 if state != "intent" else None,
    )  # fmt: skip


def build_journal() -> tuple[JournalEntry, ...]:
    """An open change and three closed ones, newest first."""
    states: tuple[EntryState, ...] = ("applied", "kept", "reverted", "conflict")
    return tuple(build_entry(f"j{4 - row}", state, tick=-300 * row) for row, state in enumerate(states))


HISTORY_RATES = {
    "disk-read": 2e4, "disk-write": 3e6, "net-rx": 4e5, "net-tx": 1e5, "target-rss": 1e8, "target-read": 2e4,
    "target-write": 7e5,
}  # fmt: skip
HISTORY_RATIOS = {
    "cpu": 0.7, "memory": 0.4, "swap": 0.0, "psi-cpu": 0.4, "psi-memory": 0.0, "psi-io": 0.02, "target-cpu": 0.4,
    "target-delay": 0.6,
}  # fmt: skip


def build_history(tick: int, *, target: bool = True, length: int = 120) -> dict[str, tuple[float, ...]]:
    """Series that scroll by one a tick; without a target its series and pressure are not there."""

    def series(name: str, level: float) -> tuple[float, ...]:
        if not target and name.startswith(("target", "psi")):
            return (nan,) * length
        return tuple(level * (1 + 0.4 * sin(0.7 * at + len(name))) for at in range(tick, tick + length))

    return {name: series(name, level) for name, level in {**HISTORY_RATIOS, **HISTORY_RATES}.items()}


def ended(update: Update) -> Update:
    """What a session says after the target has ended."""
    assert update.sample.tree is not None
    tree = replace(update.sample.tree, alive=False)
    return replace(update, sample=replace(update.sample, tree=tree), proposals=())


def build_update(
    tick: int = 1,
    *,
    processes: int = 350,
    threads: int = 9,
    target: bool = True,
    limited: bool = True,
    cores: int = 2,
    first: bool = False,
) -> Update:
    """The update of one tick.

    ``target=False`` watches the host (pressure files missing, nothing diagnosed), ``limited=False`` is a healthy
    target, ``first`` is the very first sample, from which nothing can be derived.
    """
    newer = build_sample(tick, processes=processes, threads=threads, target=target, cores=cores)
    older = build_sample(tick - 1, processes=processes, threads=threads, target=target, cores=cores)
    judged = target and not first
    return Update(
        sample=newer,
        interval=None if first else Interval.between(older, newer),
        diagnosis=build_diagnosis(limited=limited) if judged else None,
        profile=build_profile(TARGET_PID, START_NS) if judged else None,
        profile_status=ProfileStatus(state="ok", sampler="py-spy", sampler_cpu_ratio=0.03, rate_hz=100)
        if target
        else ProfileStatus(state="off", reason="no target", remedy="pick a process"),
        proposals=build_proposals() if judged and limited else (),
        journal=build_journal() if target else (),
        history={} if first else build_history(tick, target=target),
        own_cost=OwnCost(cpu_pct=1.2 + (tick % 3) / 10, rss_bytes=44 << 20, sampler_cpu_pct=3.1 if target else 0.0),
    )
