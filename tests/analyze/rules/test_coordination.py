"""The interpreter lock, an application's lock, event loops."""

import pytest

from perftui.analyze.classify import classify
from perftui.model.profile import Frame, ProfileStatus, StackProfile
from tests.analyze.build import (
    FSYNC,
    LOOP,
    MUTEX_OP,
    PID,
    READ,
    RECV,
    SELECT,
    SHARED_OP,
    STDLIB,
    Look,
    Other,
    Task,
    asleep,
    diagnose,
    frame,
    gil,
    label,
    lock,
    profile,
    running,
    window,
)

WITH_LOCK, HELD = frame("book", line=15), frame("book", line=16)
POOL_WORKER = frame("_worker", f"{STDLIB}/concurrent/futures/thread.py", 81)
BUSY_TWO = (0.9, 0.1)


def team(count: int, run: float, *looks: Look, slices: float = 20, delay: float = 0.0) -> tuple[Task, ...]:
    return tuple(Task(tid=PID + 1 + at, run=run, delay=delay, slices=slices, looks=looks) for at in range(count))


def in_stack(tasks: tuple[Task, ...], *stacks: tuple[tuple[Frame, ...], int, float]) -> StackProfile:
    return profile([(task.tid, stack, looks, on_cpu) for task in tasks for stack, looks, on_cpu in stacks])


# coord-gil


def test_four_python_spinners_wait_for_the_gil() -> None:
    tasks = team(4, 0.24, running(0.3), gil(0.7), slices=50)
    diagnosis = diagnose(tasks=tasks, busy=BUSY_TWO, profile=in_stack(tasks, ((frame("parse"),), 900, 220.0)))
    assert label(diagnosis) == "coord-gil"
    blame = diagnosis.findings[0].blame
    assert blame is not None
    assert blame.function == "parse"


def test_the_gil_comes_before_the_core_it_fills() -> None:
    tasks = (Task(tid=PID, run=0.95, looks=(running(1.0),)), *team(3, 0.01, gil(0.9), asleep(0.1)))
    diagnosis = diagnose(tasks=tasks, busy=(1.0, 0.0))
    assert [finding.rule for finding in diagnosis.findings] == ["coord-gil", "cpu-one-core"]


def test_on_a_host_with_some_noise_it_is_still_the_gil() -> None:
    tasks = team(4, 0.18, running(0.4), gil(0.6), slices=50, delay=0.2)
    assert label(diagnose(tasks=tasks, busy=(0.95, 0.95), others=(Other(900, 1.1),))) == "coord-gil"


def test_a_few_waits_in_many_threads_are_no_contention() -> None:
    tasks = team(40, 0.02, gil(0.006), asleep(0.994))
    assert label(diagnose(tasks=tasks, busy=(0.8, 0.0))) == "healthy"


def test_timed_waits_on_the_heap_are_not_the_gil() -> None:
    waits = Look(0.9, syscall=202, op=0x89, timed=True, address=0x5000, region="heap")
    assert label(diagnose(tasks=team(4, 0.02, waits), busy=BUSY_TWO)) == "healthy"


def test_without_a_look_at_the_waits_coordination_is_unknown_with_the_remedy() -> None:
    diagnosis = diagnose(tasks=team(2, 0.1), missing={"waits": ("no ptrace right", "run as root")})
    unknown = {entry.rule: entry for entry in diagnosis.unknown}
    for rule in ("coord-gil", "coord-lock", "coord-loop-cpu", "coord-loop-sync", "io-sync-latency"):
        assert (unknown[rule].reason, unknown[rule].remedy) == ("no ptrace right", "run as root")
    assert "cpu-one-core" not in unknown


def test_on_an_unknown_machine_the_numbers_mean_nothing() -> None:
    diagnosis = diagnose(tasks=team(4, 0.24, gil(0.7)), busy=BUSY_TWO, machine="riscv64")
    assert "coord-gil" in {entry.rule for entry in diagnosis.unknown}


# coord-lock


