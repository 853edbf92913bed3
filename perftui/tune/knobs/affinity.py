"""process.affinity."""

from functools import cached_property

from perftui.errors import NoData
from perftui.host.affinity import affinity, cpu_list_text
from perftui.host.cgroupfs import Mount, groups_of, parse_membership, parse_mounts
from perftui.host.procfs import Host
from perftui.model.finding import Finding
from perftui.model.interval import Interval
from perftui.model.neighbours import Press
from perftui.model.proposal import Proposal, SetAffinity
from perftui.model.sample import KnobReading, Sample
from perftui.model.target import ProcessId
from perftui.model.units import cpu_list
from perftui.tune import rivals
from perftui.tune.knob import (
    ThreadSetting,
    live_settings,
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
        usable = _Usable(host)
        readings = []
        for at, (process, threads) in enumerate(tree_threads(sample).items()):
            if host.is_live:
                settings = live_settings(threads, affinity)
            elif at == 0:
                settings = [ThreadSetting(process.pid, process.start_ticks, sample.tree.cpus_allowed)]
            else:
                break
            reading = thread_reading(
                self.id, process, settings, permitted=may_set_threads(sample), privilege="CAP_SYS_NICE"
            )
            if reading is not None:
                reading.detail["usable"] = usable.cpus(process, reading.value)
                readings.append(reading)
        return tuple(readings)

    def propose(self, finding: Finding, reading: KnobReading, sample: Sample, interval: Interval) -> Proposal | None:
        process, after = process_of(reading), reading.detail["usable"]
        if finding.rule != "cpu-affinity" or not after or not set(cpu_list(reading.value)) < set(cpu_list(after)):
            return None
        if process.pid not in rivals.pressed(interval):
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


class _Usable:
    """Which CPUs processes may be given; what is the same for all of them is read once."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def cpus(self, process: ProcessId, current: str) -> str:
        """CPUs that are online and in the process's cpuset; empty when that cannot be told."""
        try:
            if set(cpu_list(current)) >= self._online:  # so its cpuset has them all
                return cpu_list_text(self._online)
            return cpu_list_text(self._online & self._cpuset(process))
        except (NoData, ValueError):
            return ""

    @cached_property
    def _online(self) -> set[int]:
        return set(cpu_list(self._host.text("/sys/devices/system/cpu/online")))

    @cached_property
    def _mounts(self) -> tuple[Mount, ...]:
        return parse_mounts(self._host.read("/proc/self/mountinfo"))

    def _cpuset(self, process: ProcessId) -> set[int]:
        members = parse_membership(self._host.read(f"/proc/{process.pid}/cgroup"))
        for group in groups_of("cpuset", members, self._mounts):
            path = f"{group.directory}/{'cpuset.effective_cpus' if group.version == 1 else 'cpuset.cpus.effective'}"
            if self._host.exists(path):
                return set(cpu_list(self._host.text(path)))
        return self._online


def _added(before: str, after: str) -> str:
    return cpu_list_text(set(cpu_list(after)) - set(cpu_list(before)))


def _effect(pid: int, before: str, after: str, interval: Interval) -> str:
    press = interval.press.get(pid, Press(0.0, 0.0))
    added = set(cpu_list(_added(before, after)))
    cores = interval.cpu.cores if interval.cpu else ()
    idle = sum(1 - core.busy_ratio for core in cores if core.cpu in added)
    return (
        f"It runs {press.run:.2f} of the {press.demand:.2f} cores it asks for, on CPU {before} only, while CPU "
        f"{_added(before, after)} has {idle:.2f} cores idle: up to {min(press.demand, press.run + idle):.2f} cores."
    )
