"""Others take the CPU."""

import pytest

from perftui.analyze.classify import classify
from tests.analyze.build import PID, Other, Task, diagnose, label, window

HOGS = tuple(Other(900 + at, 0.4, session=900 + at) for at in range(4))
FULL = (1.0, 1.0)


def wanting(count: int, run: float, delay: float) -> tuple[Task, ...]:
    return tuple(Task(tid=PID + at, run=run, delay=delay, slices=50) for at in range(count))


def test_four_hogs_beside_a_single_thread() -> None:
    diagnosis = diagnose(tasks=wanting(1, 0.4, 0.6), busy=FULL, others=HOGS)
    assert label(diagnosis) == "neighbour-cpu"
    finding = diagnosis.findings[0]
    assert finding.blame is not None
    assert (finding.blame.pid, finding.blame.process) == (900, "hog")
    assert "another session" in finding.advice
    named = "hog (PID 900) uses 0.40 CPUs, hog (PID 901) 0.40, hog (PID 902) 0.40, 1 other 0.40;"
    assert named in finding.summary
    assert f"session {PID} (target), session 900 (hog)" in finding.advice
    assert {reason.rule for reason in finding.ruled_out} == {"cpu-saturated", "cpu-quota", "cpu-affinity"}


def test_within_one_session_nice_is_what_counts() -> None:
    hogs = tuple(Other(900 + at, 0.4, session=PID, nice=0) for at in range(4))
    advice = diagnose(tasks=wanting(1, 0.4, 0.6), busy=FULL, others=hogs).findings[0].advice
    assert "in the target's session" in advice


@pytest.mark.parametrize(
    ("threads", "run", "others", "expected"),
    [
        (2, 0.66, 0.68, "neighbour-cpu"),  # alone both threads would have a CPU each
        (3, 0.5, 0.5, "cpu-saturated"),  # alone it would get 2 of 3: its own excess is the larger factor
        (4, 0.1, 1.6, "neighbour-cpu"),  # gets 0.4 of the 2 it would have alone
        (4, 0.45, 0.2, "cpu-saturated"),
    ],
)
def test_the_larger_part_of_the_slowdown_gets_the_blame(threads: int, run: float, others: float, expected: str) -> None:
    diagnosis = diagnose(tasks=wanting(threads, run, 1 - run), busy=FULL, others=(Other(900, others),))
    assert label(diagnosis) == expected


def test_saturation_follows_its_cause() -> None:
    diagnosis = diagnose(tasks=wanting(4, 0.1, 0.9), busy=FULL, others=HOGS)
    assert [finding.rule for finding in diagnosis.findings] == ["neighbour-cpu", "cpu-saturated"]


def test_a_nearly_idle_target_on_a_full_host_is_not_limited() -> None:
    assert label(diagnose(tasks=wanting(1, 0.02, 0.03), busy=FULL, others=HOGS)) == "healthy"


def test_an_idle_target_on_a_full_host_is_idle() -> None:
    assert label(diagnose(tasks=(Task(),), busy=FULL, others=HOGS)) == "idle"


def test_a_target_that_gets_what_it_asks_for_is_not_limited() -> None:
    assert label(diagnose(tasks=wanting(1, 0.5, 0.03), busy=FULL, others=(Other(900, 1.5),))) == "healthy"


def test_it_clears_lower_than_it_fires() -> None:
    view = window(tasks=wanting(1, 0.84, 0.16), busy=FULL, others=(Other(900, 1.16),))
    assert label(classify(view)) == "cpu-one-core"
    assert label(classify(view, frozenset({"neighbour-cpu"}))) == "neighbour-cpu"


def test_without_schedstat_it_is_unknown() -> None:
    diagnosis = diagnose(missing={"threads": ("hidden", "be root")}, busy=FULL)
    assert "neighbour-cpu" in {entry.rule for entry in diagnosis.unknown}
    assert all(entry.reason for entry in diagnosis.unknown)


def test_delay_in_one_part_only_is_no_bottleneck() -> None:
    view = window(tasks=wanting(1, 0.4, 0.6), busy=FULL, others=HOGS, only_from=7)
    assert label(classify(view)) != "neighbour-cpu"


def test_nobody_is_credited_with_what_short_lived_processes_use() -> None:
    finding = diagnose(tasks=wanting(1, 0.4, 0.6), busy=FULL, others=(Other(900, 0.3),)).findings[0]
    assert "hog (PID 900) uses 0.30 CPUs, short-lived or smaller processes 1.30;" in finding.summary
    assert finding.blame is not None
    assert (finding.blame.pid, finding.blame.process) == (None, "short-lived or smaller processes")
    nobody = diagnose(tasks=wanting(1, 0.4, 0.6), busy=FULL).findings[0]
    assert "short-lived or smaller processes use 1.60 CPUs;" in nobody.summary


def test_bursts_of_others_leave_gaps_and_hurt_all_the_same() -> None:
    gaps, hogs = (0.76, 0.76), (Other(900, 1.1),)
    assert label(diagnose(tasks=wanting(1, 0.4, 0.5), busy=gaps, others=hogs, cpu_pressure=0.55)) == "neighbour-cpu"
    assert label(diagnose(tasks=wanting(1, 0.4, 0.5), busy=gaps, others=hogs, cpu_pressure=0.1)) == "healthy"
