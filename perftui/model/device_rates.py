"""What links, clocks, file systems, sensors and memory nodes say.

They are read slowly, and most figures are levels. Where one needs two readings ``older`` is the one before, or None:
then that figure is None or left out. What a device does not tell is None.
"""

from collections.abc import Sequence

import msgspec

from perftui.model.host_rates import grown
from perftui.model.host_sections import FilesystemSection, FrequencySection, LinkSection, NumaSection, SensorSection
from perftui.model.rates import NetworkUse, paired_rows, rise
from perftui.model.section import span


class LinkUse(msgspec.Struct, frozen=True, kw_only=True):
    """One interface; the ratios are of its speed, None where that is not known."""

    name: str
    state: str
    speed_bytes_per_s: float | None
    full_duplex: bool | None
    rx_ratio: float | None
    tx_ratio: float | None


class ClockUse(msgspec.Struct, frozen=True, kw_only=True):
    """One CPU; ``max_ratio`` is of the highest frequency of the hardware."""

    cpu: int
    mhz: float
    max_ratio: float | None
    governor: str


class FrequencyUse(msgspec.Struct, frozen=True, kw_only=True):
    """``throttles_per_s`` counts each time that heat or power held a core or its package back."""

    cpus: tuple[ClockUse, ...]
    throttles_per_s: float | None

    @property
    def mean_mhz(self) -> float | None:
        return sum(cpu.mhz for cpu in self.cpus) / len(self.cpus) if self.cpus else None


class FilesystemUse(msgspec.Struct, frozen=True, kw_only=True):
    """One mount. ``used_ratio`` is as df(1) has it: what is reserved for root counts as neither used nor free.

    All figures are None with a ``problem``; ``inodes_ratio`` also where inodes have no limit.
    """

    point: str
    type: str
    disk: str
    partition: str
    total_bytes: int | None
    available_bytes: int | None
    used_bytes: int | None
    used_ratio: float | None
    inodes_ratio: float | None
    read_only: bool
    problem: str


class SensorReading(msgspec.Struct, frozen=True, kw_only=True):
    """``value`` and ``limit`` in degrees Celsius, turns a minute or watts."""

    chip: str
    label: str
    kind: str
    value: float
    limit: float | None
    alarm: bool


class ZonePower(msgspec.Struct, frozen=True, kw_only=True):
    zone: str
    watts: float


class SensorUse(msgspec.Struct, frozen=True, kw_only=True):
    """``power`` is worked out from the energy counters."""

    readings: tuple[SensorReading, ...]
    power: tuple[ZonePower, ...]


class NodeUse(msgspec.Struct, frozen=True, kw_only=True):
    """One memory node; ``miss_ratio`` is of the pages given out here: meant for another node, None when none were."""

    node: int
    cpus: str
    total_bytes: int
    free_bytes: int
    hits_per_s: float | None
    misses_per_s: float | None
    miss_ratio: float | None


def link_use(newer: LinkSection, networks: Sequence[NetworkUse]) -> tuple[LinkUse, ...]:
    """``networks`` are the rates of the same interfaces, for what is known of them."""
    traffic = {network.name: network for network in networks}
    uses = []
    rows = zip(
        newer.links.text("name"), newer.links.text("state"), newer.links.rows("speed_mbit", "full_duplex"), strict=True
    )
    for name, state, (mbit, duplex) in rows:
        speed = mbit * 1e6 / 8 if mbit > 0 else None
        use = traffic.get(name)
        uses.append(
            LinkUse(
                name=name,
                state=state,
                speed_bytes_per_s=speed,
                full_duplex=bool(duplex) if duplex >= 0 else None,
                rx_ratio=use.rx_bytes_per_s / speed if use and speed else None,
                tx_ratio=use.tx_bytes_per_s / speed if use and speed else None,
            )
        )
    return tuple(uses)


def frequency_use(older: FrequencySection | None, newer: FrequencySection) -> FrequencyUse:
    rows = zip(newer.cpus.rows("cpu", "khz", "max_khz"), newer.cpus.text("governor"), strict=True)
    return FrequencyUse(
        cpus=tuple(
            ClockUse(cpu=cpu, mhz=khz / 1000, max_ratio=khz / top if top > 0 else None, governor=governor)
            for (cpu, khz, top), governor in rows
            if khz > 0
        ),
        throttles_per_s=_throttles(older, newer) if older else None,
    )


