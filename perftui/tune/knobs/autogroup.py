"""process.autogroup."""

from perftui.errors import NoData
from perftui.host.autogroup import parse_autogroup
from perftui.host.procfs import Host
from perftui.model.finding import Finding
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal, SetAutogroup
from perftui.model.sample import KnobReading, Sample
from perftui.tune import rivals
from perftui.tune.knob import may, process_of, proposed, tree_threads, unavailable


class Autogroup:
    """The nice value of a whole session: its weight against other sessions, -20 (heavy) to 19 (light).

    Cures neighbour-cpu when the neighbours are in other sessions: with kernel.sched_autogroup_enabled=1 the
    scheduler shares the CPU between sessions before it looks at any process's nice. Two SSH logins are two sessions.
    It does nothing between processes of one session (process.nice does), and nothing for a process in a cgroup of the
    cpu controller, as every unit of systemd is (cgroup.cpu-weight decides there).

    Visible within a second. Lowering needs CAP_SYS_NICE. Risk low, but the whole session gains, the shell and all that
    was started from it included. The kernel takes one write in 0.1 s.
    """

    id = "process.autogroup"

    def read(self, host: Host, sample: Sample) -> tuple[KnobReading, ...]:
        readings: dict[str, KnobReading] = {}
        sessions = rivals.sessions_in(sample)
        for process in tree_threads(sample):
            subject = f"session {rivals.session_of(process.pid, sample, sessions)}"
            if subject in readings:
                continue
            reason, remedy = _obstacle(sample)
            if reason:
                readings[subject] = unavailable(self.id, subject, reason, remedy)
                continue
            try:
                found = parse_autogroup(host.text(f"/proc/{process.pid}/autogroup"))
            except NoData as error:
                readings[subject] = unavailable(self.id, subject, error.reason, error.remedy)
                continue
            if found is None:
                readings[subject] = unavailable(
                    self.id, subject, "it was not started in a session of its own", "start it with setsid"
                )
                continue
            readings[subject] = KnobReading(
                knob=self.id,
                subject=subject,
                available=True,
                value=found[1],
                permitted=may("CAP_SYS_NICE"),
                privilege="CAP_SYS_NICE",
                detail={"pid": str(process.pid), "start_ticks": str(process.start_ticks), "group": found[0]},
            )
        return tuple(readings.values())

    def propose(self, finding: Finding, reading: KnobReading, sample: Sample, interval: Interval) -> Proposal | None:
        process, before = process_of(reading), int(reading.value)
        if finding.rule != "neighbour-cpu" or not _has_pressed(reading, interval):
            return None
        within, across = rivals.split_by_session(process.pid, interval)
        after = max(rivals.LOWEST_NICE, before - rivals.STEP)
        if after == before or not rivals.reaches_enough(across, within):
            return None
        factor = rivals.weight_factor(before, after)
        sessions = len({rival.session for rival in across})
        press = rivals.press_of(_members(reading, interval), interval)
        cores = rivals.expected_cores(press, interval, factor, sessions)
        where = "of another session" if sessions == 1 else f"of other sessions ({sessions})"
        effect = (
            f"It runs {press.run:.2f} of the {press.demand:.2f} cores it asks for; {rivals.taking(across, where)}. "
            f"At {after} its session weighs {factor:.1f} times as much: about {cores:.2f} cores. "
            "Nice does nothing across sessions."
        )
        if within:
            effect += f" This does nothing against {rivals.names_of(within)} in its own session."
        path = f"/proc/{process.pid}/autogroup"
        return proposed(
            reading,
            finding,
            sample,
            action=SetAutogroup(before=reading.value, after=str(after), process=process, group=reading.detail["group"]),
            after=str(after),
            command=f"echo {after} > {path}",
            undo_command=f"echo {before} > {path}",
            risk="low",
            settle_seconds=1.0,
            expected_effect=effect,
            affects=f"the whole {reading.subject}, its shell included, gains; {rivals.losing(across)}",
        )


def _obstacle(sample: Sample) -> tuple[str, str]:
    """Why autogroup has no say here, and what would change that."""
    tree = sample.tree
    if tree is None or tree.autogroup_enabled is None:
        return "this kernel has no autogroup", "use process.nice"
    if not tree.autogroup_enabled:
        return "kernel.sched_autogroup_enabled is 0: sessions have no weight", "use process.nice"
    if rivals.in_cpu_group(sample):
        return "the target is in a cgroup of the cpu controller, whose weight decides", "use cpu.weight or process.nice"
    return "", ""


def _members(reading: KnobReading, interval: Interval) -> list[int]:
    """The target's processes in the session of this reading."""
    sample, sessions = interval.newer, interval.sessions
    session = rivals.session_of(process_of(reading).pid, sample, sessions)
    return [pid for pid in interval.press if rivals.session_of(pid, sample, sessions) == session]


def _has_pressed(reading: KnobReading, interval: Interval) -> bool:
    """True when a process of this session is among those of the tree that wait for a CPU."""
    return not rivals.pressed(interval).isdisjoint(_members(reading, interval))
