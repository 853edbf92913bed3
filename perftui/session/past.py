"""What is known of a process from before it was the target: its rows in the lists of all processes."""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from perftui.model.descent import descendants
from perftui.model.interval import Interval
from perftui.model.sample import Sample
from perftui.model.target import Target


def past_of(target: Target, samples: Iterable[Sample]) -> Iterator[tuple[int, dict[str, float]]]:
    """For each sample its CLOCK_MONOTONIC and the series of the target: CPU, memory, threads and processes of its tree.

    Nothing for samples in which it was not there, nor for a target that is no process.
    """
    if target.kind != "process" or target.process is None:
        return
    for older, newer in pairwise(samples):
        if newer.boot_id != older.boot_id or newer.monotonic_ns <= older.monotonic_ns:
            continue
        values = _values(target, Interval.between(older, newer))
        if values:
            yield newer.monotonic_ns, values


def _values(target: Target, interval: Interval) -> dict[str, float]:
    section, cores = interval.newer.processes, interval.process_cores
    if section is None or cores is None or target.process is None:
        return {}
    table = section.processes
    rows = {pid: row for row, pid in enumerate(table.ints("pid"))}
    root = rows.get(target.process.pid)
    if root is None or table.ints("start_ticks")[root] != target.process.start_ticks:
        return {}
    members = [root]
    if target.with_children:
        members += [rows[pid] for pid in descendants(section, target.process.pid)]
    rss, threads = table.ints("rss_bytes"), table.ints("threads")
    return {
        "target-cpu": sum(cores[row] for row in members),
        "target-rss": float(sum(max(0, rss[row]) for row in members)),
        "target-threads": float(sum(max(0, threads[row]) for row in members)),
        "target-processes": float(len(members)),
    }
