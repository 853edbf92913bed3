"""Two samples, and everything that follows from them."""

import math
from collections.abc import Callable, Iterable
from functools import cached_property
from operator import sub
from typing import TypeVar

import msgspec

from perftui.model import device_rates, group_rates, host_rates, process_rates, rates, target_rates
from perftui.model.device_rates import FilesystemUse, FrequencyUse, LinkUse, NodeUse, SensorUse
from perftui.model.gpu_section import GpuProcessUse, GpuUse, gpu_process_use, gpu_use
from perftui.model.group_rates import GroupUse
from perftui.model.host_rates import InterruptUse, MemoryUse, ProtocolUse, SoftnetUse, VmUse
from perftui.model.neighbours import Neighbour, Press, neighbours_of, press_of, sessions_of
from perftui.model.process_rates import DelayUse, LimitUse, MemoryParts, SocketsUse, ThreadIo, Traffic
from perftui.model.rates import CpuUse, DiskUse, HostPressure, NetworkUse
from perftui.model.sample import ProcessSection, Sample
from perftui.model.section import Section, span
from perftui.model.target_rates import QuotaUse, ThreadTotals, ThreadUse, TreeUse

SUSPEND_SLACK_NS = 2_000_000_000
"""Wall clock ahead of CLOCK_MONOTONIC by more than this means the machine was suspended (or the clock set)."""

Slow = TypeVar("Slow", bound=Section)


