"""Samples and stack windows made up for the tests of the store: small, but with all kinds of parts."""

from perftui.model.profile import Frame, StackProfile, StackRow, ThreadName
from perftui.model.sample import (
    CollectorStatus,
    CpuSection,
    KnobReading,
    PressureLine,
    PressureSection,
    ProcessSection,
    Sample,
)
from perftui.model.table import Table
from perftui.model.target import HOST
from perftui.store.recording import Header

SECOND = 1_000_000_000
EPOCH = 1_700_000_000 * SECOND
FOREVER = (1 << 63) - 1

HEADER = Header(
    version="1.2.3",
    wall_ns=EPOCH,
    boot_id="boot",
    hostname="server",
    kernel="6.1.0",
    machine="x86_64",
    cpus=2,
    target="4242 app.py",
    interval_seconds=1.0,
    facts={"distribution": "Debian"},
)


def sample_at(tick: int, processes: int = 30) -> Sample:
    """The sample of one second: counters go on, a process ends and another begins every third one."""
    monotonic_ns = (1000 + tick) * SECOND + tick % 7
    pids = [1 + pid for pid in range(tick // 3, tick // 3 + processes)]
    return Sample(
        monotonic_ns=monotonic_ns,
        wall_ns=EPOCH + tick * SECOND,
        boot_id="boot",
        target=HOST,
        cpu=CpuSection(
            monotonic_ns=monotonic_ns + 100,
            ticks=Table.of({"cpu": [-1, 0, 1], "user": [2 * tick, tick, tick], "idle": [9 * tick, 4, 5]}),
            ticks_per_second=100,
            context_switches_total=17 * tick,
            forks_total=tick,
            running=1 + tick % 3,
            blocked=0,
            load1=tick % 5 / 4,
            load5=0.5,
            load15=0.25,
        ),
        pressure=slow_section(tick) if tick >= 4 else None,
        processes=ProcessSection(
            monotonic_ns=monotonic_ns + 300 + tick % 5,
            boottime_ns=monotonic_ns + 400,
            processes=Table.of(
                {
                    "pid": pids,
                    "start_ticks": [100 * pid for pid in pids],
                    "user_ticks": [pid * tick for pid in pids],
                    "rss_bytes": [4096 * pid for pid in pids],
                },
                {"name": [f"job-{pid % 4}" for pid in pids], "command": [f"/bin/job --number {pid}" for pid in pids]},
            ),
            ticks_per_second=100,
        ),
        knobs=(KnobReading(knob="process.nice", subject="pid 1", available=True, value="0", detail={"path": "/x"}),),
        collectors=(CollectorStatus(name="cpu", state="ok", cpu_ns=100_000 + tick),),
    )


def slow_section(tick: int) -> PressureSection:
    """Read every fifth second."""
    line = PressureLine(some_avg10=tick // 5 / 8, some_total_us=tick // 5)
    return PressureSection(monotonic_ns=(1000 + tick // 5 * 5) * SECOND, cpu=line, memory=line, io=line)


def window_at(tick: int) -> StackProfile:
    """A window in which most frames and stacks are those of the last one."""
    frames = (
        Frame(function="main", file="/srv/app.py", line=1),
        Frame(function="work", file="/srv/app.py", line=10 + tick % 3),
        Frame(function="memcpy"),
    )
    return StackProfile(
        sampler="py-spy",
        rate_hz=100.0,
        started_ns=(999 + tick) * SECOND,
        ended_ns=(1000 + tick) * SECOND,
        covered_ns=SECOND,
        attempts=99,
        frames=frames,
        stacks=((0,), (0, 1, 2)),
        rows=(
            StackRow(pid=7, tid=7, stack=0, samples=tick, on_cpu=tick / 3),
            StackRow(pid=7, tid=8, stack=1, samples=99, on_cpu=0.0),
        ),
        threads=(ThreadName(pid=7, tid=7, name="MainThread"), ThreadName(pid=7, tid=8, name=f"worker-{tick % 2}")),
        sampler_cpu_ns=1_000_000,
        mode="exact" if tick % 5 == 4 else "nonblocking",
        slots=Table.of({"row": [1, 1], "slot": [3, 19], "samples": [90, 9]}) if tick % 2 else Table(),
        pid=7,
    )
