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


def test_a_busy_host_without_a_target_is_saturated() -> None:
    diagnosis = classify(host_window((1.0, 1.0), 0.9))
    assert label(diagnosis) == "cpu-saturated"
    assert diagnosis.unknown == ()


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
