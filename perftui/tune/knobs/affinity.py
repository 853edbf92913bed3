"""process.affinity."""

from perftui.errors import NoData
from perftui.host.affinity import affinity, cpu_list_text
from perftui.host.cgroupfs import groups_of, parse_membership, parse_mounts
from perftui.host.procfs import Host, cpu_list
from perftui.model.finding import Finding
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal, SetAffinity
from perftui.model.sample import KnobReading, Sample
from perftui.model.target import ProcessId
from perftui.tune import rivals
from perftui.tune.knob import (
    ThreadSetting,
    may_set_threads,
    process_of,
    proposed,
    thread_reading,
    threads_before,
    tree_threads,
)


class Affinity:
    """The CPUs that the threads of a process may run on, as a list such as 0-1,3.

    Cures cpu-affinity: the process waits for its CPUs while others are idle. The proposal is all CPUs that are online
    and that its cpuset allows; where the cpuset is the limit there is nothing to propose here.

    Visible within a second. Needs the same user or CAP_SYS_NICE. Risk medium: somebody may have pinned it on purpose
    (interrupts, NUMA memory, a neighbour that must be left alone). Threads and processes started afterwards inherit
    it; undo restores the threads, not processes that were started meanwhile.
    """

    id = "process.affinity"

    def read(self, host: Host, sample: Sample) -> tuple[KnobReading, ...]:
        if sample.tree is None:
            return ()
        readings = []
        for at, (process, threads) in enumerate(tree_threads(sample).items()):
            if host.is_live:
                settings = _live(threads)
            elif at == 0:
                settings = [ThreadSetting(process.pid, process.start_ticks, sample.tree.cpus_allowed)]
            else:
                break
            reading = thread_reading(
                self.id, process, settings, permitted=may_set_threads(sample), privilege="CAP_SYS_NICE"
            )
            if reading is not None:
                reading.detail["usable"] = _usable(host, process)
                readings.append(reading)
        return tuple(readings)

    def propose(self, finding: Finding, reading: KnobReading, sample: Sample, interval: Interval) -> Proposal | None:
        process, after = process_of(reading), reading.detail["usable"]
        if finding.rule != "cpu-affinity" or not after or not set(cpu_list(reading.value)) < set(cpu_list(after)):
            return None
        if not rivals.is_pressed(process.pid, interval):
            return None
        restored = [f"taskset -acp {reading.value} {process.pid}"]
        restored += [f"taskset -cp {one.value} {one.tid}" for one in threads_before(reading)[1:]]
        return proposed(
            reading,
            finding,
            sample,
            action=SetAffinity(before=reading.value, after=after, process=process, threads=threads_before(reading)),
            after=after,
            command=f"taskset -acp {after} {process.pid}",
            undo_command="; ".join(restored),
            risk="medium",
            settle_seconds=1.0,
            expected_effect=_effect(process.pid, reading.value, after, interval),
            affects=f"whatever runs on CPU {_added(reading.value, after)} now; what it starts from now on inherits it",
        )


def _live(threads: list[tuple[int, int, int]]) -> list[ThreadSetting]:
    settings = []
    for tid, start, _ in threads:
        try:
            settings.append(ThreadSetting(tid, start, affinity(tid)))
        except ProcessLookupError:  # it ended since the threads were listed
            continue
    return settings


def _usable(host: Host, process: ProcessId) -> str:
    """CPUs that are online and in the process's cpuset; empty when that cannot be told."""
    try:
        online = set(cpu_list(host.text("/sys/devices/system/cpu/online")))
        return cpu_list_text(online & _cpuset(host, process, online))
    except (NoData, ValueError):
        return ""


def _cpuset(host: Host, process: ProcessId, online: set[int]) -> set[int]:
    members = parse_membership(host.read(f"/proc/{process.pid}/cgroup"))
    for group in groups_of("cpuset", members, parse_mounts(host.read("/proc/self/mountinfo"))):
        path = f"{group.directory}/{'cpuset.effective_cpus' if group.version == 1 else 'cpuset.cpus.effective'}"
        if host.exists(path):
            return set(cpu_list(host.text(path)))
    return online


def _added(before: str, after: str) -> str:
    return cpu_list_text(set(cpu_list(after)) - set(cpu_list(before)))


def _effect(pid: int, before: str, after: str, interval: Interval) -> str:
    press = rivals.press_of(interval).get(pid, rivals.Press(0.0, 0.0))
    added = set(cpu_list(_added(before, after)))
    cores = interval.cpu.cores if interval.cpu else ()
    idle = sum(1 - core.busy_ratio for core in cores if core.cpu in added)
    return (
        f"It runs {press.run:.2f} of the {press.demand:.2f} cores it asks for, on CPU {before} only, while CPU "
        f"{_added(before, after)} has {idle:.2f} cores idle: up to {min(press.demand, press.run + idle):.2f} cores."
    )