def test_a_lock_held_across_a_sleep() -> None:
    tasks = team(8, 0.001, lock(0.875), asleep(0.125))
    stacks = in_stack(tasks, ((WITH_LOCK,), 790, 0.0), ((HELD,), 110, 0.0))
    diagnosis = diagnose(tasks=tasks, profile=stacks)
    assert label(diagnosis) == "coord-lock"
    blame = diagnosis.findings[0].blame
    assert blame is not None
    assert (blame.function, blame.line) == ("book", 16)
    assert "app.py:15" in diagnosis.findings[0].summary


def test_a_lock_held_across_a_computation_comes_before_the_gil_and_the_core() -> None:
    tasks = team(8, 0.12, running(0.12), lock(0.6), gil(0.28))
    stacks = in_stack(tasks, ((WITH_LOCK,), 780, 0.0), ((HELD, frame("add", line=40)), 120, 120.0))
    diagnosis = diagnose(tasks=tasks, busy=(0.96, 0.0), profile=stacks)
    assert [finding.rule for finding in diagnosis.findings][:2] == ["coord-lock", "coord-gil"]


def starved(run: float) -> tuple[tuple[Task, ...], StackProfile]:
    """Seven threads that never get the lock, and one that takes it again each time."""
    waiters = team(7, run, lock(1.0), slices=8)
    holder = Task(tid=PID, run=0.98, slices=60, looks=(running(1.0),))
    rows: list[tuple[int, tuple[Frame, ...], int, float]] = [(task.tid, (WITH_LOCK,), 900, 0.0) for task in waiters]
    rows.append((PID, (HELD, frame("add", line=40)), 900, 880.0))
    return (holder, *waiters), profile(rows)


def test_a_lock_whose_holder_takes_it_again_each_time() -> None:
    """Recorded: Python's lock is not fair, and a holder that computes can keep it for ten seconds and more."""
    tasks, stacks = starved(run=0.00026)
    diagnosis = diagnose(tasks=tasks, busy=(1.0, 0.0), profile=stacks)
    assert label(diagnosis) == "coord-lock"
    blame = diagnosis.findings[0].blame
    assert blame is not None
    assert blame.function in ("book", "add")
    assert "7.0 of 8 threads" in diagnosis.findings[0].summary


def test_a_worker_that_computes_while_the_others_do_small_jobs_holds_no_lock() -> None:
    """A pool of the application's own: they sleep in the function that the busy one is in."""
    tasks, stacks = starved(run=0.008)
    assert label(diagnose(tasks=tasks, busy=(1.0, 0.0), profile=stacks)) == "cpu-one-core"


def test_short_waits_at_a_pools_queue_among_long_ones_for_the_gil() -> None:
    tasks = team(8, 0.125, running(0.2), gil(0.66), lock(0.14), slices=200)
    stacks = in_stack(tasks, ((frame("round_trip"),), 900, 110.0))
    assert label(diagnose(tasks=tasks, busy=(1.0, 0.1), profile=stacks)) == "coord-gil"


def test_two_threads_that_take_turns() -> None:
    tasks = team(2, 0.01, lock(0.5), asleep(0.5))
    assert label(diagnose(tasks=tasks, profile=in_stack(tasks, ((WITH_LOCK,), 900, 0.0)))) == "coord-lock"


def test_an_idle_pool_stands_still() -> None:
    assert label(diagnose(tasks=team(8, 0.0, lock(1.0), slices=0))) == "idle"


def test_a_lightly_used_pool_has_nobody_outside() -> None:
    assert label(diagnose(tasks=team(8, 0.005, lock(0.98), running(0.02)))) == "healthy"


def test_a_busy_pool_shows_in_its_stacks() -> None:
    tasks = team(8, 0.02, lock(0.6), asleep(0.4, RECV))
    stacks = in_stack(tasks, ((POOL_WORKER,), 540, 0.0), ((frame("fetch"),), 360, 0.0))
    assert label(diagnose(tasks=tasks, profile=stacks)) == "healthy"


def test_consumers_of_a_bare_queue_are_no_lock() -> None:
    tasks = team(6, 0.01, lock(0.5), asleep(0.5))
    assert label(diagnose(tasks=tasks, profile=in_stack(tasks, ((frame("consume"),), 900, 0.0)))) == "healthy"


