"""Waiting until data is on the device."""

import pytest

from perftui.analyze.classify import classify
from tests.analyze.build import (
    FSYNC,
    PID,
    READ,
    WRITE,
    Look,
    Task,
    asleep,
    diagnose,
    frame,
    label,
    profile,
    running,
    window,
)


def writer(*looks: Look, run: float = 0.05) -> Task:
    return Task(tid=PID, run=run, slices=200, looks=looks)


def test_a_write_and_fsync_loop() -> None:
    task = writer(asleep(0.8, FSYNC, state="D"), running(0.2))
    stacks = profile([(PID, (frame("main"), frame("commit", line=9)), 900, 50.0)])
    diagnosis = diagnose(tasks=(task,), io_pressure=0.7, write_ms=4.0, profile=stacks)
    assert label(diagnosis) == "io-sync-latency"
    finding = diagnosis.findings[0]
    assert finding.blame is not None
    assert (finding.blame.device, finding.blame.function, finding.blame.tid) == ("vda", "commit", PID)
    assert "4 ms a request" in finding.summary
    assert {evidence.metric for evidence in finding.evidence} >= {"sync_wait_ratio", "disk_await_ms"}


def test_waiting_for_the_journal_in_state_s_counts() -> None:
    assert label(diagnose(tasks=(writer(asleep(0.7, FSYNC), running(0.3)),))) == "io-sync-latency"


def test_synchronous_writes_count() -> None:
    task = writer(asleep(0.7, WRITE, state="D", wchan="jbd2_log_wait_commit"), running(0.3))
    assert label(diagnose(tasks=(task,))) == "io-sync-latency"


@pytest.mark.parametrize(
    "look",
    [
        asleep(0.8, READ, state="D", wchan="folio_wait_bit_common"),
        asleep(0.8, WRITE, state="D", wchan="balance_dirty_pages"),
        asleep(0.8, WRITE, wchan="pipe_write"),
        Look(0.8, "R", FSYNC),
        asleep(0.1, FSYNC, state="D"),
    ],
)
def test_other_waits_are_not_syncs(look: Look) -> None:
    assert (
        label(diagnose(tasks=(writer(look, running(1 - look.ratio), run=0.85 if look.syscall == FSYNC else 0.2),)))
        == "healthy"
    )


def test_synchronous_writes_count_when_the_channel_was_often_missed() -> None:
    looks = (asleep(0.3, WRITE, state="D"), asleep(0.1, WRITE, state="D", wchan="submit_bio_wait"), running(0.6))
    assert label(diagnose(tasks=(writer(*looks, run=0.3),))) == "io-sync-latency"


def test_short_waits_count_although_most_looks_miss_them() -> None:
    task = Task(
        run=0.2, delay=0.3, slices=9000, looks=(running(0.8), asleep(0.15, FSYNC, state="D"), Look(0.05, "R", FSYNC))
    )
    assert label(diagnose(tasks=(task,), busy=(0.8, 0.6))) == "io-sync-latency"


def test_it_clears_lower_than_it_fires() -> None:
    view = window(tasks=(writer(asleep(0.25, FSYNC, state="D"), running(0.75), run=0.75),))
    assert label(classify(view)) == "healthy"
    assert label(classify(view, frozenset({"io-sync-latency"}))) == "io-sync-latency"


def test_without_looks_it_is_unknown() -> None:
    diagnosis = diagnose(missing={"waits": ("no ptrace right", "run as root")})
    assert "io-sync-latency" in {entry.rule for entry in diagnosis.unknown}
