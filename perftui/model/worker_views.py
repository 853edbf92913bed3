"""The processes of a tree beside each other, and which of them is unlike the rest.

Compared are workers of one program, by name. Odd is one that spends far more, or far less, of its CPU time in some
function than the others do, or that uses far more CPU. One that uses less is not: it may just have no work, and a slow
worker is given away by its stacks. Far is more than all of these: a quarter of its time (or of a core), four times what
the others differ by (a standard deviation, from the median of the absolute deviations), and four standard errors of
its own looks. Of two workers neither is the odd one; of three or more it shows.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

import msgspec

from perftui.model.interval import Interval
from perftui.model.profile import StackProfile

LEAST_LOOKS = 20
"""With fewer looks at it while it ran on a CPU a worker is not judged."""

LEAST_WORKERS = 3
FAR_RATIO = 0.25
FAR_CORES = 0.25
DEVIATIONS = 4.0
ERRORS = 4.0
MAD_SIGMA = 1.4826
"""From the median of absolute deviations to a standard deviation, for a normal distribution."""

_Function = tuple[str, str]


class WorkerView(msgspec.Struct, frozen=True, kw_only=True):
    """One process of the target.

    ``cores`` is its CPU in the last interval, None where it is not known. ``top_function`` used most of
    its CPU by itself, ``top_ratio`` of it; ``running_ratio`` is the part of its threads' time on a CPU. An ``outlier``
    has a ``reason``, in words.
    """

    pid: int
    command: str = ""
    name: str = ""
    cores: float | None = None
    top_function: str = ""
    top_ratio: float = 0.0
    running_ratio: float = 0.0
    outlier: bool = False
    reason: str = ""


class _Worker:
    """What the profile says of one process: parts of its CPU time by function, alone (selves) and with callees."""

    def __init__(self, name: str, looks: float, cores: float) -> None:
        self.name = name
        self.looks = looks
        self.cores = cores
        self.selves: dict[_Function, float] = defaultdict(float)
        self.totals: dict[_Function, float] = defaultdict(float)


def workers(profile: StackProfile, interval: Interval | None) -> tuple[WorkerView, ...]:
    """Every process that the profile saw, by PID. Names, command lines and CPU come from the interval."""
    seen = _seen(profile, interval)
    peers: dict[str, dict[int, _Worker]] = defaultdict(dict)
    for pid, worker in seen.items():
        if worker.looks >= LEAST_LOOKS:
            peers[worker.name][pid] = worker
    reasons = {pid: reason for same in peers.values() for pid, reason in _outliers(same).items()}
    listed = _listed(interval)
    times = _times(profile)
    views = []
    for pid, worker in sorted(seen.items()):
        (function, _), ratio = max(worker.selves.items(), key=lambda item: item[1], default=(("", ""), 0.0))
        samples, on_cpu = times[pid]
        name, command, cores = listed.get(pid, ("", "", None))
        views.append(
            WorkerView(
                pid=pid,
                command=command,
                name=name,
                cores=cores,
                top_function=function,
                top_ratio=ratio,
                running_ratio=on_cpu / samples if samples else 0.0,
                outlier=pid in reasons,
                reason=reasons.get(pid, ""),
            )
        )
    return tuple(views)


def _listed(interval: Interval | None) -> dict[int, tuple[str, str, float | None]]:
    """Name, command line and cores of every process of the host that is listed."""
    section = interval.newer.processes if interval else None
    if interval is None or section is None:
        return {}
    table = section.processes
    cores: Sequence[float | None] = interval.process_cores or [None] * len(table)
    return dict(zip(table.ints("pid"), zip(table.text("name"), table.text("command"), cores, strict=True), strict=True))


def _times(profile: StackProfile) -> dict[int, tuple[int, float]]:
    """All samples of each process, and those on a CPU."""
    times: dict[int, tuple[int, float]] = {}
    for row in profile.rows:
        samples, on_cpu = times.get(row.pid, (0, 0.0))
        times[row.pid] = (samples + row.samples, on_cpu + row.on_cpu)
    return times


def _seen(profile: StackProfile, interval: Interval | None) -> dict[int, _Worker]:
    listed = _listed(interval)
    weights = {part.pid: part.weight for part in profile.parts}
    times = _times(profile)
    found = {
        pid: _Worker(
            listed[pid][0] if pid in listed else "",
            on_cpu / weights.get(pid, 1.0),
            on_cpu / profile.attempts if profile.attempts else 0.0,
        )
        for pid, (_, on_cpu) in times.items()
    }
    names = [(frame.function, frame.file) for frame in profile.frames]
    for row in profile.rows:
        stack = profile.stacks[row.stack]
        if row.on_cpu <= 0 or not stack:
            continue
        worker, part = found[row.pid], row.on_cpu / times[row.pid][1]
        worker.selves[names[stack[-1]]] += part
        for function in {names[index] for index in stack}:
            worker.totals[function] += part
    return found


def _outliers(peers: Mapping[int, _Worker]) -> dict[int, str]:
    """PID → why, of workers of the same program that were looked at often enough."""
    if len(peers) < LEAST_WORKERS:
        return {}
    reasons = {}
    cores = [worker.cores for worker in peers.values()]
    usual_cores = median(cores)
    functions = {function for worker in peers.values() for function in worker.totals}
    usual: dict[_Function, tuple[float, float]] = {}
    for function in functions:
        shares = [worker.totals.get(function, 0.0) for worker in peers.values()]
        usual[function] = median(shares), _spread(shares)
    for pid, worker in peers.items():
        odd = _odd_function(worker, usual)
        if odd is not None:
            reasons[pid] = (
                f"{100 * worker.totals.get(odd, 0.0):.0f} % of its CPU time is in {odd[0]}, "
                f"{100 * usual[odd][0]:.0f} % of the others'"
            )
        elif worker.cores - usual_cores > max(FAR_CORES, usual_cores, DEVIATIONS * _spread(cores)):
            reasons[pid] = f"it uses {worker.cores:.2f} cores, the others {usual_cores:.2f}"
    return reasons


def _odd_function(worker: _Worker, usual: Mapping[_Function, tuple[float, float]]) -> _Function | None:
    """The function in which its time differs most; of such as differ nearly as much, where it spends most by itself."""
    far: dict[_Function, float] = {}
    for function, (share, spread) in usual.items():
        own = worker.totals.get(function, 0.0)
        expected = (own + share) / 2
        error = math.sqrt(expected * (1 - min(1.0, expected)) / worker.looks)
        if abs(own - share) > max(FAR_RATIO, DEVIATIONS * spread, ERRORS * error):
            far[function] = own - share
    if not far:
        return None
    most = max(far.values())
    nearly = [function for function, more in far.items() if most <= 0 or more >= 0.8 * most]
    return max(nearly, key=lambda function: (worker.selves.get(function, 0.0), abs(far[function])))


def _spread(values: Sequence[float]) -> float:
    middle = median(values)
    return MAD_SIGMA * median(abs(value - middle) for value in values)
