"""Delay accounting of a real process, switched on for the test and off again."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.collect.delays import SWITCH, DelayCollector
from perftui.collect.scope import Scope
from perftui.errors import NoData
from perftui.host.procfs import Host
from tests.collect.held import NO_TARGET, held_child
from tests.collect.nobody import seen_by_nobody
from tests.host.test_target import wait_for

WRITER = """
import os, tempfile
with tempfile.TemporaryFile(dir=".") as file:  # without a name: nothing is left of it
    print("up", flush=True)
    while True:
        file.write(os.urandom(1 << 16))
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
"""
IDLE = "print('up', flush=True)\ninput()"


@pytest.fixture
def switch() -> Iterator[Path]:
    """The kernel's switch, put back afterwards."""
    path = Path(SWITCH)
    before = path.read_text()
    yield path
    path.write_text(before)


@pytest.mark.root
def test_a_writer_waits_for_the_disk(switch: Path) -> None:
    switch.write_text("1")
    with held_child(WRITER) as (host, held):
        collector = DelayCollector()
        scope = Scope(held, (held.process.pid, (1 << 22) - 1))

        def waited(column: str) -> int:
            return collector.collect(host, scope, None).processes.ints(column)[0]

        wait_for(lambda: waited("wpcopy_total") > 0)
        assert waited("cpu_ns_total") >= 0
        assert waited("reclaim_ns_total") >= 0
        wait_for(lambda: waited("blkio_total") > 0 or not on_a_disk(host))
        section = collector.collect(host, scope, None)
        assert list(section.processes.ints("pid")) == [held.process.pid]
        assert section.processes.ints("start_ticks")[0] == held.process.start_ticks


def on_a_disk(host: Host) -> bool:
    """Whether fsync here waits in a way that the kernel counts as block I/O."""
    done = subprocess.run(["stat", "-f", "-c", "%T", "."], capture_output=True, text=True, check=True)
    return done.stdout.strip() in ("ext2/ext3", "xfs", "btrfs")


@pytest.mark.root
def test_off_is_no_data_with_the_way_to_switch_it_on(switch: Path) -> None:
    switch.write_text("0")
    with held_child(IDLE) as (host, held):
        scope = Scope(held, (held.process.pid,))
        with pytest.raises(NoData) as caught:
            DelayCollector().collect(host, scope, None)
        assert "is off" in caught.value.reason
        assert "sysctl -w kernel.task_delayacct=1" in caught.value.remedy
        switch.write_text("1")
        with pytest.raises(NoData) as caught:
            DelayCollector().collect(host, scope, None)
        assert "started before" in caught.value.reason
        assert caught.value.remedy == "start the target again"
        said = seen_by_nobody("delays", held.process.pid)
        assert "CAP_NET_ADMIN" in str(said["reason"])
        assert said["remedy"] == "run as root"


def test_no_target_is_no_data() -> None:
    with pytest.raises(NoData):
        DelayCollector().collect(Host(), NO_TARGET, None)
