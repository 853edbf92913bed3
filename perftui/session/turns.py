"""Who of the target's processes is sampled, and how closely: worked out once a tick from their CPU.

Measured with py-spy 0.4.3 on a process of one thread: a start takes 14 ms of CPU and a look 0.2 ms. So 100 Hz in
windows of 2 s use 2.6 % of a core, 50 Hz 1.8 %, 20 Hz 1.0 %; in windows of 5 s 20 Hz use 0.75 % and 10 Hz 0.5 %. Within
5 % there is room for one process at 50 to 100 Hz and four at 20 Hz. Seven others at a time were tried: starts used
up so much of the budget that on a busy machine each was looked at twice a second; four by turns are looked at more
often. So five are sampled at a time: the busiest always, the others by turns, and each of up to 24 others that run is
seen within half a minute.
"""

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from perftui.model.target import ProcessId

SMOOTHING = 0.3
"""Weight of the newest tick in a process's CPU: a burst of one second is not followed."""

FAR_MORE = 2.0
"""Another process becomes the first one with twice the CPU of the present one."""

WORTH_CORES = 0.01
WORTH_RATIO = 0.95
"""Of a target that uses a hundredth of a core, those processes are worth a sampler that use 95 % of its CPU."""

IDLE_CORES = 0.005
"""Half a clock tick a second. Whoever uses less makes room as soon as another one is worth it, but not before: else
samplers would come and go with every pause.
"""

MOST_OTHERS = 4
OTHERS_RATE_HZ = 20
PARTS = ((0, 1.0), (1, 0.6), (MOST_OTHERS, 0.4))
"""With so many others at most the first process has this part of the budget, and they share the rest."""

_SECOND = 1_000_000_000
CYCLE_NS = 30 * _SECOND
LEAST_TURN_NS = 5 * _SECOND
"""In a cycle everybody has a turn. A turn is not shorter than the window of a slow sampler."""

FIRST_PAUSE_NS = 10 * _SECOND
"""A process that cannot be sampled (no Python, no rights, stopped) is tried again after so long, then twice as long."""


class Setting(NamedTuple):
    """What a sampler may do at best: looks a second, and its part of a core."""

    rate_hz: int
    budget_ratio: float


class Turns:
    """``first`` is sampled closely, ``others`` less so; both are kept as long as may be."""

    def __init__(self, root: ProcessId) -> None:
        self.first = root
        self.cores: dict[ProcessId, float] = {}
        self._others: dict[ProcessId, int] = {}
        self._left: dict[ProcessId, int] = {}
        self._hopeless: dict[ProcessId, tuple[int, int]] = {}

    @property
    def others(self) -> Iterable[ProcessId]:
        return self._others.keys()

    def settings(self, best: Setting) -> dict[ProcessId, Setting]:
        """Of each process that is to be sampled; together they keep within the best setting's part of a core."""
        most, part = next((most, part) for most, part in PARTS if len(self._others) <= most)
        settings = {self.first: Setting(best.rate_hz, best.budget_ratio * part)}
        for process in self._others:
            settings[process] = Setting(min(best.rate_hz, OTHERS_RATE_HZ), best.budget_ratio * (1 - part) / most)
        return settings

    def give_up(self, process: ProcessId, now_ns: int) -> None:
        """It cannot be sampled for now."""
        until_ns, pause_ns = self._hopeless.get(process, (0, FIRST_PAUSE_NS))
        if now_ns >= until_ns:
            self._hopeless[process] = now_ns + pause_ns, 2 * pause_ns

    def forgive(self, process: ProcessId) -> None:
        """It runs another program now: it may be tried again."""
        self._hopeless.pop(process, None)

    def decide(self, cores: Mapping[ProcessId, float], now_ns: int) -> None:
        """Take in the CPU of the processes that there are, in cores, and choose."""
        self.cores = {
            process: (1 - SMOOTHING) * self.cores.get(process, now) + SMOOTHING * now for process, now in cores.items()
        }
        self._hopeless = {process: until for process, until in self._hopeless.items() if process in cores}
        self._left = {process: at for process, at in self._left.items() if process in cores}
        usable = {
            process: used for process, used in self.cores.items() if self._hopeless.get(process, (0, 0))[0] <= now_ns
        }
        worth = _worth(usable)
        self._choose_first(usable, worth)
        self._choose_others(usable, worth - {self.first}, now_ns)

    def _choose_first(self, usable: Mapping[ProcessId, float], worth: set[ProcessId]) -> None:
        """Whoever was hopeless has to show among the others that it no longer is."""
        fit = {process for process in worth if process not in self._hopeless or process in self._others}
        busiest = max(fit, key=usable.__getitem__, default=self.first)
        if self.first not in usable or usable.get(busiest, 0.0) > FAR_MORE * usable[self.first]:
            self.first = busiest

    def _choose_others(self, usable: Mapping[ProcessId, float], worth: set[ProcessId], now_ns: int) -> None:
        self._others = {
            process: since for process, since in self._others.items() if process in usable and process != self.first
        }
        waiting = sorted(
            worth - self._others.keys(), key=lambda process: (self._left.get(process, 0), -usable[process])
        )
        turn_ns = max(LEAST_TURN_NS, CYCLE_NS * MOST_OTHERS // max(1, len(worth)))
        too_many = max(0, len(waiting) + len(self._others) - MOST_OTHERS)
        for process in self._ready_to_go(usable, now_ns - turn_ns)[:too_many]:
            del self._others[process]
            self._left[process] = now_ns
        self._others |= dict.fromkeys(waiting[: MOST_OTHERS - len(self._others)], now_ns)

    def _ready_to_go(self, usable: Mapping[ProcessId, float], before_ns: int) -> list[ProcessId]:
        """Those that idle, then those whose turn began before this time, the longest one first."""
        began = {
            process: -math.inf if usable[process] < IDLE_CORES else since for process, since in self._others.items()
        }
        return sorted((process for process, since in began.items() if since <= before_ns), key=began.__getitem__)


def _worth(usable: Mapping[ProcessId, float]) -> set[ProcessId]:
    """The busiest processes that together use nearly all of the CPU, and those that are about as busy as they are."""
    total = sum(usable.values())
    if total < WORTH_CORES:
        return set()
    covered, least = 0.0, 0.0
    for used in sorted(usable.values(), reverse=True):
        if covered >= WORTH_RATIO * total:
            break
        covered += used
        least = used / 2
    return {process for process, used in usable.items() if used >= max(least, IDLE_CORES)}
