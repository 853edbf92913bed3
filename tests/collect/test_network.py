"""Interfaces against psutil."""

import psutil

from perftui.collect.network import NetworkCollector, parse_net_dev
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET


def test_it_agrees_with_psutil() -> None:
    before = psutil.net_io_counters(pernic=True)
    table = NetworkCollector().collect(Host(), NO_TARGET, None).interfaces
    after = psutil.net_io_counters(pernic=True)
    assert set(table.text("name")) == set(before)
    for row, name in enumerate(table.text("name")):
        assert before[name].bytes_recv <= table.ints("rx_bytes_total")[row] <= after[name].bytes_recv
        assert before[name].packets_sent <= table.ints("tx_packets_total")[row] <= after[name].packets_sent
        assert table.ints("rx_dropped_total")[row] >= before[name].dropin


def test_names_with_colons_and_numbers_without_spaces() -> None:
    counters = " ".join(str(value) for value in range(1, 16))
    raw = f"Inter-|\n face |\n eth0:1:100 {counters}\n".encode()
    assert parse_net_dev(raw) == [(b"eth0:1", [100, *range(1, 16)])]
