"""Disks against psutil, and which devices count."""

from pathlib import Path

import psutil
import pytest

from perftui.collect.disk import DiskCollector
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET


def test_it_agrees_with_psutil() -> None:
    before = psutil.disk_io_counters(perdisk=True)
    devices = DiskCollector().collect(Host(), NO_TARGET, None).devices
    after = psutil.disk_io_counters(perdisk=True)
    for row, name in enumerate(devices.text("name")):
        assert before[name].read_bytes <= devices.ints("read_bytes_total")[row] <= after[name].read_bytes
        assert before[name].write_count <= devices.ints("writes_total")[row] <= after[name].write_count
        assert before[name].busy_time <= devices.ints("io_ms_total")[row] <= after[name].busy_time


def test_only_whole_devices_that_did_something(tmp_path: Path) -> None:
    lines = [
        " 259 0 nvme0n1 10 1 20 3 40 5 60 7 1 9 10 0 0 0 0 2 2",
        " 259 1 nvme0n1p1 10 1 20 3 40 5 60 7 1 9 10",
        " 7 0 loop0 0 0 0 0 0 0 0 0 0 0 0",
        " 104 0 cciss/c0d0 1 0 2 0 0 0 0 0 0 0 0",
    ]
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/diskstats").write_text("\n".join(lines) + "\n")
    for name in ("nvme0n1", "loop0", "cciss!c0d0"):
        (tmp_path / "sys/block" / name).mkdir(parents=True)
    section = DiskCollector().collect(Host(tmp_path), NO_TARGET, None)
    devices = section.devices
    assert devices.text("name") == ("nvme0n1", "cciss/c0d0")
    assert section.partitions.text("name") == ("nvme0n1p1",)
    assert list(section.partitions.rows("reads_total", "write_bytes_total", "flushes_total")) == [(10, 60 * 512, -1)]
    row = {name: devices.ints(name)[0] for name in devices.columns}
    assert row == {
        "reads_total": 10,
        "read_bytes_total": 20 * 512,
        "read_ms_total": 3,
        "writes_total": 40,
        "write_bytes_total": 60 * 512,
        "write_ms_total": 7,
        "in_flight": 1,
        "io_ms_total": 9,
        "weighted_ms_total": 10,
        "discards_total": 0,
        "discard_bytes_total": 0,
        "discard_ms_total": 0,
        "flushes_total": 2,
        "flush_ms_total": 2,
        "stacked": 0,
    }
    old = {name: devices.ints(name)[1] for name in devices.columns}
    assert [old[name] for name in ("writes_total", "discards_total", "flushes_total", "flush_ms_total")] == [
        0,
        -1,
        -1,
        -1,
    ]


def test_no_diskstats_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        DiskCollector().collect(Host(tmp_path), NO_TARGET, None)


def test_what_stands_on_other_devices_is_marked_and_asked_once(tmp_path: Path) -> None:
    names = ("sda", "dm-0", "md127", "loop3", "zram0", "ram1", "cciss/c0d0")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/diskstats").write_text("".join(f" 8 0 {name} 1 0 2 0 0 0 0 0 0 0 0\n" for name in names))
    for name in names:
        (tmp_path / "sys/block" / name.replace("/", "!") / "slaves").mkdir(parents=True)
    for above in ("dm-0", "md127"):
        (tmp_path / f"sys/block/{above}/slaves/sda").mkdir()
    collector = DiskCollector()
    for _ in range(2):
        devices = collector.collect(Host(tmp_path), NO_TARGET, None).devices
        assert dict(zip(devices.text("name"), devices.ints("stacked"), strict=True)) == dict(
            zip(names, (0, 1, 1, 1, 1, 1, 0), strict=True)
        )
        (tmp_path / "sys/block/sda/slaves/new").mkdir(exist_ok=True)
