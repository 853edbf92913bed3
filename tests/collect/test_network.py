"""Interfaces against psutil."""

from pathlib import Path

import psutil
import pytest

from perftui.collect.network import NetworkCollector, parse_net_dev
from perftui.collect.scope import Scope
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET, held_child
from tests.collect.secluded import secluded


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


def test_a_target_in_our_namespace_has_no_interfaces_of_its_own() -> None:
    with held_child("print('up', flush=True)\nimport time\ntime.sleep(1000)") as (host, held):
        assert NetworkCollector().collect(host, Scope(held, (held.process.pid,)), None).target_interfaces is None


@pytest.mark.root
def test_the_interfaces_of_another_namespace() -> None:
    with secluded() as held:
        section = NetworkCollector().collect(Host(), Scope(held, (held.process.pid,)), None)
        theirs = [
            line.split(":")[0].strip()
            for line in Path(f"/proc/{held.process.pid}/net/dev").read_text().splitlines()[2:]
        ]
        assert section.target_interfaces is not None
        assert list(section.target_interfaces.text("name")) == theirs
        assert set(section.target_interfaces.ints("rx_bytes_total")) == {0}
    gone = NetworkCollector().collect(Host(), Scope(held, (held.process.pid,)), None)
    assert gone.target_interfaces is None


def test_cards_are_told_from_what_the_kernel_makes_up(tmp_path: Path) -> None:
    names = ("lo", "eth0", "br0", "veth1")
    (tmp_path / "proc/net").mkdir(parents=True)
    counters = " ".join(["1"] * 16)
    (tmp_path / "proc/net/dev").write_text("head\nhead\n" + "".join(f"{name}: {counters}\n" for name in names))
    (tmp_path / "sys/class/net/eth0/device").mkdir(parents=True)
    (tmp_path / "sys/class/net/br0").mkdir()
    table = NetworkCollector().collect(Host(tmp_path), NO_TARGET, None).interfaces
    assert dict(zip(table.text("name"), table.ints("physical"), strict=True)) == dict.fromkeys(names, 0) | {"eth0": 1}
