"""Temperatures, fans and power, from ``/sys/class/hwmon``, ``/sys/class/thermal`` and ``/sys/class/powercap``."""

import re
from typing import NamedTuple

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host import sysfs
from perftui.host.clock import monotonic_ns
from perftui.host.procfs import Host
from perftui.host.text import visible
from perftui.model.host_sections import SensorSection
from perftui.model.sample import Sample
from perftui.model.table import Table

_HWMON = "/sys/class/hwmon"
_THERMAL = "/sys/class/thermal"
_POWERCAP = "/sys/class/powercap"
_INPUT = re.compile(r"(temp|fan|power)(\d+)_(input|average)")
_KINDS = {"temp": "temperature", "fan": "fan", "power": "power"}
_REMEDY = "virtual machines have none; on real hardware load the drivers (coretemp, k10temp, intel_rapl_msr, …)"
_MAX_LIMIT = 10**12
"""A limit beyond is a chip's way to say that none is set."""


class Reading(NamedTuple):
    chip: str
    label: str
    kind: str
    value: int
    limit: int
    alarm: int


class SensorCollector(Collector):
    name = "sensors"
    section = "sensors"

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> SensorSection:
        now = monotonic_ns()
        readings = _chips(host)
        if not any(reading.kind == "temperature" for reading in readings):
            readings += _zones(host)
        energy, reason, remedy = _energy(host)
        if not readings and not energy:
            raise NoData(f"no temperature, fan or power sensor here; {reason}", remedy)
        return SensorSection(
            monotonic_ns=now,
            readings=Table.of(
                {name: [getattr(reading, name) for reading in readings] for name in ("value", "limit", "alarm")},
                {name: [getattr(reading, name) for reading in readings] for name in ("chip", "label", "kind")},
            ),
            energy=Table.of(
                {
                    "energy_uj_total": [counted for _, counted, _ in energy],
                    "range_uj": [top for _, _, top in energy],
                },
                {"zone": [zone for zone, _, _ in energy]},
            ),
            energy_reason=reason,
            energy_remedy=remedy,
        )


def _chips(host: Host) -> list[Reading]:
    readings = []
    for chip in sysfs.entries(host, _HWMON):
        folder = f"{_HWMON}/{chip}"
        name = sysfs.text(host, f"{folder}/name") or chip
        for file in sysfs.entries(host, folder):
            found = _INPUT.fullmatch(file)
            if found:
                readings += _reading(host, folder, visible(name, 32), found)
    return readings


def _reading(host: Host, folder: str, chip: str, file: "re.Match[str]") -> list[Reading]:
    """Nothing for an input that cannot be read now: a sensor that sleeps or is not plugged in (EIO, ENODATA)."""
    kind, number, suffix = file.groups()
    stem = f"{folder}/{kind}{number}"
    value = sysfs.number(host, f"{folder}/{file[0]}")
    if value is None or (suffix == "average" and host.exists(f"{stem}_input")):
        return []
    limits = (sysfs.number(host, f"{stem}_{name}") for name in ("crit", "max", "cap"))
    limit = next((limit for limit in limits if limit is not None and 0 < limit < _MAX_LIMIT), -1)
    alarm = sysfs.number(host, f"{stem}_crit_alarm") or sysfs.number(host, f"{stem}_alarm") or 0
    label = sysfs.text(host, f"{stem}_label") or f"{kind}{number}"
    return [Reading(chip, visible(label, 32), _KINDS[kind], value, limit, min(1, alarm))]


def _zones(host: Host) -> list[Reading]:
    """Thermal zones, for boards whose sensors are not in hwmon."""
    readings = []
    for zone in sysfs.entries(host, _THERMAL):
        value = sysfs.number(host, f"{_THERMAL}/{zone}/temp") if zone.startswith("thermal_zone") else None
        if value is not None:
            label = visible(sysfs.text(host, f"{_THERMAL}/{zone}/type") or zone, 32)
            readings.append(Reading("thermal", label, "temperature", value, -1, 0))
    return readings


def _energy(host: Host) -> tuple[list[tuple[str, int, int]], str, str]:
    """Zone, microjoules and where they start again; else the reason and the remedy why there are none.

    ``intel-rapl:0`` is a package, ``intel-rapl:0:1`` a part of it; ``intel-rapl-mmio`` counts the same package again.
    """
    zones = [name for name in sysfs.entries(host, _POWERCAP) if name.startswith("intel-rapl:")]
    found = []
    for name in zones:
        folder = f"{_POWERCAP}/{name}"
        try:
            counted = int(host.text(f"{folder}/energy_uj"))
        except NoData as error:
            return [], error.reason, error.remedy and "run as root: energy counters are readable for it alone"
        top = sysfs.number(host, f"{folder}/max_energy_range_uj") or 0
        package = sysfs.text(host, f"{_POWERCAP}/{name.rpartition(':')[0]}/name") if name.count(":") > 1 else ""
        zone = "/".join(filter(None, (package, sysfs.text(host, f"{folder}/name") or name)))
        found.append((visible(zone, 32), counted, top))
    if found:
        return found, "", ""
    return [], "no energy counter", _REMEDY
