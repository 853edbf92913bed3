from pathlib import Path

import pytest

from perftui.host.procfs import Host
from perftui.model.finding import Blame
from perftui.model.interval import Interval
from perftui.model.proposal import Proposal, SetIoPriority
from perftui.model.sample import KnobReading
from perftui.tune.knobs.ionice import Ionice
from tests.tune.scenes import PID, finding_of, interval_of, read_live, reading_of, sample_at
from tests.tune.support import program

IONICE = Ionice()
SHARED = {"disk_bytes": 1000_000, "own_bytes": 100_000}


def propose(
    interval: Interval, value: str = "none", rule: str = "io-sync-latency", device: str | None = None
) -> Proposal | None:
    reading = reading_of("process.ionice", value, devices="sda")
    finding = finding_of(rule, blame=Blame(device=device) if device else None)
    return IONICE.propose(finding, reading, interval.newer, interval)


def captured(folder: Path, scheduler: str | None) -> Host:
    if scheduler is not None:
        file = folder / "sys/block/sda/queue/scheduler"
        file.parent.mkdir(parents=True)
        file.write_text(scheduler)
    return Host(folder)


@pytest.mark.parametrize(
    ("scheduler", "reason"),
    [
        ("[none] mq-deadline bfq\n", "does not heed priorities (sda: none)"),
        ("none [mq-deadline] bfq\n", "does not heed priorities (sda: mq-deadline)"),
        (None, "no block device"),
        ("none [bfq]\n", "captured tree"),
    ],
)
def test_only_bfq_heeds_it(tmp_path: Path, scheduler: str | None, reason: str) -> None:
    host = captured(tmp_path, scheduler)
    if scheduler != "none [bfq]\n":
        host = _Live(tmp_path)
    (reading,) = IONICE.read(host, sample_at(1))
    assert not reading.available
    assert reason in reading.reason


class _Live(Host):
    """A captured tree that stands for this machine."""

    @property
    def is_live(self) -> bool:
        return True


def test_with_bfq_each_thread_is_read(tmp_path: Path) -> None:
    captured(tmp_path, "none [bfq]\n")
    with program(threads=1) as process:
        sample = sample_at(1)
        assert sample.tree is not None
        sample.tree.processes.columns["pid"] = process.pid.to_bytes(8, "little")
        assert sample.threads is not None
        sample.threads.threads.columns["pid"] = process.pid.to_bytes(8, "little")
        sample.threads.threads.columns["tid"] = process.pid.to_bytes(8, "little")
        (reading,) = IONICE.read(_Live(tmp_path), sample)
    assert (reading.value, reading.detail["devices"]) == ("none", "sda")


def test_it_is_read_on_this_machine() -> None:
    with program() as process:
        (reading,) = read_live(IONICE, process.pid)
    assert isinstance(reading, KnobReading)
    assert reading.available or reading.reason


@pytest.mark.parametrize(("value", "undo"), [("none", "-c 0"), ("be:4", "-c 2 -n 4"), ("idle", "-c 3")])
def test_the_first_level_is_proposed_when_others_use_the_device(value: str, undo: str) -> None:
    proposal = propose(interval_of(**SHARED), value=value)
    assert proposal is not None
    assert proposal.after == "be:0"
    assert proposal.command == f"ionice -c 2 -n 0 -p {PID}"
    assert proposal.undo_command == f"ionice {undo} -p {PID}"
    assert isinstance(proposal.action, SetIoPriority)
    assert "Others move 90% of the bytes on sda" in proposal.expected_effect


def test_nothing_to_propose() -> None:
    alone = {"disk_bytes": 1000_000, "own_bytes": 900_000}
    assert propose(interval_of(**alone)) is None
    assert propose(interval_of()) is None
    assert propose(interval_of(**SHARED), value="be:0") is None
    assert propose(interval_of(**SHARED), value="rt:4") is None
    assert propose(interval_of(**SHARED), rule="cpu-quota") is None
    assert propose(interval_of(**SHARED), device="sdb") is None
