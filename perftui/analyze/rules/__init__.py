"""The rules, listed. One file holds one family; rules do not know one another."""

from typing import Protocol

from perftui.analyze.rules.coordination import CoordGil, CoordLock, CoordLoopCpu, CoordLoopSync
from perftui.analyze.rules.cpu import CpuAffinity, CpuOneCore, CpuQuota, CpuSaturated
from perftui.analyze.rules.io import IoSyncLatency
from perftui.analyze.rules.memory import MemoryLeak
from perftui.analyze.rules.neighbour import NeighbourCpu
from perftui.analyze.window import Window
from perftui.model.finding import Finding, Layer, Unknown


class AnyRule(Protocol):
    """``evaluate`` gives the finding with its impact (0–1), why it cannot be judged, or None: it is not this."""

    @property
    def id(self) -> str: ...

    @property
    def layer(self) -> Layer: ...

    def evaluate(self, window: Window, firing: bool = False) -> tuple[Finding, float] | Unknown | None: ...


RULES: tuple[AnyRule, ...] = (
    CpuQuota(),
    CpuAffinity(),
    NeighbourCpu(),
    CpuSaturated(),
    CpuOneCore(),
    CoordGil(),
    CoordLock(),
    CoordLoopCpu(),
    CoordLoopSync(),
    IoSyncLatency(),
    MemoryLeak(),
)
