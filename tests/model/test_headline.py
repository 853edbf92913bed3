"""The series of one interval, worked out by hand."""

import math

import pytest
from msgspec.structs import replace

from perftui.model.gpu_section import Gpu, GpuSection
from perftui.model.headline import details, headline
from perftui.model.host_sections import FilesystemSection, FrequencySection, SensorSection
from perftui.model.interval import Interval
from perftui.model.process_sections import DelaySection, SmapsSection
from perftui.model.table import Table
from tests.tui.fixtures import SECOND, TARGET_PID, build_sample

BEFORE, NOW = build_sample(10), build_sample(11)


def values(**sections: object) -> dict[str, float]:
    return headline(Interval.between(BEFORE, replace(NOW, **sections)))


def test_shares_of_the_cpus_add_up() -> None:
    found = values()
    shares = found["cpu-user"] + found["cpu-system"]
    assert shares == pytest.approx(found["cpu"], abs=1e-6)
    assert found["cpu-busiest"] >= found["cpu"]
    assert (found["runnable"], found["blocked"], found["load"]) == (3, 0, 2.4)


def test_memory_is_what_is_not_available() -> None:
    memory = NOW.memory
    assert memory is not None
    found = values(
        memory=replace(memory, available_bytes=2 << 30, dirty_bytes=5, writeback_bytes=2, swap_free_bytes=1 << 30)
    )
    assert (found["memory"], found["memory-dirty"], found["swap"]) == (0.75, 7, 0.5)
    assert "swap" not in values(memory=replace(memory, swap_total_bytes=0))


def test_swapping_is_in_bytes() -> None:
    memory = NOW.memory
    assert memory is not None
    found = values(memory=replace(memory, swap_in_pages_total=10, swap_out_pages_total=20, page_bytes=16384))
    assert (found["swap-in"], found["swap-out"]) == (10 * 16384, 20 * 16384)


def test_the_loopback_does_not_count() -> None:
    found = values()
    interval = Interval.between(BEFORE, NOW)
    [outward] = [use for use in interval.networks or () if use.name != "lo"]
    assert (found["net-rx"], found["net-tx"]) == (outward.rx_bytes_per_s, outward.tx_bytes_per_s)


def tripled(table: Table, column: str, marks: list[int], names: list[str]) -> Table:
    """The first row three times, under these names."""
    columns = {name: [table.ints(name)[0]] * 3 for name in table.columns}
    return Table.of(columns | {column: marks}, {"name": names})


@pytest.mark.parametrize(("cards", "counted"), [([1, 0, 0], 1), ([0, 0, 0], 2)])
def test_what_stands_on_other_devices_is_not_added(cards: list[int], counted: int) -> None:
    """A disk with a volume and a memory disk; a card with a bridge, and a container without any card."""
    alone, pair = values(), []
    for sample in (BEFORE, NOW):
        assert sample.disks is not None
        assert sample.networks is not None
        devices = tripled(sample.disks.devices, "stacked", [0, 1, 1], ["vda", "dm-0", "zram0"])
        interfaces = tripled(sample.networks.interfaces, "physical", cards, ["eth0", "br0", "lo"])
        pair.append(
            replace(
                sample,
                disks=replace(sample.disks, devices=devices),
                networks=replace(sample.networks, interfaces=interfaces),
            )
        )
    found = headline(Interval.between(*pair))
    for name in ("disk-read", "disk-write", "disk-requests"):
        assert found[name] == alone[name] > 0
    for name in ("net-rx", "net-tx"):
        assert found[name] == counted * alone[name] > 0


def test_what_is_missing_is_left_out() -> None:
    bare = dict.fromkeys(("cpu", "memory", "disks", "networks", "pressure", "tree", "threads", "cgroup"))
    assert values(**bare) == {}
    assert details(Interval.between(BEFORE, replace(NOW, **bare))) == {}


def test_a_host_without_a_target_has_no_target_series() -> None:
    found = headline(Interval.between(build_sample(1, target=False), build_sample(2, target=False)))
    assert found
    assert not [name for name in found if name.startswith("target-")]


def test_details_are_named_after_their_device() -> None:
    found = details(Interval.between(BEFORE, NOW))
    assert {"cpu:0", "cpu:1", "disk-read:vda", "disk-await:vda", "net-rx:lo", "net-tx:eth0"} <= set(found)
    assert not [value for value in found.values() if not math.isfinite(value)]


