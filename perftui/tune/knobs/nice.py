"""process.nice."""

from perftui.errors import NoData
from perftui.host.nice import nice
from perftui.host.procfs import Host
from perftui.model.finding import Finding
from perftui.model.interval import Interval
from perftui.model.neighbours import Neighbour
from perftui.model.proposal import Proposal, SetNice
from perftui.model.sample import KnobReading, Sample
from perftui.tune import rivals
from perftui.tune.knob import (
    ThreadSetting,
    live_settings,
    may,
    process_of,
    proposed,
    thread_list,
    thread_reading,
    threads_before,
    tree_threads,
)


class Nice:
    """The nice value of each thread of a process: its weight against others, -20 (heavy) to 19 (light).

    Cures neighbour-cpu when the neighbours are in the target's own session. Where the scheduler shares the CPU
    between sessions first (kernel.sched_autogroup_enabled=1, the default of most desktops and of many servers),
    nice does nothing against processes of other sessions: process.autogroup is the knob then. Inside a cgroup it
    counts only against processes of that cgroup.

    Visible within a second. Lowering needs CAP_SYS_NICE; without it a user cannot take back a raise either.
    Risk low: the neighbours lose what the target gains. Threads and processes started afterwards inherit the value;
    undo restores the threads, not processes that were started meanwhile.
    """

    id = "process.nice"

    def read(self, host: Host, sample: Sample) -> tuple[KnobReading, ...]:
        peers = _peers(host, sample)
        permitted = may("CAP_SYS_NICE")
        readings = []
        for process, threads in tree_threads(sample).items():
            settings = live_settings(threads, nice) if host.is_live else _captured(threads)
            reading = thread_reading(self.id, process, settings, permitted=permitted, privilege="CAP_SYS_NICE")
            if reading is not None:
                reading.detail["peers"] = peers
                readings.append(reading)
        return tuple(readings)

    def propose(self, finding: Finding, reading: KnobReading, sample: Sample, interval: Interval) -> Proposal | None:
        process, before = process_of(reading), int(reading.value)
        if finding.rule != "neighbour-cpu" or process.pid not in rivals.pressed(interval):
            return None
        reached, beyond, who = _reach(process.pid, reading, interval)
        after = max(rivals.LOWEST_NICE, before - rivals.STEP)
        if after == before or not rivals.reaches_enough(reached, beyond):
            return None
        factor = rivals.weight_factor(before, after)
        press = rivals.press_of([process.pid], interval)
        cores = rivals.expected_cores(press, interval, factor, len(reached))
        effect = (
            f"It runs {press.run:.2f} of the {press.demand:.2f} cores it asks for; {rivals.taking(reached, who)}. "
            f"Nice {after} weighs {factor:.1f} times as much: about {cores:.2f} cores."
        )
        if beyond:
            effect += f" It does nothing against {rivals.names_of(beyond)} in other sessions or groups."
        targets = thread_list(reading)
        restored = [f"renice -n {before} -p {targets}"]
        restored += [f"renice -n {one.value} -p {one.tid}" for one in threads_before(reading)[1:]]
        return proposed(
            reading,
            finding,
            sample,
            action=SetNice(before=reading.value, after=str(after), process=process, threads=threads_before(reading)),
            after=str(after),
            command=f"renice -n {after} -p {targets}",
            undo_command="; ".join(restored),
            risk="low",
            settle_seconds=1.0,
            expected_effect=effect,
            affects=f"{rivals.losing(reached)}. What it starts from now on inherits it.",
        )


def _captured(threads: list[tuple[int, int, int]]) -> list[ThreadSetting]:
    return [ThreadSetting(tid, start, str(value)) for tid, start, value in threads]


def _peers(host: Host, sample: Sample) -> str:
    """The PIDs in the target's own cpu cgroup; empty when it is in the root."""
    if not rivals.in_cpu_group(sample) or sample.cgroup is None:
        return ""
    try:
        return " ".join(host.text(f"{sample.cgroup.cpu[0].path}/cgroup.procs").split())
    except NoData:
        return ""


def _reach(
    pid: int, reading: KnobReading, interval: Interval
) -> tuple[tuple[Neighbour, ...], tuple[Neighbour, ...], str]:
    """The rivals that nice counts against, the others, and where the first ones are."""
    sample = interval.newer
    if rivals.in_cpu_group(sample):
        peers = set(reading.detail.get("peers", "").split())
        found = interval.neighbours
        within = tuple(rival for rival in found if str(rival.pid) in peers)
        return within, tuple(rival for rival in found if rival not in within), "of its cgroup"
    if rivals.sessions_decide(sample):
        return *rivals.split_by_session(pid, interval), "of its session"
    return interval.neighbours, (), "beside it"