def _throttles(older: FrequencySection, newer: FrequencySection) -> float | None:
    """None where no CPU counts them. A package's throttling is counted by each of its CPUs: the most of one counts."""
    cores, packages = [], []
    for was, now in paired_rows(older.cpus, newer.cpus, key=("cpu",)):
        if newer.cpus.ints("core_throttles_total")[now] >= 0:
            cores.append(grown(older.cpus, newer.cpus, "core_throttles_total", was, now))
            packages.append(grown(older.cpus, newer.cpus, "package_throttles_total", was, now))
    return (sum(cores) + max(packages)) / span(older, newer) if cores else None


def filesystem_use(newer: FilesystemSection) -> tuple[FilesystemUse, ...]:
    mounts = newer.mounts
    sizes = mounts.rows("total_bytes", "free_bytes", "available_bytes", "inodes_total", "inodes_free", "read_only")
    texts = zip(*(mounts.text(name) for name in ("point", "type", "disk", "partition", "problem")), strict=True)
    uses = []
    for (total, free, available, inodes, inodes_free, read_only), texted in zip(sizes, texts, strict=True):
        point, kind, disk, partition, problem = texted
        used = total - free if not problem else None
        room = (used or 0) + available
        uses.append(
            FilesystemUse(
                point=point,
                type=kind,
                disk=disk,
                partition=partition,
                total_bytes=_known(total),
                available_bytes=_known(available),
                used_bytes=used,
                used_ratio=used / room if used is not None and room > 0 else None,
                inodes_ratio=1 - inodes_free / inodes if inodes > 0 else None,
                read_only=bool(read_only),
                problem=problem,
            )
        )
    return tuple(uses)


_SCALES = {"temperature": 1e-3, "fan": 1.0, "power": 1e-6}


def sensor_use(older: SensorSection | None, newer: SensorSection) -> SensorUse:
    table = newer.readings
    texts = zip(table.text("chip"), table.text("label"), table.text("kind"), strict=True)
    return SensorUse(
        readings=tuple(
            SensorReading(
                chip=chip,
                label=label,
                kind=kind,
                value=value * _SCALES[kind],
                limit=limit * _SCALES[kind] if limit > 0 else None,
                alarm=bool(alarm),
            )
            for (chip, label, kind), (value, limit, alarm) in zip(
                texts, table.rows("value", "limit", "alarm"), strict=True
            )
        ),
        power=_power(older, newer) if older else (),
    )


def _power(older: SensorSection, newer: SensorSection) -> tuple[ZonePower, ...]:
    """Two zones may have one name, on two sockets without numbers: rows are paired by their place then."""
    if older.energy.text("zone") != newer.energy.text("zone"):
        return ()
    rows = zip(
        newer.energy.text("zone"),
        older.energy.ints("energy_uj_total"),
        newer.energy.rows("energy_uj_total", "range_uj"),
        strict=True,
    )
    seconds = span(older, newer)
    return tuple(
        ZonePower(zone=zone, watts=(now - was if now >= was else now - was + top) / 1e6 / seconds)
        for zone, was, (now, top) in rows
        if now >= was or top
    )


def numa_use(older: NumaSection | None, newer: NumaSection) -> tuple[NodeUse, ...]:
    was = dict(zip(older.nodes.ints("node"), older.nodes.rows("hit_total", "miss_total"), strict=True)) if older else {}
    seconds = span(older, newer) if older else 1.0
    uses = []
    rows = newer.nodes.rows("node", "total_bytes", "free_bytes", "hit_total", "miss_total")
    for (node, total, free, hit, miss), cpus in zip(rows, newer.nodes.text("cpus"), strict=True):
        before = was.get(node)
        hits, misses = (rise(hit, before[0]), rise(miss, before[1])) if before else (None, None)
        given = (hits or 0) + (misses or 0)
        uses.append(
            NodeUse(
                node=node,
                cpus=cpus,
                total_bytes=total,
                free_bytes=free,
                hits_per_s=hits / seconds if hits is not None else None,
                misses_per_s=misses / seconds if misses is not None else None,
                miss_ratio=misses / given if misses is not None and given else None,
            )
        )
    return tuple(uses)


def _known(figure: int) -> int | None:
    return figure if figure >= 0 else None
