"""Samples in, answers out."""

import math

import msgspec
import pytest

from perftui.model.catalogue import SUMMED_UP
from perftui.model.profile import Frame, Mode, ProfileStatus, StackProfile, StackRow
from perftui.model.sample import CpuSection, MemorySection, Sample
from perftui.model.table import Table
from perftui.model.target import HOST
from perftui.model.update import OwnCost
from perftui.session.options import SessionOptions
from perftui.session.pipeline import HISTORY_POINTS, JUDGED_THREADS, MAX_SAMPLES, SUMMARY_TICKS, Pipeline
from tests.tui.fixtures import build_sample

COST = OwnCost(cpu_pct=1.0, rss_bytes=1)


def sample(second: int, busy_ticks: int) -> Sample:
    now = 1_000_000_000 * (second + 1)
    columns = ("cpu", "user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
    row = (busy_ticks, 0, 0, 100 * (second + 1) - busy_ticks, 0, 0, 0, 0)
    ticks = Table.of({name: [value, value] for name, value in zip(columns[1:], row, strict=True)} | {"cpu": [-1, 0]})
    return Sample(
        monotonic_ns=now,
        wall_ns=now,
        boot_id="boot",
        target=HOST,
        cpu=CpuSection(
            monotonic_ns=now,
            ticks=ticks,
            ticks_per_second=100,
            context_switches_total=0,
            forks_total=0,
            running=1,
            blocked=0,
            load1=0.0,
            load5=0.0,
            load15=0.0,
        ),
        memory=MemorySection(
            monotonic_ns=now,
            total_bytes=100,
            available_bytes=75,
            free_bytes=50,
            buffers_bytes=0,
            cached_bytes=25,
            dirty_bytes=0,
            writeback_bytes=0,
            swap_total_bytes=0,
            swap_free_bytes=0,
            swap_in_pages_total=0,
            swap_out_pages_total=0,
            major_faults_total=0,
            oom_kills_total=0,
        ),
    )


def profile(second: int, mode: Mode = "nonblocking") -> StackProfile:
    now = 1_000_000_000 * (second + 1)
    return StackProfile(
        sampler="test",
        rate_hz=1,
        started_ns=now - 1_000_000_000,
        ended_ns=now,
        covered_ns=1_000_000_000,
        attempts=1,
        frames=(Frame(function="main"),),
        stacks=((0,),),
        rows=(StackRow(pid=1, tid=1, stack=0, samples=1, on_cpu=1.0),),
        mode=mode,
    )


def test_nothing_is_said_before_the_second_sample() -> None:
    pipeline = Pipeline(SessionOptions())
    pipeline.feed(sample(0, 0))
    assert pipeline.interval is None
    assert pipeline.diagnosis is None


def test_rates_come_from_neighbouring_samples_and_the_window_from_the_ends() -> None:
    pipeline = Pipeline(SessionOptions(window_seconds=3.0))
    for second in range(10):
        pipeline.feed(sample(second, 50 * second))
    assert pipeline.interval is not None
    assert pipeline.interval.seconds == 1.0
    assert pipeline.window is not None
    assert pipeline.window.whole.seconds == 3.0
    assert pipeline.history()["cpu"] == (0.5,) * 9
    assert pipeline.history()["memory"] == (0.25,) * 9
    assert "swap" not in pipeline.history()


def test_a_long_window_is_thinned_but_keeps_its_ends() -> None:
    pipeline = Pipeline(SessionOptions(window_seconds=600))
    for second in range(400):
        pipeline.feed(sample(second, second), [profile(second)])
        assert pipeline.interval is None or pipeline.interval.seconds == 1.0
    assert pipeline.window is not None
    assert len(pipeline.window.samples) <= MAX_SAMPLES
    assert pipeline.window.whole.seconds == 399.0
    assert pipeline.profile is not None
    assert pipeline.profile.samples == 400
    assert len(pipeline.history()["cpu"]) == HISTORY_POINTS


def test_two_windows_become_one_only_where_they_are_of_one_process() -> None:
    pipeline = Pipeline(SessionOptions(window_seconds=400.0))
    for second in range(MAX_SAMPLES):
        asleep = msgspec.structs.replace(profile(second, "perf"), rows=())
        both = [msgspec.structs.replace(asleep, pid=pid) for pid in (1, 2)]
        pipeline.feed(sample(second, second), both)
    assert pipeline.profile is not None
    assert {part.pid: part.looks for part in pipeline.profile.parts} == {1: MAX_SAMPLES, 2: MAX_SAMPLES}


def test_windows_of_different_modes_are_never_merged() -> None:
    pipeline = Pipeline(SessionOptions(window_seconds=5.0))
    for second in range(4):
        pipeline.feed(sample(second, second), [profile(second), profile(second, "gil")])
    assert pipeline.profile is not None
    assert pipeline.gil_profile is not None
    assert (pipeline.profile.mode, pipeline.profile.samples) == ("nonblocking", 4)
    assert (pipeline.gil_profile.mode, pipeline.gil_profile.samples) == ("gil", 4)

    pipeline.feed(sample(4, 4), [profile(4, "exact")])
    assert (pipeline.profile.mode, pipeline.profile.samples) == ("exact", 1)
    update = pipeline.update(sample(4, 4), COST)
    assert update.gil_profile is not None
    assert update.gil_profile.samples == 4

    pipeline.start_afresh()
    assert pipeline.gil_profile is None


def test_a_switch_of_mode_ends_the_windows_of_that_process_alone() -> None:
    def window(second: int, pid: int, mode: Mode) -> StackProfile:
        row = StackRow(pid=pid, tid=pid, stack=0, samples=1, on_cpu=1.0)
        return msgspec.structs.replace(profile(second, mode), pid=pid, rows=(row,))

    def looks() -> dict[int, int]:
        return {part.pid: part.looks for part in pipeline.profile.parts} if pipeline.profile else {}

    pipeline = Pipeline(SessionOptions(window_seconds=9.0))
    for second in range(4):
        tree = [window(second, 1, "nonblocking"), window(second, 2, "perf"), window(second, 3, "nonblocking")]
        pipeline.feed(sample(second, second), tree)
    assert looks() == {1: 4, 2: 4, 3: 4}
    pipeline.feed(sample(4, 4), [window(4, 1, "exact"), window(4, 2, "perf"), window(4, 3, "nonblocking")])
    assert looks() == {1: 1, 2: 5, 3: 5}
    pipeline.feed(sample(5, 5), [window(5, 1, "exact"), window(5, 2, "nonblocking")])
    assert looks() == {1: 2, 2: 6, 3: 5}


def test_a_fresh_start_judges_only_what_comes_after() -> None:
    pipeline = Pipeline(SessionOptions())
    for second in range(6):
        pipeline.feed(sample(second, 90 * second), [profile(second)])
    pipeline.start_afresh()
    pipeline.feed(sample(6, 90 * 5), [profile(6)])
    first = (pipeline.window, pipeline.diagnosis, pipeline.profile)
    assert first == (None, None, None)
    pipeline.feed(sample(7, 90 * 5), [profile(7)])
    assert pipeline.window is not None
    assert pipeline.window.whole.seconds == 1.0
    assert pipeline.window.whole.cpu is not None
    assert pipeline.window.whole.cpu.total.busy_ratio == 0.0
    assert pipeline.profile is not None
    assert pipeline.profile.samples == 1


@pytest.mark.parametrize(("threads", "ticks"), [(9, [1, 2, 3, 5, 7, 9, 11]), (2 * JUDGED_THREADS, [1, 2, 3, 9])])
def test_the_more_threads_the_rarer_the_verdict_once_the_window_is_full(threads: int, ticks: list[int]) -> None:
    pipeline = Pipeline(SessionOptions(window_seconds=3.0))
    judged = []
    for tick in range(13):
        before = pipeline.diagnosis
        pipeline.feed(build_sample(tick, processes=10, threads=threads))
        if pipeline.diagnosis is not before:
            judged.append(tick)
    assert judged == ticks


def test_a_recorded_session_gives_the_same_answers() -> None:
    live, replayed = Pipeline(SessionOptions()), Pipeline(SessionOptions())
    for second in range(5):
        taken = sample(second, 30 * second)
        live.feed(taken)
        replayed.feed(msgspec.msgpack.decode(msgspec.msgpack.encode(taken), type=Sample))
    assert live.diagnosis == replayed.diagnosis
    assert live.history() == replayed.history()


def test_the_past_that_leads_up_to_a_moment_is_not_judged() -> None:
    pipeline = Pipeline(SessionOptions())
    for second in range(5):
        pipeline.feed(sample(second, 30 * second), judge=False)
    assert pipeline.diagnosis is None
    assert len(pipeline.history()["cpu"]) == 4
    pipeline.feed(sample(5, 150))
    assert pipeline.diagnosis is not None


def test_an_update_carries_the_sampler_state_of_its_sample() -> None:
    pipeline = Pipeline(SessionOptions())
    status = ProfileStatus(state="ok", sampler="test", pid=7)
    taken = msgspec.structs.replace(sample(0, 0), profile_status=status)
    pipeline.feed(taken)
    assert pipeline.update(taken, COST).profile_status == status
    pipeline.feed(sample(1, 10))
    assert pipeline.window is not None
    assert pipeline.window.profile_status is None
    assert pipeline.update(sample(1, 10), COST).profile_status.state == "off"


def test_the_recent_past_is_summed_up_a_few_series_at_a_time() -> None:
    pipeline = Pipeline(SessionOptions())
    for second in range(2 * SUMMARY_TICKS):
        taken = sample(second, 50 * second)
        pipeline.feed(taken)
    recent = pipeline.update(taken, COST).recent
    assert set(recent) == set(pipeline.history()) & set(SUMMED_UP)
    assert (recent["cpu"].mean, recent["cpu"].peak, recent["memory"].p95) == (0.5, 0.5, 0.25)


def test_another_target_goes_on_with_the_past_of_the_host() -> None:
    old, new = Pipeline(SessionOptions()), Pipeline(SessionOptions())
    for tick in range(30):
        old.feed(build_sample(tick, processes=10))
    before = old.history()
    assert "target-cpu" in before
    new.adopt_past(old)
    assert new.history() == {name: values for name, values in before.items() if not name.startswith("target-")}
    new.feed(build_sample(30, processes=10))
    new.feed(build_sample(31, processes=10))
    assert len(new.history()["cpu"]) == len(before["cpu"]) + 1
    assert [value for value in new.history()["target-cpu"] if value == value] == [new.history()["target-cpu"][-1]]


def test_the_stacks_of_the_last_minutes_can_be_asked_for_and_the_second_chain_is_kept_apart() -> None:
    pipeline = Pipeline(SessionOptions(window_seconds=3.0))
    for second in range(10):
        held = msgspec.structs.replace(profile(second), mode="gil")
        pipeline.feed(sample(second, 50 * second), [profile(second), held])
    update = pipeline.update(sample(9, 450), COST)
    assert update.profile is not None
    assert update.gil_profile is not None
    assert (update.profile.mode, update.gil_profile.mode) == ("nonblocking", "gil")
    assert update.profile.samples == update.gil_profile.samples == 4
    assert update.stacks is not None
    assert (update.stacks.first_ns, update.stacks.last_ns) == (0, 10_000_000_000)
    assert len(update.stacks.windows(0, 10_000_000_000)) == 20
    span = update.stacks.span(0, 10_000_000_000)
    assert span is not None
    assert span.samples == 10
    assert update.stacks.heat(0, 10_000_000_000, 2) == pytest.approx([1.0, 1.0])


def test_what_is_shown_of_a_moment_has_no_stacks_from_after_it() -> None:
    pipeline = Pipeline(SessionOptions(window_seconds=3.0))
    before = pipeline.update(sample(0, 0), COST).stacks
    updates = []
    for second in range(10):
        pipeline.feed(sample(second, 50 * second), [profile(second)])
        updates.append(pipeline.update(sample(second, 50 * second), COST))
    past, now = updates[4].stacks, updates[9].stacks
    assert before is not None
    assert before.last_ns == 0
    assert past is not None
    assert now is not None
    assert (past.first_ns, past.last_ns) == (0, 5_000_000_000)
    assert past.windows(0, 10_000_000_000) == now.windows(0, 5_000_000_000)
    assert past.span(0, 10_000_000_000) == now.span(0, 5_000_000_000)
    assert past.span(6_000_000_000, 10_000_000_000) is None
    assert past.heat(0, 10_000_000_000, 10) == pytest.approx([1.0] * 5 + [math.nan] * 5, nan_ok=True)


def test_a_verdict_looks_at_the_stacks_that_were_seen_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("perftui.session.pipeline.JUDGED_STACKS", 1)
    pipeline = Pipeline(SessionOptions())
    rare = msgspec.structs.replace(profile(1), frames=(Frame(function="rare"),))
    pipeline.feed(sample(0, 0), [profile(0), rare])
    pipeline.feed(sample(1, 50), [profile(1)])
    assert pipeline.profile is not None
    assert len(pipeline.profile.stacks) == 2
    assert pipeline.window is not None
    assert pipeline.window.profile is not None
    names = [frame.function for frame in pipeline.window.profile.frames]
    assert names == ["main", "(other)"]
    assert pipeline.window.profile.samples == 3
