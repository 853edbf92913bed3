"""Levels of links, clocks, file systems, sensors and memory nodes."""

import pytest

from perftui.model.device_rates import filesystem_use, frequency_use, link_use, numa_use, sensor_use
from perftui.model.host_sections import FilesystemSection, FrequencySection, LinkSection, NumaSection, SensorSection
from perftui.model.interval import Interval
from perftui.model.rates import NetworkUse
from perftui.model.table import Table
from tests.model.test_interval import SECOND, sample


def links(*rows: tuple[str, int, int]) -> LinkSection:
    """Name, speed, duplex."""
    return LinkSection(
        monotonic_ns=0,
        links=Table.of(
            {"speed_mbit": [row[1] for row in rows], "full_duplex": [row[2] for row in rows]},
            {"name": [row[0] for row in rows], "state": ["up"] * len(rows)},
        ),
    )


def test_traffic_is_of_the_link_s_speed() -> None:
    traffic = NetworkUse(name="eth0", rx_bytes_per_s=62_500_000, tx_bytes_per_s=0, drops_per_s=0, errors_per_s=0)
    fast, unknown, unseen = link_use(links(("eth0", 1000, 1), ("lo", -1, -1), ("eth1", 1000, 0)), [traffic])
    assert (fast.speed_bytes_per_s, fast.rx_ratio, fast.tx_ratio, fast.full_duplex) == (125e6, 0.5, 0.0, True)
    assert (unknown.speed_bytes_per_s, unknown.rx_ratio, unknown.full_duplex) == (None, None, None)
    assert (unseen.rx_ratio, unseen.full_duplex) == (None, False)


def clocks(at: int, *rows: tuple[int, int, int, int, int]) -> FrequencySection:
    """CPU, kHz, highest kHz, throttles of the core, of the package."""
    names = ("cpu", "khz", "max_khz", "core_throttles_total", "package_throttles_total")
    table = Table.of(
        {name: [row[column] for row in rows] for column, name in enumerate(names)},
        {"governor": ["powersave"] * len(rows)},
    )
    return FrequencySection(monotonic_ns=at, cpus=table, source="cpufreq")


def test_a_package_s_throttling_is_counted_once() -> None:
    older = clocks(0, (0, 1, 1, 0, 10), (1, 1, 1, 0, 10))
    newer = clocks(2 * SECOND, (0, 1_000_000, 4_000_000, 3, 14), (1, 3_000_000, -1, 1, 14))
    use = frequency_use(older, newer)
    assert use.throttles_per_s == 4  # (3 + 1 + 4) / 2
    assert use.mean_mhz == 2000
    assert [cpu.max_ratio for cpu in use.cpus] == [0.25, None]


def test_no_counter_of_throttling_is_not_none_at_all() -> None:
    older, newer = clocks(0, (0, 1, 1, -1, -1)), clocks(SECOND, (0, -1, 1, -1, -1))
    assert frequency_use(older, newer).throttles_per_s is None
    assert frequency_use(None, newer).throttles_per_s is None
    assert frequency_use(None, newer).mean_mhz is None


def mounts(*rows: tuple[str, int, int, int, int, int, str]) -> FilesystemSection:
    """Point, total, free, available, inodes, free inodes, problem."""
    names = ("total_bytes", "free_bytes", "available_bytes", "inodes_total", "inodes_free")
    columns = {name: [int(row[1 + at]) for row in rows] for at, name in enumerate(names)}
    return FilesystemSection(
        monotonic_ns=0,
        mounts=Table.of(
            {**columns, "read_only": [0] * len(rows)},
            {
                "point": [row[0] for row in rows],
                "problem": [row[6] for row in rows],
                **{name: ["x"] * len(rows) for name in ("type", "source", "disk", "partition")},
            },
        ),
    )