def test_the_fullest_file_system_and_the_hottest_sensor() -> None:
    mounts = Table.of(
        {
            "total_bytes": [100, 100, -1],
            "free_bytes": [50, 10, -1],
            "available_bytes": [50, 10, -1],
            "inodes_total": [0, 100, -1],
            "inodes_free": [0, 75, -1],
            "read_only": [0, 0, 0],
        },
        {name: ["/", "/data", "/nfs"] for name in ("point", "type", "source", "partition", "disk")}
        | {"problem": ["", "", "no answer"]},
    )
    readings = Table.of(
        {"value": [45_000, 71_500, 900], "limit": [-1] * 3, "alarm": [0] * 3},
        {"chip": ["a", "b", "c"], "label": ["x"] * 3, "kind": ["temperature", "temperature", "fan"]},
    )
    energy = [
        Table.of({"energy_uj_total": [at, 9 * at], "range_uj": [10**12] * 2}, {"zone": ["package-0", "dram"]})
        for at in (1_000_000, 31_000_000)
    ]
    sensors = [
        SensorSection(monotonic_ns=sample.monotonic_ns, readings=readings, energy=zone)
        for sample, zone in zip((BEFORE, NOW), energy, strict=True)
    ]
    clocks = Table.of(
        {"cpu": [0, 1], "khz": [2_000_000, 3_000_000], "max_khz": [-1, -1]}
        | {name: [-1, -1] for name in ("min_khz", "limit_khz", "core_throttles_total", "package_throttles_total")},
        {"governor": ["", ""], "driver": ["", ""]},
    )
    older = replace(BEFORE, sensors=sensors[0])
    newer = replace(
        NOW,
        filesystems=FilesystemSection(monotonic_ns=NOW.monotonic_ns, mounts=mounts),
        sensors=sensors[1],
        frequency=FrequencySection(monotonic_ns=NOW.monotonic_ns, cpus=clocks, source="cpuinfo"),
    )
    found = headline(Interval.between(older, newer))
    assert (found["filesystem"], found["inodes"]) == (0.9, 0.25)
    assert (found["temperature"], found["power"]) == pytest.approx((71.5, 30.0))
    assert found["cpu-frequency"] == 2.5e9


def test_several_cards() -> None:
    cards = (
        Gpu(
            index=0,
            vendor="nvidia",
            name="A",
            busy_ratio=0.2,
            memory_used_bytes=3,
            memory_total_bytes=4,
            power_watts=50.0,
        ),
        Gpu(index=1, vendor="nvidia", name="A", busy_ratio=0.9, power_watts=25.0),
        Gpu(index=2, vendor="amd", name="B", lost="gone"),
    )
    found = values(gpus=GpuSection(monotonic_ns=NOW.monotonic_ns, gpus=cards, processes=Table()))
    assert (found["gpu"], found["gpu-memory"], found["gpu-power"]) == (0.9, 0.75, 75.0)


def test_the_target_in_depth() -> None:
    names = ("rss", "pss", "private", "shared", "anonymous", "swap", "pss_anonymous", "pss_file", "pss_shmem")
    rest = ("huge", "hugetlb", "locked", "lazy_free")
    rows = {
        "pid": [TARGET_PID],
        "start_ticks": [991],
        **{f"{name}_bytes": [4096 * at] for at, name in enumerate((*names, *rest))},
    }
    found = values(smaps=SmapsSection(monotonic_ns=NOW.monotonic_ns, processes=Table.of(rows)))
    assert (found["target-pss"], found["target-private"]) == (4096, 8192)


def test_io_delays_are_those_of_storage() -> None:
    reasons = ("cpu", "blkio", "swapin", "reclaim", "thrashing", "compact", "wpcopy")

    def delays(at_ns: int, blkio: int) -> DelaySection:
        waited = {f"{reason}_ns_total": [blkio if reason == "blkio" else 0] for reason in reasons}
        times = {f"{reason}_total": [0] for reason in reasons[1:]}
        return DelaySection(monotonic_ns=at_ns, processes=Table.of({"pid": [1], "start_ticks": [1], **waited, **times}))

    older = replace(BEFORE, delays=delays(BEFORE.monotonic_ns, 0))
    newer = replace(NOW, delays=delays(NOW.monotonic_ns, SECOND // 4))
    assert headline(Interval.between(older, newer))["target-io-delay"] == 0.25
