"""Raw sections of a sample: one file, one collector."""

from perftui.collect.cgroup import CgroupCollector
from perftui.collect.cpu import CpuCollector
from perftui.collect.delays import DelayCollector
from perftui.collect.disk import DiskCollector
from perftui.collect.filesystems import FilesystemCollector
from perftui.collect.frequency import FrequencyCollector
from perftui.collect.gpu import GpuCollector
from perftui.collect.group import GroupCollector
from perftui.collect.interrupts import InterruptCollector
from perftui.collect.limits import LimitCollector
from perftui.collect.links import LinkCollector
from perftui.collect.memory import MemoryCollector
from perftui.collect.network import NetworkCollector
from perftui.collect.numa import NumaCollector
from perftui.collect.open_files import OpenFileCollector
from perftui.collect.pressure import PressureCollector
from perftui.collect.processes import ProcessCollector
from perftui.collect.protocols import ProtocolCollector
from perftui.collect.scope import Collector
from perftui.collect.sensors import SensorCollector
from perftui.collect.smaps import SmapsCollector
from perftui.collect.sockets import SocketCollector
from perftui.collect.softnet import SoftnetCollector
from perftui.collect.swaps import SwapCollector
from perftui.collect.tasks import TaskCollector
from perftui.collect.thread_io import ThreadIoCollector
from perftui.collect.threads import ThreadCollector
from perftui.collect.tree import TreeCollector
from perftui.collect.vm import VmCollector
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

SLOW_HOST_COLLECTORS: tuple[tuple[type[Collector], float], ...] = (
    (GpuCollector, 2.0),
    (VmCollector, 2.0),
    (SoftnetCollector, 2.0),
    (ProtocolCollector, 2.0),
    (InterruptCollector, 5.0),
    (FrequencyCollector, 5.0),
    (SensorCollector, 5.0),
    (NumaCollector, 5.0),
    (SwapCollector, 5.0),
    (LinkCollector, 10.0),
    (FilesystemCollector, 30.0),
)
"""Off the tick's thread: the collector and the seconds between two readings."""

SLOW_TARGET_COLLECTORS: tuple[tuple[type[Collector], float], ...] = (
    (GroupCollector, 10.0),
    (SocketCollector, 5.0),
    (DelayCollector, 2.0),
    (LimitCollector, 5.0),
    (OpenFileCollector, 5.0),
    (ThreadIoCollector, 5.0),
    (SmapsCollector, 10.0),
    (TaskCollector, 10.0),
)

COLLECTORS: tuple[type[Collector], ...] = (
    *HOST_COLLECTORS,
    *TARGET_COLLECTORS,
    *(collector for collector, _ in (*SLOW_HOST_COLLECTORS, *SLOW_TARGET_COLLECTORS)),
)
