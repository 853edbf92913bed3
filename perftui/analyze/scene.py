"""One interval seen through the target's eyes: each figure worked out when first asked for."""

from functools import cached_property
from math import log

from perftui.analyze import waits
from perftui.analyze.locks import Lock, worst_lock
from perftui.analyze.stacks import StackReader
from perftui.analyze.waits import Syscalls
from perftui.model.interval import Interval
from perftui.model.rates import CoreUse, DiskUse
from perftui.model.target_rates import ThreadUse
from perftui.model.units import cpu_list

GIL_WAIT_SECONDS = 0.1
"""Waits for the interpreter lock, s/s, above which threads compete for it (coroot warns at 0.05)."""


FEWEST_LOOKS = 2
"""Looks at a sleeping thread from which its sleep is made out."""


class Scene:
    """An interval and, for telling threads apart, the stacks of the same time.

    A figure is None where a section that it needs was not collected. CPU figures are in cores (CPU seconds per
    second). ``cpus`` are the CPUs that the target may use.
    """

    def __init__(self, interval: Interval, reader: StackReader | None = None) -> None:
        self.interval = interval
        self.reader = reader

    # CPU: what the target gets, what it asks for, what there is

    @cached_property
    def threads(self) -> tuple[ThreadUse, ...] | None:
        return self.interval.threads

    @cached_property
    def by_demand(self) -> tuple[ThreadUse, ...]:
        """Threads by the CPU that they ask for, most first."""
        return tuple(sorted(self.threads or (), key=lambda use: -(use.run_ratio + use.delay_ratio)))

    @cached_property
    def own_cores(self) -> float | None:
        """CPU that the target got; threads that came and went count where the process table shows them."""
        tree = self.interval.tree
        if self.threads is None:
            return tree.cpu_cores if tree else None
        run = sum(use.run_ratio for use in self.threads)
        return max(run, tree.cpu_cores) if tree and tree.cpu_cores > run + 0.1 else run

    @cached_property
    def stacks_ratio(self) -> float:
        """Part of the target's CPU that the processes use whose stacks were sampled; 1 where that is not known."""
        if self.reader is None or self.threads is None or not self.own_cores:
            return 1.0
        seen = sum(use.run_ratio for use in self.threads if use.pid in self.reader.pids)
        return min(1.0, seen / self.own_cores)

    @cached_property
    def delay_seconds(self) -> float | None:
        """Seconds per second in which threads could run and had no CPU."""
        return sum(use.delay_ratio for use in self.threads) if self.threads is not None else None

    @cached_property
    def demand_cores(self) -> float | None:
        """Mean number of threads that run or could run.

        For the whole host: its busy CPUs, and one more while something waits for one (pressure), a lower bound.
        """
        if self.on_host:
            cpu, pressure = self.interval.cpu, self.interval.pressure
            return cpu.busy_cores + pressure.cpu.some_ratio if cpu and pressure else None
        if self.own_cores is None or self.delay_seconds is None:
            return None
        return self.own_cores + self.delay_seconds

    @cached_property
    def on_host(self) -> bool:
        return self.interval.newer.target.kind == "host"

    @cached_property
    def cpus(self) -> tuple[CoreUse, ...] | None:
        if self.interval.cpu is None:
            return None
        tree = self.interval.newer.tree
        allowed = _cpus(tree.cpus_allowed) if tree else frozenset()
        cores = self.interval.cpu.cores
        return tuple(core for core in cores if core.cpu in allowed) or cores

    @cached_property
    def busy_cores(self) -> float | None:
        """CPU used on the allowed CPUs, by anybody."""
        return sum(core.busy_ratio for core in self.cpus) if self.cpus else None

    @cached_property
    def excluded_idle_ratio(self) -> float | None:
        """Mean idleness of the CPUs that the target may not use; 0 when it may use all."""
        if self.cpus is None or self.interval.cpu is None:
            return None
        allowed = {core.cpu for core in self.cpus}
        others = [1 - core.busy_ratio for core in self.interval.cpu.cores if core.cpu not in allowed]
        return sum(others) / len(others) if others else 0.0

    @cached_property
    def neighbour_cores(self) -> float | None:
        """CPU that others used on the allowed CPUs."""
        if self.on_host:
            return 0.0
        if self.busy_cores is None or self.own_cores is None:
            return None
        return max(0.0, self.busy_cores - self.own_cores)

    @cached_property
    def alone_cores(self) -> float | None:
        """CPU that the target would get with nobody else on its CPUs: one, where its threads take turns at the GIL.

        The others can give it no more than they take: idle time that it leaves now it would leave alone as well.
        """
        if self.demand_cores is None or self.cpus is None or self.neighbour_cores is None:
            return None
        most = min(float(len(self.cpus)), (self.own_cores or 0.0) + self.neighbour_cores)
        if sum((self.gil_waits or {}).values()) >= GIL_WAIT_SECONDS:
            most = min(most, max(1.0, self.own_cores or 0.0))
        return min(self.demand_cores, most)

    @cached_property
    def neighbour_blame_ratio(self) -> float | None:
        """The neighbours' part of the slowdown.

        A target that asks for d cores, would get a alone (``alone_cores``) and gets r is slowed d/r times: a/r by its
        neighbours, d/a by asking for more than there is. The ratio is log(a/r) / log(d/r).
        """
        demand, alone, got = self.demand_cores, self.alone_cores, self.own_cores
        if demand is None or alone is None or got is None:
            return None
        if got <= 0 or demand <= got * 1.001:
            return 0.0
        return max(0.0, log(alone / got)) / log(demand / got)

    # Waits

    @cached_property
    def calls(self) -> Syscalls | None:
        newer = self.interval.newer.waits
        return waits.syscalls_of(newer.machine) if newer and self.interval.older.waits else None

    @cached_property
    def is_python(self) -> bool:
        tree = self.interval.newer.tree
        return tree is not None and "python" in tree.interpreter.lower()

    @cached_property
    def gil_waits(self) -> dict[tuple[int, int], float] | None:
        """Share of each thread's looks in which it waited for the interpreter lock; threads that never did left out."""
        if self.calls is None or self.threads is None:
            return None
        shares = {
            (use.pid, use.tid): sum(wait.ratio for wait in use.waits if waits.is_gil(wait, self.calls))
            for use in self.threads
        }
        return {key: ratio for key, ratio in shares.items() if ratio > 0}

    @cached_property
    def lock(self) -> Lock | None:
        if self.calls is None or self.threads is None:
            return None
        return worst_lock(self.threads, self.calls, self.reader, python=self.is_python)

    @cached_property
    def loops(self) -> tuple[ThreadUse, ...] | None:
        """Threads in which an event loop turns; None where that cannot be told."""
        if self.calls is None or self.threads is None:
            return None
        if not self.is_python:
            return ()
        if self.reader is None:
            return None
        keys = self.reader.loops()
        return tuple(use for use in self.threads if (use.pid, use.tid) in keys and use.looks)

    def loop_sync_ratio(self, loop: ThreadUse) -> float:
        """Share of looks in which a loop's thread slept in something other than its event wait or the GIL."""
        if self.calls is None:
            return 0.0
        calls = self.calls
        return sum(
            wait.ratio
            for wait in loop.waits
            if waits.asleep(wait) and wait.syscall not in calls.events and not waits.is_gil(wait, calls)
        )

    @cached_property
    def blocked_loop(self) -> ThreadUse | None:
        """The loop that is away from its event wait the longest."""
        return max(self.loops or (), key=lambda use: use.away_long_ratio, default=None)

    @cached_property
    def sleeping_loop(self) -> ThreadUse | None:
        """The loop that sleeps most outside its event wait."""
        return max(self.loops or (), key=self.loop_sync_ratio, default=None)

    def sync_ratio(self, use: ThreadUse) -> float:
        """Share of a thread's time waiting for data to reach the device.

        schedstat says exactly how long it slept, the looks say in what. Looks alone miss most waits of 100 µs on a busy
        host: a look takes a CPU itself, and the thread is on its way again before it is read.
        """
        calls = self.calls
        if calls is None:
            return 0.0
        blocked = [wait for wait in use.waits if wait.syscall != waits.RUNNING]
        seen = sum(wait.ratio for wait in blocked)
        if seen * use.looks < FEWEST_LOOKS:
            return 0.0
        return waits.sync_part(blocked, calls) / seen * max(0.0, 1 - use.run_ratio - use.delay_ratio)

    @cached_property
    def syncing_thread(self) -> ThreadUse | None:
        return max(self.threads or (), key=self.sync_ratio, default=None)

    @cached_property
    def slowest_disk(self) -> DiskUse | None:
        """The device with the most requests waiting among those that wrote."""
        disks = [disk for disk in self.interval.disks or () if disk.writes_per_s > 0]
        return max(disks, key=lambda disk: disk.queue, default=None)


def _cpus(text: str) -> frozenset[int]:
    """The CPUs of a list; none for what is not one."""
    try:
        return frozenset(cpu_list(text))
    except ValueError:
        return frozenset()
