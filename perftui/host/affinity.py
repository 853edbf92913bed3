"""The CPUs a thread may run on, as the kernel writes such lists: ``0-1,3``."""

import os
from collections.abc import Iterable
from functools import lru_cache


def affinity(tid: int) -> str:
    """The CPU list of one thread. ProcessLookupError when there is none."""
    return _text(frozenset(os.sched_getaffinity(tid)))


@lru_cache(maxsize=64)
def _text(cpus: frozenset[int]) -> str:
    """A process's thousand threads mostly have one and the same list."""
    return cpu_list_text(cpus)


def cpu_list_text(cpus: Iterable[int]) -> str:
    """``{0, 1, 2, 5}`` → ``0-2,5``; empty for no CPUs."""
    runs: list[tuple[int, int]] = []
    for cpu in sorted(set(cpus)):
        if runs and cpu == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], cpu)
        else:
            runs.append((cpu, cpu))
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in runs)
