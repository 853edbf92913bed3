"""Speed and state of interfaces."""

from pathlib import Path

import psutil
import pytest

from perftui.collect.links import LinkCollector
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET
from tests.collect.trees import real_machine, virtual_machine


def test_it_agrees_with_psutil() -> None:
    links = LinkCollector().collect(Host(), NO_TARGET, None).links
    oracle = psutil.net_if_stats()
    assert set(links.text("name")) == set(oracle)
    for name, (speed, mtu) in zip(links.text("name"), links.rows("speed_mbit", "mtu_bytes"), strict=True):
        assert mtu == oracle[name].mtu
        assert max(0, speed) == oracle[name].speed % 65535  # psutil has 65535 where the driver says -1


def test_a_fast_link(tmp_path: Path) -> None:
    real_machine(tmp_path)
    links = LinkCollector().collect(Host(tmp_path), NO_TARGET, None).links
    assert links.text("name") == ("eth0",)
    assert links.text("state") == ("up",)
    assert list(links.rows("speed_mbit", "full_duplex", "mtu_bytes", "carrier_changes_total")) == [(25000, 1, 9000, 4)]


def test_a_virtual_one_does_not_tell(tmp_path: Path) -> None:
    virtual_machine(tmp_path)
    links = LinkCollector().collect(Host(tmp_path), NO_TARGET, None).links
    assert list(links.rows("speed_mbit", "full_duplex", "mtu_bytes")) == [(-1, -1, 1500)]


def test_without_interfaces_it_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        LinkCollector().collect(Host(tmp_path), NO_TARGET, None)
