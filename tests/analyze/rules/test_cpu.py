"""All CPUs, one CPU, a quota, a mask."""

import pytest

from perftui.analyze.classify import classify
from perftui.model.profile import StackProfile
from tests.analyze.build import PID, Other, Task, diagnose, frame, host_window, label, profile, window

HOT = frame("parse", line=31)


def spinners(count: int, run: float, delay: float, **more: object) -> tuple[Task, ...]:
    return tuple(Task(tid=PID + at, run=run, delay=delay, slices=50, name=f"w{at}") for at in range(count))


def stacks(tid: int = PID) -> StackProfile:
    return profile([(tid, (frame("main"), HOT), 900, 880.0)])


# cpu-saturated


def test_four_spinners_on_two_cpus_saturate_them() -> None:
    diagnosis = diagnose(tasks=spinners(4, 0.49, 0.5), busy=(1.0, 1.0))
    assert label(diagnosis) == "cpu-saturated"
    finding = diagnosis.findings[0]
    assert finding.severity == "critical"
    assert {reason.rule for reason in finding.ruled_out} >= {"cpu-one-core", "neighbour-cpu", "cpu-quota"}
    assert "falls below" in finding.flips_if


def test_a_tree_of_processes_saturates_as_well() -> None:
    tasks = tuple(Task(pid=pid, tid=pid, run=0.49, delay=0.5) for pid in (PID, 101, 102, 103))
    assert label(diagnose(tasks=tasks, busy=(1.0, 1.0))) == "cpu-saturated"


def test_as_many_threads_as_cpus_saturate_without_any_delay() -> None:
    assert label(diagnose(tasks=spinners(2, 0.98, 0.01), busy=(1.0, 1.0))) == "cpu-saturated"


def test_two_busy_threads_of_four_cpus_do_not() -> None:
    assert label(diagnose(tasks=spinners(2, 0.98, 0.01), busy=(1.0, 1.0, 0.0, 0.0))) == "healthy"


def test_many_short_bursts_saturate_cpus_that_are_never_quite_busy() -> None:
    """Four database sessions on two CPUs: each waits half of its runnable time, and there are gaps."""
    sessions = tuple(Task(pid=pid, tid=pid, run=0.27, delay=0.31, slices=900) for pid in (PID, 101, 102, 103))
    diagnosis = diagnose(tasks=sessions, busy=(0.76, 0.76), others=(Other(900, 0.3),), cpu_pressure=0.55)
    assert label(diagnosis) == "cpu-saturated"
    assert label(diagnose(tasks=sessions, busy=(0.76, 0.76), others=(Other(900, 0.3),), cpu_pressure=0.1)) == "healthy"


def test_waiting_alone_changes_no_label_of_a_target_that_asks_for_little() -> None:
    server = tuple(Task(tid=PID + at, run=0.15, delay=0.02, slices=200) for at in range(4))
    assert label(diagnose(tasks=server, busy=(0.7, 0.7), cpu_pressure=0.5, others=(Other(900, 0.8),))) == "healthy"
    assert label(diagnose(tasks=(Task(),), busy=(0.7, 0.7), cpu_pressure=0.9)) == "idle"
    assert label(diagnose(tasks=spinners(1, 0.97, 0.03), busy=(0.99, 0.4), cpu_pressure=0.5)) == "cpu-one-core"


def test_a_busy_host_without_a_target_is_saturated() -> None:
    hogs = tuple(Other(900 + at, cores, name="cc1") for at, cores in enumerate((0.9, 0.6, 0.2)))
    diagnosis = classify(host_window((1.0, 1.0), 0.9, others=hogs))
    assert label(diagnosis) == "cpu-saturated"
    assert diagnosis.unknown == ()
    finding = diagnosis.findings[0]
    assert finding.severity == "critical"
    assert {entry.source for entry in finding.evidence} == {"/proc/pressure/cpu", "/proc/stat, /proc/pressure/cpu"}
    assert "cc1 (PID 900) uses 0.90 CPUs, cc1 (PID 901) 0.60, cc1 (PID 902) 0.20" in finding.summary
    assert finding.blame is not None
    assert finding.blame.pid == 900


def test_a_well_used_host_on_which_nothing_waits_is_not_limited() -> None:
    assert label(classify(host_window((0.99, 0.99), 0.03))) == "healthy"
    assert classify(host_window((0.99, 0.99), 0.3)).findings[0].severity == "warning"


def test_stacks_of_a_process_that_uses_little_blame_no_function() -> None:
    tree = (*spinners(1, 0.1, 0.0), *(Task(pid=pid, tid=pid, run=0.6, delay=0.3) for pid in (200, 201, 202)))
    finding = diagnose(tasks=tree, busy=(1.0, 1.0), profile=stacks()).findings[0]
    assert finding.rule == "cpu-saturated"
    assert finding.blame is not None
    assert finding.blame.function is None
    assert f"(stacks are of PID {PID} only)" in finding.summary
    mine = diagnose(tasks=spinners(4, 0.49, 0.5), busy=(1.0, 1.0), profile=stacks()).findings[0]
    assert "most of it in parse (app.py:31)" in mine.summary


def test_a_calm_host_without_a_target_is_not() -> None:
    assert label(classify(host_window((0.3, 0.2), 0.1))) == "healthy"
    assert label(classify(host_window((0.01, 0.01), 0.0))) == "idle"


# cpu-one-core


