"""One lifelike update of a target that the interpreter lock limits."""

from perftui.model.finding import Blame, Diagnosis, Evidence, Finding, HotFunction, RuledOut, Unknown
from perftui.model.journal import JournalEntry
from perftui.model.profile import ProfileStatus
from perftui.model.proposal import Proposal, SetNice, ThreadValue
from perftui.model.sample import CollectorStatus, KnobReading, Sample
from perftui.model.target import HOST, ProcessId, Target
from perftui.model.update import OwnCost, Update

PROCESS = ProcessId(pid=4242, start_ticks=991)

GIL = Finding(
    rule="coord-gil",
    layer="coordination",
    severity="critical",
    confidence=0.91,
    summary="4 threads wait 44 % of their time for the interpreter lock, held mostly by parse",
    evidence=(
        Evidence(
            metric="gil_wait_ratio", observed=0.44, threshold=0.05, unit="ratio", source="/proc/PID/task/*/syscall"
        ),
    ),
    ruled_out=(RuledOut(rule="coord-lock", because="the futex lies in the interpreter's own data"),),
    flips_if="the waits move to a word in the heap",
    blame=Blame(pid=4242, function="parse", file="app.py", line=31),
    advice="move parse into processes",
    metric="gil_wait_ratio",
)

ONE_CORE = Finding(
    rule="cpu-one-core",
    layer="cpu",
    severity="warning",
    confidence=0.4,
    summary="the target runs one core's worth",
    evidence=(),
)

NICE = Proposal(
    id="3f2a91c0de",
    knob="process.nice",
    subject="pid 4242",
    finding="neighbour-cpu",
    before="0",
    after="-5",
    command="renice -n -5 -p 4242",
    undo_command="renice -n 0 -p 4242",
    privilege="CAP_SYS_NICE",
    permitted=True,
    risk="low",
    reversible=True,
    settle_seconds=1,
    expected_effect="a larger share of the CPU",
    metric="run_delay_ratio",
    action=SetNice(
        before="0", after="-5", process=PROCESS, threads=(ThreadValue(tid=4242, start_ticks=991, value="0"),)
    ),
)

ADVICE = Proposal(
    id="00",
    knob="advice",
    subject="",
    finding="coord-gil",
    before="",
    after="",
    command="",
    undo_command="",
    privilege="",
    permitted=False,
    risk="low",
    reversible=False,
    settle_seconds=0,
    expected_effect="move parse into processes",
)

DIAGNOSIS = Diagnosis(
    state="limited",
    window_seconds=8.0,
    summary=GIL.summary,
    findings=(GIL, ONE_CORE),
    unknown=(
        Unknown(rule="cpu-frequency", reason="no cpufreq in this VM"),
        Unknown(rule="io-sync-latency", reason="syscall is hidden", remedy="run as root"),
        Unknown(rule="coord-lock", reason="syscall is hidden", remedy="run as root"),
    ),
    hot=(
        HotFunction(function="main", file="/srv/app.py", line=90, thread="worker", self_ratio=0.1, total_ratio=1.0),
        HotFunction(function="parse", file="/srv/app.py", line=31, thread="worker", self_ratio=0.58, total_ratio=0.6),
    ),
)


def update(diagnosis: Diagnosis | None = DIAGNOSIS, *, host: bool = False, command: str = "python app.py") -> Update:
    target = HOST if host else Target(kind="process", process=PROCESS, command=command)
    return Update(
        sample=Sample(
            monotonic_ns=8_000_000_000,
            wall_ns=1_700_000_000_000_000_000,
            boot_id="boot",
            target=target,
            knobs=(
                KnobReading(knob="process.nice", subject="pid 4242", available=True, value="0", permitted=True),
                KnobReading(
                    knob="process.ionice", subject="pid 4242", available=True, value="be:4", privilege="CAP_SYS_ADMIN"
                ),
                KnobReading(knob="cgroup.cpu-max", subject="pid 4242", available=False, reason="no cpu controller"),
            ),
            collectors=(
                CollectorStatus(name="cpu", state="ok"),
                CollectorStatus(name="pressure", state="no_data", reason="PSI is off", remedy="boot with psi=1"),
            ),
        ),
        interval=None,
        diagnosis=diagnosis,
        profile=None,
        profile_status=ProfileStatus(state="ok", sampler="py-spy", rate_hz=100),
        proposals=(NICE, ADVICE) if diagnosis is DIAGNOSIS else (),
        journal=(),
        history={
            "cpu": (float("nan"), 0.5, 1.0, 0.75),
            "target-cpu": (1.0, 1.0, 1.0, 1.0),
            "target-rss": (1048576.0, 2097152.0, 2097152.0, 3145728.0),
            "net-rx": (float("nan"),) * 4,
        },
        own_cost=OwnCost(cpu_pct=1.8, rss_bytes=61234567, sampler_cpu_pct=3.5, target_slowdown_pct=0.6),
    )


ENTRY = JournalEntry(
    id="5d0c1f2e",
    state="applied",
    wall_ns=1_700_000_000_000_000_000,
    boot_id="boot",
    uid=0,
    target="4242 python app.py",
    proposal=NICE,
    approved_by="ops (ann)",
    deadline_seconds=30.0,
    owner_pid=7,
    owner_start_ticks=8,
    metric_before=0.44,
    metric_after=0.02,
)
