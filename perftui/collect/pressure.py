"""Pressure stall information of the host, from ``/proc/pressure``."""

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.model.sample import PressureLine, PressureSection, Sample


class PressureCollector(Collector):
    name = "pressure"
    section = "pressure"

    def __init__(self) -> None:
        self._has_irq = True

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> PressureSection:
        if not host.exists("/proc/pressure"):
            raise NoData("this kernel has no pressure stall information", "it needs CONFIG_PSI=y, or psi=1 at boot")
        now = monotonic_ns()
        cpu, memory, io = (parse_pressure(host.read(f"/proc/pressure/{name}")) for name in ("cpu", "memory", "io"))
        irq = _irq(host) if self._has_irq else None
        self._has_irq = irq is not None  # a kernel that does not count it never will
        return PressureSection(monotonic_ns=now, cpu=cpu, memory=memory, io=io, irq_full_total_us=irq)


def _irq(host: Host) -> int | None:
    """Since Linux 6.1, where the kernel accounts for the time of interrupts; it has no ``some`` line."""
    try:
        raw = host.read("/proc/pressure/irq")
    except NoData:
        return None
    _, found, total = raw.partition(b"total=")
    return int(total) if found else None


def parse_pressure(raw: bytes) -> PressureLine:
    """``some avg10=… total=…`` and, where the kernel has it, ``full …``."""
    found: dict[bytes, dict[bytes, bytes]] = {}
    for line in raw.splitlines():
        kind, *pairs = line.split()
        found[kind] = dict(pair.split(b"=", 1) for pair in pairs)
    some, full = found[b"some"], found.get(b"full", {})
    return PressureLine(
        some_avg10=float(some[b"avg10"]),
        some_total_us=int(some[b"total"]),
        full_avg10=float(full.get(b"avg10", 0)),
        full_total_us=int(full.get(b"total", 0)),
    )
