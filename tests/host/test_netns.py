"""Whose network namespace a process is in."""

import os
from pathlib import Path

import pytest

from perftui.errors import NoData
from perftui.host.netns import other_net
from perftui.host.procfs import Host


def test_this_process_is_in_its_own() -> None:
    assert other_net(Host(), os.getpid()) is None


def test_another_one(tmp_path: Path) -> None:
    for process, number in (("self", 1), ("7", 2), ("8", 1)):
        (tmp_path / f"proc/{process}/ns").mkdir(parents=True)
        (tmp_path / f"proc/{process}/ns/net").symlink_to(f"net:[{number}]")
    assert other_net(Host(tmp_path), 7) == "/proc/7/net"
    assert other_net(Host(tmp_path), 8) is None


def test_a_process_that_is_gone_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoData):
        other_net(Host(tmp_path), 7)