def test_a_lock_whose_threads_do_other_things_too() -> None:
    tasks = team(16, 0.01, lock(0.875), asleep(0.125))
    assert label(diagnose(tasks=tasks, profile=in_stack(tasks, ((WITH_LOCK,), 900, 0.0)))) == "coord-lock"


def test_a_lock_among_pool_workers_that_also_wait_for_work() -> None:
    tasks = team(8, 0.001, lock(0.65), lock(0.22, address=0x6000), asleep(0.13))
    stacks = in_stack(tasks, ((POOL_WORKER, WITH_LOCK), 650, 0.0), ((POOL_WORKER,), 220, 0.0))
    assert label(diagnose(tasks=tasks, profile=stacks)) == "coord-lock"


def test_a_busy_pool_without_stacks_cannot_be_told_from_a_lock() -> None:
    status = ProfileStatus(state="off", reason="profiling is off", remedy="press p")
    diagnosis = diagnose(tasks=team(8, 0.02, lock(0.6), asleep(0.4, RECV)), profile_status=status)
    unknown = next(entry for entry in diagnosis.unknown if entry.rule == "coord-lock")
    assert (unknown.reason, unknown.remedy) == ("profiling is off", "press p")


def test_a_lock_between_processes() -> None:
    tasks = tuple(
        Task(
            pid=PID + at,
            tid=PID + at,
            run=0.2,
            slices=20,
            looks=(lock(0.75, op=SHARED_OP, region="shared"), running(0.25)),
        )
        for at in range(4)
    )
    diagnosis = diagnose(tasks=tasks, busy=BUSY_TWO)
    assert label(diagnosis) == "coord-lock"
    assert "between processes" in diagnosis.findings[0].summary


def test_processes_that_take_turns_at_a_pipe_wait_for_work() -> None:
    looks = (lock(0.75, op=SHARED_OP, region="shared"), asleep(0.22, READ), running(0.03))
    tasks = tuple(Task(pid=PID + at, tid=PID + at, run=0.03, slices=20, looks=looks) for at in range(4))
    assert label(diagnose(tasks=tasks)) == "healthy"


def test_a_contended_mutex_of_a_c_program() -> None:
    tasks = team(4, 0.24, running(0.25), lock(0.75, op=MUTEX_OP, region="file"))
    assert label(diagnose(tasks=tasks, interpreter="", busy=BUSY_TWO)) == "coord-lock"


def test_condition_variables_of_a_c_program_are_waits_for_work() -> None:
    tasks = team(4, 0.2, running(0.25), lock(0.75, region="file"))
    assert label(diagnose(tasks=tasks, interpreter="", busy=(0.8, 0.0))) == "healthy"


def test_waits_on_addresses_of_their_own_share_no_lock() -> None:
    tasks = tuple(
        Task(tid=PID + at, run=0.02, slices=20, looks=(lock(0.9, address=0x5000 + 64 * at), running(0.1)))
        for at in range(6)
    )
    assert label(diagnose(tasks=tasks)) == "healthy"


# event loops


def loop_task(run: float, *looks: Look, event: float, away: float, slices: float = 10, delay: float = 0.0) -> Task:
    return Task(tid=PID, run=run, delay=delay, slices=slices, looks=looks, event=event, away=away)


def loop_stacks(selecting: float, callback: float, *, name: str = "crunch", idle: int = 0) -> StackProfile:
    """On-CPU looks in the selector and in a callback, and idle looks in the selector."""
    rows = [(PID, SELECT, int(selecting) + idle, selecting)]
    rows.append((PID, (*LOOP, frame(name, line=12)), int(callback), callback))
    return profile(rows)


def test_a_callback_that_computes_blocks_the_loop() -> None:
    task = loop_task(0.95, running(0.96), asleep(0.04, 232), event=0.04, away=0.95)
    diagnosis = diagnose(tasks=(task,), busy=(0.97, 0.0), profile=loop_stacks(0, 850))
    assert [finding.rule for finding in diagnosis.findings] == ["coord-loop-cpu", "cpu-one-core"]
    blame = diagnosis.findings[0].blame
    assert blame is not None
    assert (blame.function, blame.line) == ("crunch", 12)


