"""What each CPU does for the network."""

import socket
from pathlib import Path

import pytest

from perftui.collect.softnet import SoftnetCollector, parse_softnet
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.model.table import Table
from tests.collect.held import NO_TARGET
from tests.collect.trees import virtual_machine


def collected(host: Host) -> Table:
    collector = SoftnetCollector()
    try:
        return collector.collect(host, NO_TARGET, None).cpus
    finally:
        collector.close()


def test_packets_over_loopback_are_counted() -> None:
    before = sum(collected(Host()).ints("processed_total"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver, socket.socket(type=socket.SOCK_DGRAM) as sender:
        receiver.bind(("127.0.0.1", 0))
        for _ in range(50):
            sender.sendto(b"x", receiver.getsockname())
    assert sum(collected(Host()).ints("processed_total")) - before >= 50


def test_a_captured_machine(tmp_path: Path) -> None:
    virtual_machine(tmp_path)
    table = collected(Host(tmp_path))
    assert list(table.ints("cpu")) == [0, 1]
    assert list(table.ints("processed_total")) == [0x20, 0x10]
    assert list(table.ints("dropped_total")) == [1, 0]
    assert list(table.ints("squeezed_total")) == [2, 0]
    assert list(table.ints("steered_total")) == [3, 3]
    assert list(table.ints("flow_limit_total")) == [4, 4]
    assert list(table.ints("backlog")) == [5, 5]


def test_an_older_kernel_names_no_cpu_and_no_backlog(tmp_path: Path) -> None:
    (tmp_path / "proc/net").mkdir(parents=True)
    (tmp_path / "proc/net/softnet_stat").write_text(" ".join(["0000000a"] * 11) + "\n")
    table = collected(Host(tmp_path))
    assert (table.ints("cpu")[0], table.ints("backlog")[0], table.ints("flow_limit_total")[0]) == (0, -1, 10)


def test_without_the_file_it_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        collected(Host(tmp_path))


def test_figures_are_hexadecimal() -> None:
    assert parse_softnet(b"0000000f 00000010\n") == [[15, 16]]
