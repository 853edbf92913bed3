"""Who takes the CPU from the target, and which setting reaches them. Pure.

The scheduler shares a CPU level by level: cgroups first, then (where ``kernel.sched_autogroup_enabled`` is 1 and
the tasks are in the root of the cpu controller) sessions, then threads by their nice value. So nice counts only
among the processes of one session or one cgroup, and the session's own weight only against other sessions.
"""

from typing import NamedTuple

from perftui.model.interval import Interval
from perftui.model.sample import Sample

MIN_CORES = 0.05
"""A process that uses less takes nothing worth a change."""

MIN_PART = 0.25
"""A setting is proposed when it reaches at least this part of the CPU that others take."""

STEP = 10
"""Nice levels per step: the scheduler's weight changes 1.25-fold per level, 9.3-fold per step."""

LOWEST_NICE = -20


class Rival(NamedTuple):
    """A process outside the target's tree that uses CPU."""

    pid: int
    session: int
    cores: float
    name: str


class Press(NamedTuple):
    """What one process of the target runs and waits for, in CPU seconds per second."""

    run: float
    delay: float

    @property
    def demand(self) -> float:
        return self.run + self.delay


def rivals_of(interval: Interval) -> tuple[Rival, ...]:
    """Processes outside the target's tree that use CPU, the heaviest first."""
    section, cores, tree = interval.newer.processes, interval.process_cores, interval.newer.tree
    if section is None or cores is None:
        return ()
    own = set(tree.processes.ints("pid")) if tree else set()
    rows = zip(section.processes.rows("pid", "session"), cores, section.processes.text("name"), strict=True)
    found = [
        Rival(pid, session, used, name) for (pid, session), used, name in rows if pid not in own and used >= MIN_CORES
    ]
    return tuple(sorted(found, key=lambda rival: -rival.cores))


def press_of(interval: Interval) -> dict[int, Press]:
    """By PID of the target's tree, from its threads' run time and run delay."""
    found: dict[int, Press] = {}
    for use in interval.threads or ():
        was = found.get(use.pid, Press(0.0, 0.0))
        found[use.pid] = Press(was.run + use.run_ratio, was.delay + use.delay_ratio)
    return found


def is_pressed(pid: int, interval: Interval) -> bool:
    """True for the process of the tree that waits most for a CPU, and those that wait at least half as much."""
    press = press_of(interval)
    most = max((one.delay for one in press.values()), default=0.0)
    return pid in press and press[pid].delay >= most / 2 > 0


def session_of(pid: int, sample: Sample) -> int | None:
    if sample.processes is not None:
        for one, session in sample.processes.processes.rows("pid", "session"):
            if one == pid:
                return session
    return sample.tree.session if sample.tree else None


def sessions_decide(sample: Sample) -> bool:
    """True when the scheduler shares the CPU between sessions before it looks at nice values."""
    return bool(sample.tree and sample.tree.autogroup_enabled) and not in_cpu_group(sample)


def in_cpu_group(sample: Sample) -> bool:
    """True when the target is below the root of the cpu controller, where autogroup has no say."""
    return sample.cgroup is not None and bool(sample.cgroup.cpu)


def split_by_session(pid: int, interval: Interval) -> tuple[tuple[Rival, ...], tuple[Rival, ...]]:
    """Rivals within the session of a process, and those of other sessions."""
    session = session_of(pid, interval.newer)
    found = rivals_of(interval)
    within = tuple(rival for rival in found if rival.session == session)
    return within, tuple(rival for rival in found if rival.session != session)


def cores_of(rivals: tuple[Rival, ...]) -> float:
    return sum(rival.cores for rival in rivals)


def reaches_enough(reached: tuple[Rival, ...], beyond: tuple[Rival, ...]) -> bool:
    taken = cores_of(reached)
    return taken > 0 and taken >= MIN_PART * (taken + cores_of(beyond))


def weight_factor(before: int, after: int) -> float:
    """How many times heavier the nicer value makes it (kernel/sched/core.c: about 1.25 per level)."""
    return float(1.25 ** (before - after))


def expected_cores(pid: int, interval: Interval, factor: float, competitors: int) -> tuple[float, Press]:
    """The CPU a process can hope for when its weight grows, beside so many competitors of the old weight."""
    press = press_of(interval).get(pid, Press(0.0, 0.0))
    cpus = len(interval.cpu.cores) if interval.cpu else 1
    tree = interval.newer.tree
    usable = min(cpus, tree.cpus_allowed_count) if tree else cpus
    share = min(press.demand, usable) * factor / (factor + competitors / cpus)
    return max(press.run, share), press


def names_of(rivals: tuple[Rival, ...], limit: int = 4) -> str:
    """``python 4242, stress-ng 77 and 2 more``."""
    shown = ", ".join(f"{rival.name} {rival.pid}" for rival in rivals[:limit])
    return f"{shown} and {len(rivals) - limit} more" if len(rivals) > limit else shown