def test_a_loop_full_of_short_callbacks_is_one_core() -> None:
    task = loop_task(0.98, running(1.0), event=0.0, away=1.0, slices=60)
    assert label(diagnose(tasks=(task,), busy=(1.0, 0.0), profile=loop_stacks(60, 820))) == "cpu-one-core"


def test_a_loop_that_is_busy_with_short_callbacks_is_healthy() -> None:
    task = loop_task(0.7, running(0.7), asleep(0.3, 232), event=0.3, away=0.4, slices=900)
    assert label(diagnose(tasks=(task,), busy=(0.7, 0.0), profile=loop_stacks(40, 590, idle=270))) == "healthy"


def test_a_callback_that_sleeps_blocks_the_loop() -> None:
    task = loop_task(0.01, asleep(0.94), asleep(0.06, 232), event=0.06, away=0.94)
    stacks = profile([(PID, SELECT, 50, 0.0), (PID, (*LOOP, frame("poll_queue", line=20)), 850, 5.0)])
    diagnosis = diagnose(tasks=(task,), profile=stacks)
    assert label(diagnosis) == "coord-loop-sync"
    finding = diagnosis.findings[0]
    assert "nanosleep" in finding.summary
    assert finding.blame is not None
    assert finding.blame.function == "poll_queue"


def test_a_loop_that_syncs_is_named_before_the_disk() -> None:
    task = loop_task(0.05, asleep(0.8, FSYNC, state="D"), asleep(0.2, 232), event=0.2, away=0.5)
    diagnosis = diagnose(tasks=(task,), profile=loop_stacks(0, 800))
    assert [finding.rule for finding in diagnosis.findings] == ["coord-loop-sync", "io-sync-latency"]


def test_a_loop_that_waits_for_the_gil_is_not_blamed() -> None:
    task = loop_task(0.3, running(0.3), gil(0.7), event=0.0, away=0.9)
    others = team(2, 0.35, running(0.4), gil(0.6))
    assert label(diagnose(tasks=(task, *others), busy=(1.0, 0.0), profile=loop_stacks(0, 800))) == "coord-gil"


def test_a_lightly_loaded_loop_is_healthy() -> None:
    task = loop_task(0.03, running(0.05), asleep(0.95, 232), event=0.95, away=0.0, slices=100)
    assert label(diagnose(tasks=(task,), profile=loop_stacks(5, 30, idle=800))) == "healthy"


def test_a_thread_without_a_loop_may_sleep() -> None:
    task = loop_task(0.05, asleep(0.94), running(0.06), event=0.0, away=1.0, slices=40)
    assert label(diagnose(tasks=(task,), profile=profile([(PID, (frame("main"),), 900, 40.0)]))) == "healthy"


def test_without_stacks_loops_are_unknown() -> None:
    status = ProfileStatus(state="unavailable", reason="py-spy is missing", remedy="install it")
    diagnosis = diagnose(tasks=(loop_task(0.9, running(1.0), event=0.0, away=1.0),), profile_status=status)
    unknown = {entry.rule: entry for entry in diagnosis.unknown}
    assert unknown["coord-loop-cpu"].remedy == "install it"
    assert unknown["coord-loop-sync"].reason == "py-spy is missing"


def test_before_the_first_stacks_it_says_so() -> None:
    diagnosis = diagnose(tasks=(Task(),))
    assert "yet" in next(entry for entry in diagnosis.unknown if entry.rule == "coord-loop-cpu").reason


@pytest.mark.parametrize("rule", ["coord-loop-cpu", "coord-loop-sync"])
def test_a_loop_clears_lower_than_it_fires(rule: str) -> None:
    cpu = rule == "coord-loop-cpu"
    looks = (running(0.08), asleep(0.92, 232)) if cpu else (asleep(0.08), asleep(0.92, 232))
    task = loop_task(0.08 if cpu else 0.005, *looks, event=0.92, away=0.08, slices=3)
    view = window(tasks=(task,), profile=loop_stacks(0, 70, idle=800))
    assert label(classify(view)) != rule
    assert label(classify(view, frozenset({rule}))) == rule
