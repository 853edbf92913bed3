"""The clock of each CPU, from cpufreq, or from ``/proc/cpuinfo`` on real hardware without it.

In a virtual machine ``cpu MHz`` is what the hypervisor said at boot and never moves, so it is no reading.
"""

import re

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host import sysfs
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.host_sections import FrequencySection
from perftui.model.sample import Sample
from perftui.model.table import Table
from perftui.model.units import cpu_list

_CPUS = "/sys/devices/system/cpu"
_FIELDS = (
    ("khz", "cpufreq/scaling_cur_freq"),
    ("min_khz", "cpufreq/cpuinfo_min_freq"),
    ("max_khz", "cpufreq/cpuinfo_max_freq"),
    ("limit_khz", "cpufreq/scaling_max_freq"),
    ("core_throttles_total", "thermal_throttle/core_throttle_count"),
    ("package_throttles_total", "thermal_throttle/package_throttle_count"),
)
_MHZ = re.compile(rb"^processor\s*:\s*(\d+)$|^cpu MHz\s*:\s*(\d+\.?\d*)$", re.MULTILINE)


class FrequencyCollector(Collector):
    name = "frequency"
    section = "frequency"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> FrequencySection:
        now = monotonic_ns()
        cpus = cpu_list(host.text(f"{_CPUS}/online"))
        columns = {column: [sysfs.cell(host, f"{_CPUS}/cpu{cpu}/{file}") for cpu in cpus] for column, file in _FIELDS}
        has_cpufreq = max(columns["khz"], default=-1) > 0
        if not has_cpufreq:
            columns["khz"] = _from_cpuinfo(host, cpus)
        texts = {
            name: [visible(sysfs.text(host, f"{_CPUS}/cpu{cpu}/cpufreq/scaling_{name}"), 32) for cpu in cpus]
            for name in ("governor", "driver")
        }
        return FrequencySection(
            monotonic_ns=now,
            cpus=Table.of({"cpu": cpus, **columns}, texts),
            source="cpufreq" if has_cpufreq else "cpuinfo",
        )


def _from_cpuinfo(host: Host, cpus: tuple[int, ...]) -> list[int]:
    """NoData in a virtual machine, and on processors that do not say."""
    raw = host.read("/proc/cpuinfo")
    if b" hypervisor" in raw:
        raise NoData(
            "no cpufreq in this virtual machine; the MHz of /proc/cpuinfo never change here",
            "look at the frequency on the host that runs it",
        )
    khz = parse_cpuinfo(raw)
    if not khz:
        raise NoData(
            "no cpufreq and no MHz in /proc/cpuinfo",
            "load the cpufreq driver of this processor; in a virtual machine or container look on its host",
        )
    return [khz.get(cpu, -1) for cpu in cpus]


def parse_cpuinfo(raw: bytes) -> dict[int, int]:
    """CPU → kHz."""
    found, cpu = {}, -1
    for processor, mhz in _MHZ.findall(raw):
        if processor:
            cpu = int(processor)
        else:
            found[cpu] = round(float(mhz) * 1000)
    return found
