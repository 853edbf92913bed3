"""Names the processes that use the CPU beside the target, or on a host without one."""

from collections.abc import Sequence

from perftui.model.finding import Blame
from perftui.model.neighbours import HEAVY_CORES, Neighbour

NAMED = 3
"""Processes that a sentence names, each with its own figure."""

UNNAMED = "short-lived or smaller processes"
"""CPU that no named process used: it ran in many small ones, or in such as ended between two looks."""


def heaviest(heavy: Sequence[Neighbour], used: float) -> Neighbour | None:
    """The process that used most of ``used`` CPUs; None where more of it is in nobody's figure."""
    return heavy[0] if heavy and heavy[0].cores >= _unnamed(heavy, used) else None


def blame_of(process: Neighbour | None) -> Blame:
    return Blame(pid=process.pid, process=process.name) if process else Blame(process=UNNAMED)


def shares_text(heavy: Sequence[Neighbour], used: float) -> str:
    """``stress (PID 7) uses 0.35 CPUs, short-lived or smaller processes 1.32``: who makes up ``used`` CPUs."""
    shares = [(f"{process.name} (PID {process.pid})", process.cores) for process in heavy[:NAMED]]
    if more := heavy[NAMED:]:
        plural = "s" if len(more) > 1 else ""
        shares.append((f"{len(more)} other{plural}", sum(process.cores for process in more)))
    rest = _unnamed(heavy, used)
    if not shares:
        return f"{UNNAMED} use {rest:.2f} CPUs"
    if rest >= HEAVY_CORES:
        shares.append((UNNAMED, rest))
    (first, cores), *following = shares
    return ", ".join([f"{first} uses {cores:.2f} CPUs", *(f"{who} {share:.2f}" for who, share in following)])


def _unnamed(heavy: Sequence[Neighbour], used: float) -> float:
    return max(0.0, used - sum(process.cores for process in heavy))
