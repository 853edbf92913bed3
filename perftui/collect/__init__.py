"""Raw sections of a sample: one file, one collector."""

from perftui.collect.cgroup import CgroupCollector
from perftui.collect.cpu import CpuCollector
from perftui.collect.disk import DiskCollector
from perftui.collect.memory import MemoryCollector
from perftui.collect.network import NetworkCollector
from perftui.collect.pressure import PressureCollector
from perftui.collect.processes import ProcessCollector
from perftui.collect.scope import Collector
from perftui.collect.threads import ThreadCollector
from perftui.collect.tree import TreeCollector
from perftui.collect.waits import WaitCollector

HOST_COLLECTORS = (
    CpuCollector,
    MemoryCollector,
    DiskCollector,
    NetworkCollector,
    PressureCollector,
    ProcessCollector,
)
TARGET_COLLECTORS = (TreeCollector, ThreadCollector, WaitCollector, CgroupCollector)

SLOW_HOST_COLLECTORS: tuple[tuple[type[Collector], float], ...] = ()
"""Off the tick's thread: the collector and the seconds between two readings."""

SLOW_TARGET_COLLECTORS: tuple[tuple[type[Collector], float], ...] = ()

COLLECTORS: tuple[type[Collector], ...] = (
    *HOST_COLLECTORS,
    *TARGET_COLLECTORS,
    *(collector for collector, _ in (*SLOW_HOST_COLLECTORS, *SLOW_TARGET_COLLECTORS)),
)
