"""Derived figures from two raw samples."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.group_sections import CgroupCpu, CgroupSection
from perftui.model.interval import Interval
from perftui.model.sample import (
    DiskSection,
    PressureLine,
    PressureSection,
    ProcessSection,
    Sample,
    TargetSection,
    ThreadSection,
    WaitSection,
)
from perftui.model.table import Table
from perftui.model.target import HOST
from tests.tui.fixtures import build_sample

SECOND = 1_000_000_000


def sample(at: int, *, boot: str = "b", wall: int | None = None, **sections: object) -> Sample:
    return Sample(
        monotonic_ns=at,
        wall_ns=at if wall is None else wall,
        boot_id=boot,
        target=HOST,
        **sections,  # type: ignore[arg-type]  # each test passes sections of the right type
    )


def processes(at: int, *rows: tuple[int, int, int]) -> ProcessSection:
    """Rows of pid, start, user ticks."""
    table = Table.of(
        {
            "pid": [row[0] for row in rows],
            "start_ticks": [row[1] for row in rows],
            "user_ticks": [row[2] for row in rows],
            "system_ticks": [0 for _ in rows],
        }
    )
    return ProcessSection(monotonic_ns=at, processes=table, ticks_per_second=100)


def threads(at: int, *rows: tuple[int, int, int, int]) -> ThreadSection:
    """Rows of tid, start, run ns, delay ns."""
    constant = {
        name: [0] * len(rows)
        for name in ("user_ticks", "system_ticks", "slices_total", "voluntary_total", "processor", "nice")
    }
    table = Table.of(
        {
            **constant,
            "pid": [1] * len(rows),
            "tid": [row[0] for row in rows],
            "start_ticks": [row[1] for row in rows],
            "state": [ord("S")] * len(rows),
            "run_ns_total": [row[2] for row in rows],
            "delay_ns_total": [row[3] for row in rows],
            "involuntary_total": [-1] * len(rows),
        },
        {"name": [f"t{row[0]}" for row in rows], "wchan": [""] * len(rows)},
    )
    return ThreadSection(monotonic_ns=at, threads=table, ticks_per_second=100)


def waits(at: int, *rows: tuple[int, str, int, int]) -> WaitSection:
    """Rows of tid, state, syscall, count."""
    zeros = {name: [0] * len(rows) for name in ("futex_op", "timed", "address", "region")}
    looks = Table.of(
        {
            **zeros,
            "pid": [1] * len(rows),
            "tid": [row[0] for row in rows],
            "state": [ord(row[1]) for row in rows],
            "syscall": [row[2] for row in rows],
            "count": [row[3] for row in rows],
        },
        {"wchan": [""] * len(rows)},
    )
    tids = sorted({row[0] for row in rows})
    spans = Table.of(
        {
            "pid": [1] * len(tids),
            "tid": tids,
            "looks_total": [sum(row[3] for row in rows if row[0] == tid) for tid in tids],
            "waiting_total": [sum(row[3] for row in rows if row[0] == tid and row[2] == 232) for tid in tids],
            "away_long_total": [0] * len(tids),
            "waits_total": [0] * len(tids),
        }
    )
    return WaitSection(monotonic_ns=at, looks=looks, spans=spans, polls_total=0, polls_per_second=20, machine="x86_64")


def test_samples_out_of_order_or_from_two_boots_are_refused() -> None:
    with pytest.raises(ValueError, match="order"):
        Interval.between(sample(5), sample(5))
    with pytest.raises(ValueError, match="restarted"):
        Interval.between(sample(1), sample(2, boot="c"))


def test_a_suspended_machine_is_seen_by_its_wall_clock() -> None:
    assert Interval.between(sample(0), sample(SECOND, wall=60 * SECOND)).suspended
    assert not Interval.between(sample(0), sample(SECOND)).suspended


def test_a_view_without_its_section_is_none() -> None:
    interval = Interval.between(sample(0), sample(SECOND))
    assert interval.cpu is None
    assert interval.process_cores is None
    assert interval.tree is None
    assert interval.threads is None
    assert interval.quota is None


def test_process_cores_follow_identity_not_pid() -> None:
    older = sample(0, processes=processes(0, (10, 1, 100), (11, 1, 500), (12, 1, 50)))
    newer = sample(2 * SECOND, processes=processes(2 * SECOND, (10, 1, 300), (11, 9, 20), (13, 5, 40)))
    # 10 ran for two seconds in two; 11 is a new process; 13 has just started.
    assert Interval.between(older, newer).process_cores == (1.0, 0.1, 0.2)


THREAD_ROWS = st.tuples(st.integers(1, 5), st.integers(1, 3), st.integers(0, 10**9), st.integers(0, 10**9))


@given(st.lists(THREAD_ROWS, max_size=8))
def test_the_totals_of_threads_are_the_sums_of_their_rates(rows: list[tuple[int, int, int, int]]) -> None:
    older, newer = ({row[:2]: row for row in half}.values() for half in (rows[::2], rows[1::2]))
    interval = Interval.between(sample(0, threads=threads(0, *older)), sample(SECOND, threads=threads(SECOND, *newer)))
    uses, totals = interval.threads, interval.thread_totals
    assert uses is not None
    assert totals is not None
    assert totals.delay_ratio == pytest.approx(sum(use.delay_ratio for use in uses))
    assert totals.switches_per_s is None


def test_the_totals_of_threads_count_their_switches() -> None:
    interval = Interval.between(build_sample(1), build_sample(2))
    totals = interval.thread_totals
    assert totals is not None
    switches = [(use.voluntary_per_s or 0) + (use.involuntary_per_s or 0) for use in interval.threads or ()]
    assert totals.switches_per_s == pytest.approx(sum(switches))
    assert sum(switches) > 0


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_a_counter_that_goes_back_is_zero_not_negative(before: int, after: int) -> None:
    older = sample(0, threads=threads(0, (1, 1, before, before)))
    newer = sample(SECOND, threads=threads(SECOND, (1, 1, after, after)))
    uses = Interval.between(older, newer).threads
    assert uses is not None
    assert uses[0].run_ratio == pytest.approx(max(0, after - before) / 1e9)
    assert uses[0].delay_ratio >= 0
    assert uses[0].involuntary_per_s is None


def test_wait_shares_are_of_the_interval_and_sum_to_one() -> None:
    older = sample(0, threads=threads(0, (1, 1, 0, 0)), waits=waits(0, (1, "S", 232, 100), (1, "R", -1, 10)))
    newer = sample(
        SECOND,
        threads=threads(SECOND, (1, 1, 0, 0)),
        waits=waits(SECOND, (1, "S", 232, 105), (1, "R", -1, 20), (1, "D", 74, 5)),
    )
    uses = Interval.between(older, newer).threads
    assert uses is not None
    assert [(share.state, share.ratio) for share in uses[0].waits] == [("R", 0.5), ("S", 0.25), ("D", 0.25)]
    assert uses[0].looks == 20
    assert uses[0].event_wait_ratio == 0.25


def test_the_quota_is_the_level_that_throttles() -> None:
    def group(at: int, throttled: int) -> CgroupSection:
        def level(path: str, quota_us: int | None, throttled: int) -> CgroupCpu:
            return CgroupCpu(
                path=path,
                quota_us=quota_us,
                period_us=100_000,
                periods_total=at // 100_000_000,
                throttled_periods_total=throttled,
                throttled_ns_total=throttled * 80_000_000,
            )

        levels = (level("/a/b", None, 0), level("/a", 20_000, throttled), level("/", 150_000, 0))
        return CgroupSection(monotonic_ns=at, version=1, cpu=levels, memory=None)

    quota = Interval.between(sample(0, cgroup=group(0, 0)), sample(SECOND, cgroup=group(SECOND, 5))).quota
    assert quota is not None
    assert quota.path == "/a"
    assert quota.quota_cores == pytest.approx(0.2)
    assert quota.throttled_periods_ratio == 0.5
    assert quota.throttled_seconds_per_s == pytest.approx(0.4)


def test_disks_and_pressure() -> None:
    def disks(at: int, reads: int, waited_ms: int) -> DiskSection:
        columns = {
            name: [0]
            for name in ("write_bytes_total", "writes_total", "write_ms_total", "in_flight", "weighted_ms_total")
        }
        return DiskSection(
            monotonic_ns=at,
            devices=Table.of(
                {
                    **columns,
                    "reads_total": [reads],
                    "read_bytes_total": [reads * 4096],
                    "read_ms_total": [waited_ms],
                    "io_ms_total": [waited_ms],
                    "in_flight": [0],
                },
                {"name": ["vda"]},
            ),
        )

    def pressure(at: int, total_us: int) -> PressureSection:
        line = PressureLine(some_avg10=0, some_total_us=total_us)
        return PressureSection(monotonic_ns=at, cpu=line, memory=line, io=line)

    interval = Interval.between(
        sample(0, disks=disks(0, 0, 0), pressure=pressure(0, 0)),
        sample(SECOND, disks=disks(SECOND, 10, 500), pressure=pressure(SECOND, 250_000)),
    )
    assert interval.disks is not None
    assert interval.disks[0].await_ms == 50
    assert interval.disks[0].busy_ratio == 0.5
    assert interval.pressure is not None
    assert interval.pressure.io.some_ratio == 0.25


def tree(at: int, *rows: tuple[int, int, int]) -> TargetSection:
    """Rows of pid, start, user ticks; the section was read ``at`` ns after the boot."""
    zeros = {
        f"{name}_total": [0] * len(rows)
        for name in (
            "minor_faults", "major_faults", "read_bytes", "write_bytes", "read_syscalls", "write_syscalls",
        )
    }  # fmt: skip
    table = Table.of(
        {
            **zeros,
            **{name: [0] * len(rows) for name in ("rss_bytes", "swap_bytes", "system_ticks", "fds", "fd_limit")},
            "pid": [row[0] for row in rows],
            "start_ticks": [row[1] for row in rows],
            "user_ticks": [row[2] for row in rows],
            "threads": [1] * len(rows),
        }
    )
    return TargetSection(
        monotonic_ns=at, boottime_ns=at, alive=True, processes=table, ticks_per_second=100, state="S", session=1,
        nice=0, policy="other", cpus_allowed="0", cpus_allowed_count=1, cpus_online=1, io_priority="",
        autogroup=None, autogroup_nice=None, autogroup_enabled=None, uid=0, tracer_pid=0, interpreter="",
    )  # fmt: skip


def test_a_process_that_joins_the_tree_does_not_bring_its_past() -> None:
    older = sample(100 * SECOND, tree=tree(100 * SECOND, (10, 1, 100)))
    # 11 runs since 50 s after the boot and was adopted; 12 was started half a second ago.
    newer = sample(101 * SECOND, tree=tree(101 * SECOND, (10, 1, 150), (11, 5_000, 4_000), (12, 10_050, 25)))
    use = Interval.between(older, newer).tree
    assert use is not None
    assert use.processes == 3
    assert use.cpu_cores == pytest.approx(0.75)


def test_what_an_older_recording_lacks_has_no_rate() -> None:
    def with_chars(at: int, chars: int) -> TargetSection:
        section = tree(at * SECOND, (10, 1, 100))
        counted = Table(columns=section.processes.columns | Table.of({"read_chars_total": [chars]}).columns)
        return msgspec.structs.replace(section, processes=counted)

    newer = sample(102 * SECOND, tree=with_chars(102, 5000))
    now = Interval.between(sample(101 * SECOND, tree=with_chars(101, 1000)), newer).tree
    assert now is not None
    assert (now.read_chars_per_s, now.write_chars_per_s) == (4000, None)
    before = Interval.between(sample(101 * SECOND, tree=tree(101 * SECOND, (10, 1, 100))), newer).tree
    assert before is not None
    assert before.read_chars_per_s is None


def test_a_process_or_thread_that_was_hidden_before_has_no_rate_yet() -> None:
    first = msgspec.structs.replace(processes(100 * SECOND, (10, 1, 100)), boottime_ns=100 * SECOND)
    second = processes(101 * SECOND, (10, 1, 150), (11, 5_000, 4_000), (12, 10_050, 25))
    older, newer = sample(100 * SECOND, processes=first), sample(101 * SECOND, processes=second)
    assert Interval.between(older, newer).process_cores == pytest.approx((0.5, 0.0, 0.25))

    before = msgspec.structs.replace(threads(100 * SECOND, (1, 1, 0, 0)), boottime_ns=100 * SECOND)
    after = threads(101 * SECOND, (1, 1, 0, 0), (2, 5_000, 10, 0), (3, 10_050, 10, 0))
    uses = Interval.between(sample(100 * SECOND, threads=before), sample(101 * SECOND, threads=after)).threads
    assert [use.tid for use in uses or ()] == [1, 3]


def test_a_sample_is_decoded_once_for_all_intervals() -> None:
    middle = sample(SECOND, threads=threads(SECOND, (1, 1, 5, 0)), waits=waits(SECOND, (1, "S", 232, 5)))
    assert middle.waits is not None
    assert middle.threads is not None
    assert middle.waits.counts is middle.waits.counts
    assert middle.waits.span_counts is middle.waits.span_counts
    assert middle.threads.counters is middle.threads.counters
