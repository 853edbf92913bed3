"""Who descends from a process, by the list of all processes."""

from collections import defaultdict
from collections.abc import Iterator

from perftui.model.sample import ProcessSection


def descendants(section: ProcessSection, root: int) -> Iterator[int]:
    """Children first, then theirs, each generation by PID.

    One that is older than its parent is none of its children: the parent's PID was used before.
    """
    columns = section.processes
    pids, parents = columns.ints("pid").tolist(), columns.ints("ppid").tolist()
    if root not in parents:
        return
    children: defaultdict[int, list[int]] = defaultdict(list)
    for pid, parent in zip(pids, parents, strict=True):
        children[parent].append(pid)
    started = dict(zip(pids, columns.ints("start_ticks"), strict=True))
    generation = [root]
    seen = {root}
    while generation:
        younger = []
        for parent in generation:
            since = started.get(parent, 0)
            for pid in children.get(parent, ()):
                if started[pid] >= since and pid not in seen:
                    seen.add(pid)
                    younger.append(pid)
        generation = sorted(younger)
        yield from generation
