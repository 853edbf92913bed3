"""Who uses the CPU beside the target, and how much the target itself runs and waits. Pure."""

from collections.abc import Iterable
from typing import NamedTuple

from perftui.model.sample import ProcessSection, TargetSection
from perftui.model.target_rates import ThreadUse

HEAVY_CORES = 0.05
"""A process that uses less takes nothing worth naming or worth a change."""


class Neighbour(NamedTuple):
    """A process outside the target's tree that uses CPU."""

    pid: int
    name: str
    session: int
    nice: int
    cores: float


class Press(NamedTuple):
    """What one process of the target runs and waits for, in CPU seconds per second."""

    run: float
    delay: float

    @property
    def demand(self) -> float:
        return self.run + self.delay


def neighbours_of(section: ProcessSection, cores: Iterable[float], tree: TargetSection | None) -> tuple[Neighbour, ...]:
    """Processes outside the target's tree that use CPU, the heaviest first; ``cores`` in the section's row order."""
    own = set(tree.processes.ints("pid")) if tree else set()
    rows = zip(section.processes.rows("pid", "session", "nice"), section.processes.text("name"), cores, strict=True)
    found = [
        Neighbour(pid, name, session, nice, used)
        for (pid, session, nice), name, used in rows
        if used >= HEAVY_CORES and pid not in own
    ]
    return tuple(sorted(found, key=lambda process: -process.cores))


def press_of(threads: Iterable[ThreadUse]) -> dict[int, Press]:
    """By PID of the target's tree, from its threads' run time and run delay."""
    found: dict[int, Press] = {}
    for use in threads:
        was = found.get(use.pid, Press(0.0, 0.0))
        found[use.pid] = Press(was.run + use.run_ratio, was.delay + use.delay_ratio)
    return found


def sessions_of(section: ProcessSection) -> dict[int, int]:
    """The session of each process of the host, by PID."""
    return dict(zip(section.processes.ints("pid"), section.processes.ints("session"), strict=True))
