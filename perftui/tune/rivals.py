"""Who takes the CPU from the target, and which setting reaches them. Pure.

The scheduler shares a CPU level by level: cgroups first, then (where ``kernel.sched_autogroup_enabled`` is 1 and
the tasks are in the root of the cpu controller) sessions, then threads by their nice value. So nice counts only
among the processes of one session or one cgroup, and the session's own weight only against other sessions.
"""

from collections.abc import Iterable

from perftui.model.interval import Interval
from perftui.model.neighbours import Neighbour, Press, sessions_of
from perftui.model.sample import Sample

MIN_PART = 0.25
"""A setting is proposed when it reaches at least this part of the CPU that others take."""

STEP = 10
"""Nice levels per step: the scheduler's weight changes 1.25-fold per level, 9.3-fold per step."""

LOWEST_NICE = -20
MAX_NAMED = 4


def pressed(interval: Interval) -> frozenset[int]:
    """The PIDs of the tree's process that waits most for a CPU, and of those that wait at least half as much."""
    half = max((press.delay for press in interval.press.values()), default=0.0) / 2
    return frozenset(pid for pid, press in interval.press.items() if press.delay >= half > 0)


def session_of(pid: int, sample: Sample, sessions: dict[int, int]) -> int | None:
    """From what is known of the host's processes, else the target's own."""
    found = sessions.get(pid)
    return found if found is not None or sample.tree is None else sample.tree.session


def sessions_in(sample: Sample) -> dict[int, int]:
    """The session of each process of the host, by PID; empty when they are not visible."""
    return sessions_of(sample.processes) if sample.processes else {}


def sessions_decide(sample: Sample) -> bool:
    """True when the scheduler shares the CPU between sessions before it looks at nice values."""
    return bool(sample.tree and sample.tree.autogroup_enabled) and not in_cpu_group(sample)


def in_cpu_group(sample: Sample) -> bool:
    """True when the target is below the root of the cpu controller, where autogroup has no say."""
    return sample.cgroup is not None and bool(sample.cgroup.cpu)


def split_by_session(pid: int, interval: Interval) -> tuple[tuple[Neighbour, ...], tuple[Neighbour, ...]]:
    """Neighbours within the session of a process, and those of other sessions."""
    session = session_of(pid, interval.newer, interval.sessions)
    within = tuple(rival for rival in interval.neighbours if rival.session == session)
    return within, tuple(rival for rival in interval.neighbours if rival.session != session)


def cores_of(rivals: tuple[Neighbour, ...]) -> float:
    return sum(rival.cores for rival in rivals)


def reaches_enough(reached: tuple[Neighbour, ...], beyond: tuple[Neighbour, ...]) -> bool:
    taken = cores_of(reached)
    return taken > 0 and taken >= MIN_PART * (taken + cores_of(beyond))


def weight_factor(before: int, after: int) -> float:
    """How many times heavier the nicer value makes it (kernel/sched/core.c: about 1.25 per level)."""
    return float(1.25 ** (before - after))


def press_of(pids: Iterable[int], interval: Interval) -> Press:
    """What several processes of the target run and wait for together."""
    each = [interval.press.get(pid, Press(0.0, 0.0)) for pid in pids]
    return Press(sum(press.run for press in each), sum(press.delay for press in each))


def expected_cores(press: Press, interval: Interval, factor: float, competitors: int) -> float:
    """The CPU that ``press`` can hope for when its weight grows, beside so many competitors of the old weight."""
    cpus = len(interval.cpu.cores) if interval.cpu else 1
    tree = interval.newer.tree
    usable = min(cpus, tree.cpus_allowed_count) if tree else cpus
    share = min(press.demand, usable) * factor / (factor + competitors / cpus)
    return max(press.run, share)


def names_of(rivals: tuple[Neighbour, ...]) -> str:
    """``python 4242, stress-ng 77 and 2 more``."""
    shown = ", ".join(f"{rival.name} {rival.pid}" for rival in rivals[:MAX_NAMED])
    return f"{shown} and {len(rivals) - MAX_NAMED} more" if len(rivals) > MAX_NAMED else shown


def taking(rivals: tuple[Neighbour, ...], where: str) -> str:
    """``4 processes of its session take 1.60``."""
    noun, verb = ("process", "takes") if len(rivals) == 1 else ("processes", "take")
    return f"{len(rivals)} {noun} {where} {verb} {cores_of(rivals):.2f}"


def losing(rivals: tuple[Neighbour, ...]) -> str:
    """``python 200, python 201 lose what it gains``."""
    return f"{names_of(rivals)} {'loses' if len(rivals) == 1 else 'lose'} what it gains"
