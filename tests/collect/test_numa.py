"""Memory nodes."""

from pathlib import Path

import pytest

from perftui.collect.numa import NumaCollector, parse_meminfo, parse_numastat
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET
from tests.collect.trees import real_machine, virtual_machine, write


def test_two_nodes(tmp_path: Path) -> None:
    real_machine(tmp_path)
    nodes = NumaCollector().collect(Host(tmp_path), NO_TARGET, None).nodes
    assert list(nodes.rows("node", "total_bytes", "free_bytes", "file_bytes", "anon_bytes")) == [
        (0, 4096 << 10, 1024 << 10, 512 << 10, 256 << 10),
        (1, 8192 << 10, 1024 << 10, 512 << 10, 256 << 10),
    ]
    assert list(nodes.rows("hit_total", "miss_total", "foreign_total", "local_total", "other_total")) == [
        (1000, 5, 6, 900, 7),
        (2000, 5, 6, 900, 7),
    ]
    assert nodes.text("cpus") == ("0-1", "2-3")
    assert nodes.text("distances") == ("10 21", "10 21")


def test_one_node_that_tells_little(tmp_path: Path) -> None:
    virtual_machine(tmp_path)
    nodes = NumaCollector().collect(Host(tmp_path), NO_TARGET, None).nodes
    assert list(nodes.rows("node", "total_bytes", "file_bytes", "foreign_total")) == [(0, 2048 << 10, -1, -1)]


def test_nodes_without_memory_or_out_of_order(tmp_path: Path) -> None:
    for node in (10, 2):
        folder = f"/sys/devices/system/node/node{node}"
        write(tmp_path, {f"{folder}/{name}": "" for name in ("meminfo", "numastat", "cpulist", "distance")})
    assert list(NumaCollector().collect(Host(tmp_path), NO_TARGET, None).nodes.ints("node")) == [2, 10]


def test_a_kernel_without_nodes_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData, match="memory nodes") as caught:
        NumaCollector().collect(Host(tmp_path), NO_TARGET, None)
    assert "CONFIG_NUMA" in caught.value.remedy


def test_this_machine_s_nodes_agree_with_vmstat() -> None:
    if not Path("/sys/devices/system/node").exists():
        with pytest.raises(NoData):
            NumaCollector().collect(Host(), NO_TARGET, None)
        return
    nodes = NumaCollector().collect(Host(), NO_TARGET, None).nodes
    counters = dict(line.split() for line in Path("/proc/vmstat").read_text().splitlines())
    assert sum(nodes.ints("hit_total")) == pytest.approx(int(counters["numa_hit"]), rel=0.01)
    assert all(0 < free < total for free, total in nodes.rows("free_bytes", "total_bytes"))


def test_lines_with_and_without_unit() -> None:
    assert parse_meminfo(b"Node 0 MemTotal: 2 kB\nNode 0 HugePages_Total: 3\n") == {b"MemTotal:": 2048}
    assert parse_numastat(b"numa_hit 1\nnuma_miss 2\n") == {b"numa_hit": 1, b"numa_miss": 2}