def test_a_spinner_uses_one_core() -> None:
    diagnosis = diagnose(tasks=spinners(1, 0.99, 0.0), busy=(0.99, 0.05), profile=stacks())
    assert label(diagnosis) == "cpu-one-core"
    blame = diagnosis.findings[0].blame
    assert blame is not None
    assert (blame.function, blame.line, blame.tid) == ("parse", 31, PID)


def test_one_core_says_what_the_thread_asks_for_and_what_it_gets() -> None:
    finding = diagnose(tasks=spinners(1, 0.84, 0.16), busy=(0.9, 0.2)).findings[0]
    assert finding.rule == "cpu-one-core"
    assert "asks for 1.00 CPUs and gets 0.84; the rest of the target is idle" in finding.summary
    alone = diagnose(tasks=spinners(1, 0.99, 0.0), busy=(0.99, 0.0)).findings[0]
    assert "uses 0.99 CPUs; the rest" in alone.summary
    beside = diagnose(tasks=(*spinners(1, 0.99, 0.0), Task(tid=200, run=0.4)), busy=(0.99, 0.4)).findings[0]
    assert "; the next thread (worker) uses 0.40 CPUs" in beside.summary


def test_evidence_tells_on_which_side_it_fires() -> None:
    finding = diagnose(tasks=spinners(1, 0.99, 0.0), busy=(0.99, 0.05)).findings[0]
    sides = {entry.metric: entry.direction for entry in finding.evidence}
    assert (sides["top_thread_cores"], sides["second_thread_cores"]) == (">=", "<=")


def test_a_native_spinner_without_stacks_does_too() -> None:
    diagnosis = diagnose(tasks=spinners(1, 0.99, 0.0), busy=(0.99, 0.05), interpreter="")
    assert label(diagnosis) == "cpu-one-core"
    assert diagnosis.findings[0].blame is not None
    assert diagnosis.unknown == ()


def test_one_busy_thread_among_idle_ones_is_one_core() -> None:
    tasks = (*spinners(1, 0.97, 0.02), Task(tid=200, run=0.05, slices=20), Task(tid=201))
    assert label(diagnose(tasks=tasks, busy=(1.0, 0.1))) == "cpu-one-core"


@pytest.mark.parametrize("run", [0.7, 0.85])
def test_a_thread_with_time_to_spare_is_not(run: float) -> None:
    assert label(diagnose(tasks=spinners(1, run, 0.0), busy=(run, 0.0))) == "healthy"


def test_it_clears_lower_than_it_fires() -> None:
    view = window(tasks=spinners(1, 0.85, 0.0), busy=(0.85, 0.0))
    assert label(classify(view)) == "healthy"
    assert label(classify(view, frozenset({"cpu-one-core"}))) == "cpu-one-core"


def test_a_pinned_single_thread_is_limited_by_itself_and_not_by_its_mask() -> None:
    assert label(diagnose(tasks=spinners(1, 0.99, 0.0), busy=(0.99, 0.0), allowed="0")) == "cpu-one-core"


# cpu-quota


def test_a_throttled_group_is_limited_by_its_quota() -> None:
    diagnosis = diagnose(tasks=spinners(1, 0.2, 0.78), busy=(0.2, 0.0), quota_cores=0.2, throttled=1.0)
    assert label(diagnosis) == "cpu-quota"
    assert diagnosis.findings[0].blame is not None
    assert diagnosis.findings[0].blame.cgroup == "/app"


def test_the_quota_comes_before_saturation() -> None:
    diagnosis = diagnose(tasks=spinners(4, 0.25, 0.7), busy=(1.0, 1.0), quota_cores=1.0, throttled=0.9)
    assert label(diagnosis) == "cpu-quota"


def test_a_quota_that_another_member_uses_up_is_not_the_limit() -> None:
    assert label(diagnose(tasks=spinners(1, 0.05, 0.0), busy=(1.0, 0.0), quota_cores=1.0, throttled=0.9)) == "healthy"


def test_a_quota_that_is_never_reached_is_not() -> None:
    assert label(diagnose(tasks=spinners(1, 0.3, 0.0), busy=(0.3, 0.0), quota_cores=1.0)) == "healthy"


def test_without_the_cgroup_files_it_is_unknown_with_the_reason() -> None:
    diagnosis = diagnose(tasks=spinners(1, 0.2, 0.7), missing={"cgroup": ("no cgroups here", "mount them")})
    unknown = next(entry for entry in diagnosis.unknown if entry.rule == "cpu-quota")
    assert (unknown.reason, unknown.remedy) == ("no cgroups here", "mount them")


# cpu-affinity


def test_four_threads_pinned_to_one_of_two_cpus() -> None:
    diagnosis = diagnose(tasks=spinners(4, 0.245, 0.75), busy=(1.0, 0.1), allowed="0")
    assert label(diagnosis) == "cpu-affinity"
    assert [finding.rule for finding in diagnosis.findings] == ["cpu-affinity", "cpu-saturated"]


def test_a_mask_on_a_host_that_is_full_everywhere_is_not_the_limit() -> None:
    others = (Other(900, 1.0),)
    assert (
        label(diagnose(tasks=spinners(4, 0.245, 0.75), busy=(1.0, 1.0), allowed="0", others=others)) == "cpu-saturated"
    )


def test_pinned_beside_a_neighbour_with_a_free_cpu_next_to_it() -> None:
    diagnosis = diagnose(tasks=spinners(1, 0.5, 0.5), busy=(1.0, 0.0), allowed="0", others=(Other(900, 0.5),))
    assert label(diagnosis) == "cpu-affinity"
    assert diagnosis.runner_up is not None
    assert diagnosis.runner_up.rule == "neighbour-cpu"