def test_used_is_as_df_has_it() -> None:
    root, hung, btrfs, empty = filesystem_use(
        mounts(
            ("/", 1000, 300, 200, 100, 10, ""),
            ("/srv", -1, -1, -1, -1, -1, "does not answer"),
            ("/pool", 1000, 500, 500, 0, 0, ""),
            ("/none", 10, 10, 0, 0, 0, ""),
        )
    )
    assert (root.used_bytes, root.inodes_ratio) == (700, 0.9)
    assert root.used_ratio == pytest.approx(700 / 900)
    assert (hung.total_bytes, hung.used_bytes, hung.used_ratio, hung.inodes_ratio) == (None, None, None, None)
    assert hung.problem == "does not answer"
    assert btrfs.inodes_ratio is None
    assert empty.used_ratio is None


def sensors(at: int, *zones: tuple[str, int, int]) -> SensorSection:
    """Zone, microjoules, range; and one reading of each kind."""
    return SensorSection(
        monotonic_ns=at,
        readings=Table.of(
            {"value": [61_500, 1200, 45_000_000], "limit": [100_000, -1, -1], "alarm": [1, 0, 0]},
            {"chip": ["c"] * 3, "label": ["t", "f", "p"], "kind": ["temperature", "fan", "power"]},
        ),
        energy=Table.of(
            {"energy_uj_total": [zone[1] for zone in zones], "range_uj": [zone[2] for zone in zones]},
            {"zone": [zone[0] for zone in zones]},
        ),
    )


def test_units_people_know() -> None:
    use = sensor_use(None, sensors(0))
    assert [(reading.value, reading.limit, reading.alarm) for reading in use.readings] == [
        (pytest.approx(61.5), pytest.approx(100.0), True),
        (1200, None, False),
        (pytest.approx(45.0), None, False),
    ]
    assert use.power == ()


def test_power_from_energy_also_when_the_counter_starts_again() -> None:
    older = sensors(0, ("package-0", 1_000_000, 10_000_000), ("dram", 9_000_000, 10_000_000), ("psys", 5, 0))
    newer = sensors(2 * SECOND, ("package-0", 5_000_000, 10_000_000), ("dram", 1_000_000, 10_000_000), ("psys", 1, 0))
    assert [(power.zone, power.watts) for power in sensor_use(older, newer).power] == [
        ("package-0", 2.0),
        ("dram", 1.0),
    ]
    assert sensor_use(sensors(0, ("other", 0, 1)), newer).power == ()


def nodes(at: int, *rows: tuple[int, int, int, int, int]) -> NumaSection:
    names = ("node", "total_bytes", "free_bytes", "hit_total", "miss_total")
    table = Table.of(
        {name: [row[column] for row in rows] for column, name in enumerate(names)}, {"cpus": ["0-1"] * len(rows)}
    )
    return NumaSection(monotonic_ns=at, nodes=table)


def test_misses_are_of_the_pages_given_out() -> None:
    older, newer = nodes(0, (0, 10, 5, 100, 0)), nodes(2 * SECOND, (0, 10, 4, 160, 20), (1, 10, 9, 1, 1))
    first, second = numa_use(older, newer)
    assert (first.hits_per_s, first.misses_per_s, first.miss_ratio, first.free_bytes) == (30, 10, 0.25, 4)
    assert (second.hits_per_s, second.miss_ratio) == (None, None)
    assert numa_use(None, newer)[0].misses_per_s is None
    assert numa_use(newer, newer)[0].miss_ratio is None


def test_views_of_an_interval() -> None:
    older = sample(
        0, numa=nodes(0, (0, 10, 5, 0, 0)), sensors=sensors(0, ("p", 0, 1)), frequency=clocks(0, (0, 1, 1, 0, 0))
    )
    newer = sample(
        SECOND,
        numa=nodes(SECOND, (0, 10, 5, 7, 0)),
        sensors=sensors(SECOND, ("p", 3_000_000, 1)),
        frequency=clocks(SECOND, (0, 1, 1, 2, 0)),
        filesystems=mounts(("/", 10, 5, 5, 0, 0, "")),
        links=links(("eth0", 10, 1)),
    )
    interval = Interval.between(older, newer)
    assert interval.numa is not None
    assert interval.numa[0].hits_per_s == 7
    assert interval.sensors is not None
    assert interval.sensors.power[0].watts == 3
    assert interval.frequency is not None
    assert interval.frequency.throttles_per_s == 2
    assert interval.filesystems is not None
    assert interval.links is not None
    assert interval.links[0].rx_ratio is None