class Interval(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The time between two samples. Every view is worked out when first asked for, and kept.

    A view is None when either sample lacks the section. ``earlier`` are samples from before the older one, newest
    first: a section that is read more seldom than samples are taken is compared with its own last reading there.
    """

    older: Sample
    newer: Sample
    earlier: tuple[Sample, ...] = ()

    @classmethod
    def between(cls, older: Sample, newer: Sample, *, earlier: tuple[Sample, ...] = ()) -> "Interval":
        """ValueError when the samples are not in order or come from two boots."""
        if newer.monotonic_ns <= older.monotonic_ns:
            raise ValueError("samples are not in order of time")
        if newer.boot_id != older.boot_id:
            raise ValueError("the machine was restarted between the samples")
        return cls(older=older, newer=newer, earlier=earlier)

    @property
    def seconds(self) -> float:
        return (self.newer.monotonic_ns - self.older.monotonic_ns) / 1e9

    @property
    def suspended(self) -> bool:
        """True when the machine slept in between: rates are still right, wall times are not."""
        wall = self.newer.wall_ns - self.older.wall_ns
        return wall - (self.newer.monotonic_ns - self.older.monotonic_ns) > SUSPEND_SLACK_NS

    @cached_property
    def cpu(self) -> CpuUse | None:
        older, newer = self.older.cpu, self.newer.cpu
        return rates.cpu_use(older, newer, span(older, newer)) if older and newer else None

    @cached_property
    def disks(self) -> tuple[DiskUse, ...] | None:
        older, newer = self.older.disks, self.newer.disks
        return rates.disk_use(older.devices, newer.devices, span(older, newer)) if older and newer else None

    @cached_property
    def partitions(self) -> tuple[DiskUse, ...] | None:
        older, newer = self.older.disks, self.newer.disks
        if not older or not newer or not older.partitions.texts or not newer.partitions.texts:
            return None
        return rates.disk_use(older.partitions, newer.partitions, span(older, newer))

    @cached_property
    def networks(self) -> tuple[NetworkUse, ...] | None:
        older, newer = self.older.networks, self.newer.networks
        return rates.network_use(older.interfaces, newer.interfaces, span(older, newer)) if older and newer else None

    @cached_property
    def target_networks(self) -> tuple[NetworkUse, ...] | None:
        """The interfaces of the target's network namespace where that is another one than ours."""
        older, newer = self.older.networks, self.newer.networks
        if not older or not newer or not older.target_interfaces or not newer.target_interfaces:
            return None
        return rates.network_use(older.target_interfaces, newer.target_interfaces, span(older, newer))

    @cached_property
    def pressure(self) -> HostPressure | None:
        older, newer = self.older.pressure, self.newer.pressure
        return rates.pressure_use(older, newer, span(older, newer)) if older and newer else None

    @cached_property
    def memory(self) -> MemoryUse | None:
        older, newer = self.older.memory, self.newer.memory
        return host_rates.memory_use(older, newer, span(older, newer)) if older and newer else None

    @cached_property
    def vm(self) -> VmUse | None:
        newer = self.newer.vm
        older = self._reading_before(newer, lambda was: was.vm) if newer else None
        return host_rates.vm_use(older, newer, span(older, newer)) if newer and older else None

    @cached_property
    def softnet(self) -> SoftnetUse | None:
        newer = self.newer.softnet
        older = self._reading_before(newer, lambda was: was.softnet) if newer else None
        return host_rates.softnet_use(older, newer, span(older, newer)) if newer and older else None

    @cached_property
    def protocols(self) -> ProtocolUse | None:
        newer = self.newer.protocols
        older = self._reading_before(newer, lambda was: was.protocols) if newer else None
        return host_rates.protocol_use(older, newer, span(older, newer)) if newer and older else None

    @cached_property
    def interrupts(self) -> InterruptUse | None:
        newer = self.newer.interrupts
        older = self._reading_before(newer, lambda was: was.interrupts) if newer else None
        return host_rates.interrupt_use(older, newer, span(older, newer)) if newer and older else None

    @cached_property
    def links(self) -> tuple[LinkUse, ...] | None:
        return device_rates.link_use(self.newer.links, self.networks or ()) if self.newer.links else None

    @cached_property
    def frequency(self) -> FrequencyUse | None:
        newer = self.newer.frequency
        older = self._reading_before(newer, lambda was: was.frequency) if newer else None
        return device_rates.frequency_use(older, newer) if newer else None

    @cached_property
    def filesystems(self) -> tuple[FilesystemUse, ...] | None:
        return device_rates.filesystem_use(self.newer.filesystems) if self.newer.filesystems else None

    @cached_property
    def sensors(self) -> SensorUse | None:
        newer = self.newer.sensors
        older = self._reading_before(newer, lambda was: was.sensors) if newer else None
        return device_rates.sensor_use(older, newer) if newer else None

    @cached_property
    def numa(self) -> tuple[NodeUse, ...] | None:
        newer = self.newer.numa
        older = self._reading_before(newer, lambda was: was.numa) if newer else None
        return device_rates.numa_use(older, newer) if newer else None

    @cached_property
    def process_cores(self) -> tuple[float, ...] | None:
        """CPU seconds per second of each process, in the row order of ``newer.processes``.

        A process that started in between counts from zero; the rate of one that was hidden before is 0.
        """
        older, newer = self.older.processes, self.newer.processes
        if not older or not newer:
            return None
        scale = 1 / (span(older, newer) * newer.ticks_per_second)
        grown = map(sub, rates.process_ticks(newer), _ticks_before(older, newer))
        return tuple([more * scale if more > 0 else 0.0 for more in grown])

    @cached_property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """Processes outside the target's tree that use CPU, the heaviest first; empty when none are visible."""
        section, cores = self.newer.processes, self.process_cores
        return neighbours_of(section, cores, self.newer.tree) if section and cores is not None else ()

    @cached_property
    def thread_totals(self) -> ThreadTotals | None:
        """Sums over ``threads``, at a fifth of their cost."""
        older, newer = self.older.threads, self.newer.threads
        return target_rates.thread_totals(older, newer, span(older, newer)) if older and newer else None

    @cached_property
    def press(self) -> dict[int, Press]:
        """What each process of the target's tree runs and waits for, by PID."""
        return press_of(self.threads or ())

    @cached_property
    def sessions(self) -> dict[int, int]:
        """The session of each process of the host, by PID; empty when they are not visible."""
        return sessions_of(self.newer.processes) if self.newer.processes else {}

    @cached_property
    def tree(self) -> TreeUse | None:
        older, newer = self.older.tree, self.newer.tree
        return target_rates.tree_use(older, newer, span(older, newer)) if older and newer else None

    @cached_property
    def threads(self) -> tuple[ThreadUse, ...] | None:
        older, newer = self.older.threads, self.newer.threads
        if not older or not newer:
            return None
        waits = (self.older.waits, self.newer.waits)
        polled = (waits[0], waits[1]) if waits[0] and waits[1] else None
        return target_rates.thread_use(older, newer, span(older, newer), polled)

    @cached_property
    def quota(self) -> QuotaUse | None:
        older, newer = self.older.cgroup, self.newer.cgroup
        return target_rates.quota_use(older, newer, span(older, newer)) if older and newer else None

    @cached_property
    def smaps(self) -> MemoryParts | None:
        return process_rates.memory_parts(self.newer.smaps) if self.newer.smaps else None

    @cached_property
    def limits(self) -> tuple[LimitUse, ...] | None:
        limits = self.newer.limits
        return process_rates.limit_uses(limits, self.newer.processes) if limits else None

    @cached_property
    def sockets(self) -> SocketsUse | None:
        newer = self.newer.sockets
        return process_rates.socket_use(self._reading_before(newer, lambda was: was.sockets), newer) if newer else None

    @cached_property
    def traffic(self) -> tuple[Traffic, ...] | None:
        """TCP by process, as in ``sockets`` but without working out each socket."""
        newer = self.newer.sockets
        older = self._reading_before(newer, lambda was: was.sockets) if newer else None
        return process_rates.traffic_of(older, newer) if newer and older else None

    @cached_property
    def delays(self) -> tuple[DelayUse, ...] | None:
        newer = self.newer.delays
        older = self._reading_before(newer, lambda was: was.delays) if newer else None
        if newer is None or older is None or self.newer.tree is None:
            return None
        return process_rates.delay_use(older, newer, span(older, newer), self.newer.tree.ticks_per_second)

    @cached_property
    def thread_io(self) -> tuple[ThreadIo, ...] | None:
        newer = self.newer.thread_io
        older = self._reading_before(newer, lambda was: was.thread_io) if newer else None
        return process_rates.thread_io(older, newer, span(older, newer)) if newer and older else None

    @cached_property
    def gpus(self) -> tuple[GpuUse, ...] | None:
        newer = self.newer.gpus
        older = self._reading_before(newer, lambda was: was.gpus) if newer else None
        return gpu_use(older, newer, span(older, newer)) if newer and older else None

    @cached_property
    def gpu_processes(self) -> tuple[GpuProcessUse, ...]:
        """What uses the cards, the busiest first; known in part from the first reading on."""
        newer = self.newer.gpus
        if newer is None:
            return ()
        older = self._reading_before(newer, lambda was: was.gpus)
        return gpu_process_use(older, newer, span(older, newer) if older else 1.0)

    def _reading_before(self, newer: Slow, section: Callable[[Sample], Slow | None]) -> Slow | None:
        """The latest reading of a slow section that is older than this one."""
        readings = (section(was) for was in (self.older, *self.earlier))
        return next((was for was in readings if was and was.monotonic_ns < newer.monotonic_ns), None)

    @cached_property
    def cgroup(self) -> GroupUse | None:
        older, newer = self.older.cgroup, self.newer.cgroup
        return group_rates.group_use(older, newer, span(older, newer)) if older and newer else None


def _ticks_before(older: ProcessSection, newer: ProcessSection) -> Iterable[float]:
    """CPU ticks of each process of ``newer`` at the time of ``older``: zero for one that is new since.

    Infinitely many for one that is not new but was not listed: its rate cannot be known.
    """
    before, now = older.processes, newer.processes
    ticks = rates.process_ticks(older)
    if all(before.columns[name] == now.columns[name] for name in ("pid", "start_ticks")):
        return ticks  # nobody came or went, as in most ticks: the rows are in step
    known = dict(zip(before.rows("pid", "start_ticks"), ticks, strict=True))
    since = rates.first_new_start(older, newer.ticks_per_second)
    return [known.get(row, 0 if row[1] >= since else math.inf) for row in now.rows("pid", "start_ticks")]
