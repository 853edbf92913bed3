"""The stacks of the last minutes: kept whole, cut anywhere, bounded."""

import math
import threading
from collections import Counter
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import SLOT_NS, Frame, Mode, StackProfile, StackRow, ThreadName, merge
from perftui.model.table import Table
from perftui.store import stacks
from perftui.store.stacks import StackStore
from tests.store.support import SECOND

Spec = tuple[int, str, int, float, list[tuple[int, int]]]
"""tid, stack such as ``main work``, samples, on_cpu, (slot, samples)."""


def window(
    start: int, rows: list[Spec], *, seconds: int = 1, attempts: int = 100, mode: Mode = "nonblocking"
) -> StackProfile:
    """``start`` in seconds."""
    frames: dict[Frame, int] = {}
    paths: dict[tuple[int, ...], int] = {}
    slots: list[tuple[int, int, int]] = []
    made = []
    for at, (tid, text, samples, on_cpu, seen) in enumerate(rows):
        path = tuple(frames.setdefault(Frame(function=name), len(frames)) for name in text.split())
        stack = paths.setdefault(path, len(paths))
        made.append(StackRow(pid=1, tid=tid, stack=stack, samples=samples, on_cpu=on_cpu))
        slots += ((at, slot, count) for slot, count in seen)
    columns = zip(*slots, strict=True) if slots else ((), (), ())
    return StackProfile(
        sampler="test",
        rate_hz=100.0,
        started_ns=start * SECOND,
        ended_ns=(start + seconds) * SECOND,
        covered_ns=seconds * SECOND,
        attempts=attempts,
        frames=tuple(frames),
        stacks=tuple(paths),
        rows=tuple(made),
        threads=(ThreadName(pid=1, tid=1, name="main"),),
        mode=mode,
        slots=Table.of(dict(zip(("row", "slot", "samples"), columns, strict=True))) if slots else Table(),
        pid=1,
    )


def store_of(*profiles: StackProfile) -> StackStore:
    store = StackStore()
    for profile in profiles:
        store.add(profile)
    return store


def counts(*profiles: StackProfile | None) -> tuple[Counter[tuple[object, ...]], dict[tuple[object, ...], float]]:
    """Samples and on-CPU looks by thread and stack."""
    samples: Counter[tuple[object, ...]] = Counter()
    on_cpu: dict[tuple[object, ...], float] = {}
    for profile in profiles:
        for row in profile.rows if profile else ():
            assert profile is not None
            key = (row.pid, row.tid, tuple(profile.frames[index] for index in profile.stacks[row.stack]))
            samples[key] += row.samples
            on_cpu[key] = on_cpu.get(key, 0.0) + row.on_cpu
    return +samples, {key: on_cpu[key] for key in +samples}


def test_windows_come_back_whole() -> None:
    first = window(10, [(1, "main work", 60, 30.0, [(0, 5), (19, 55)]), (2, "main wait", 100, 0.0, [])])
    second = window(11, [(1, "main", 100, 50.0, [])], mode="gil")
    store = store_of(first, second)
    assert (store.first_ns, store.last_ns) == (10 * SECOND, 12 * SECOND)
    assert store.windows(0, 100 * SECOND) == [first, second]
    assert store.windows(11 * SECOND, 12 * SECOND) == [second]
    assert store.windows(12 * SECOND, 13 * SECOND) == []


def test_nothing_is_there_before_the_first_window() -> None:
    store = StackStore()
    assert (store.first_ns, store.last_ns) == (0, 0)
    assert store.span(0, SECOND) is None
    assert all(map(math.isnan, store.heat(0, SECOND, 3)))


def test_a_burst_is_cut_out_by_its_slots() -> None:
    busy = [(slot, 5) for slot in range(4, 10)]
    calm = [(slot, 5) for slot in range(20) if not 4 <= slot < 10]
    store = store_of(window(10, [(1, "main burst", 30, 30.0, busy), (1, "main wait", 70, 0.0, calm)]))

    burst = store.span(10 * SECOND + 4 * SLOT_NS, 10 * SECOND + 10 * SLOT_NS)
    assert burst is not None
    assert [(row.samples, row.on_cpu) for row in burst.rows] == [(30, 30.0)]
    assert [burst.frames[index].function for index in burst.stacks[burst.rows[0].stack]] == ["main", "burst"]
    assert (burst.attempts, burst.seconds, burst.covered_ns) == (30, 0.3, 6 * SLOT_NS)
    assert store.heat(10 * SECOND, 11 * SECOND, 5) == pytest.approx([0.0, 1.0, 0.5, 0.0, 0.0])


def test_a_window_without_slots_is_cut_in_proportion() -> None:
    store = store_of(window(10, [(1, "main", 100, 50.0, [])]))
    half = store.span(10 * SECOND + SECOND // 4, 10 * SECOND + 3 * SECOND // 4)
    assert half is not None
    assert (half.samples, half.on_cpu, half.attempts) == (50, 25.0, 50)
    assert store.heat(10 * SECOND, 11 * SECOND, 4) == pytest.approx([0.5] * 4)


def test_who_holds_the_lock_is_no_part_of_a_span() -> None:
    store = store_of(window(10, [(1, "main", 100, 50.0, [])]), window(10, [(1, "main", 9, 9.0, [])], mode="gil"))
    whole = store.span(0, 100 * SECOND)
    assert whole is not None
    assert (whole.samples, whole.mode) == (100, "nonblocking")
    assert store_of(window(10, [(1, "main", 9, 9.0, [])], mode="gil")).span(0, 100 * SECOND) is None


def test_processes_weigh_by_time_in_a_span_as_where_they_are_merged() -> None:
    often = [window(at, [(1, "often", 100, 100.0, [])]) for at in range(10, 20)]
    rarely = [
        msgspec.structs.replace(
            one, pid=2, rate_hz=20.0, rows=(StackRow(pid=2, tid=2, stack=0, samples=100, on_cpu=50.0),)
        )
        for one in (
            window(10, [(2, "rarely", 0, 0.0, [])], seconds=5),
            window(15, [(2, "rarely", 0, 0.0, [])], seconds=5),
        )
    ]
    store, windows = store_of(*often, *rarely), [*often, *rarely]
    whole, merged = store.span(0, 1 << 60), merge(windows)
    assert whole is not None
    assert merged is not None
    assert counts(whole)[0] == counts(merged)[0]
    assert counts(whole)[1] == pytest.approx(counts(merged)[1])
    assert msgspec.structs.replace(bare(whole), parts=whole.parts) == msgspec.structs.replace(
        bare(merged), parts=merged.parts
    )
    part = store.span(12 * SECOND, 17 * SECOND)
    assert part is not None
    assert [(row.pid, row.samples, row.on_cpu) for row in part.rows] == [(1, 500, 500.0), (2, 500, 250.0)]
    assert (part.attempts, part.rate_hz, part.coverage_ratio) == (500, 100.0, 1.0)


def test_heat_is_a_mean_over_what_was_sampled() -> None:
    store = store_of(
        window(10, [(1, "a", 100, 100.0, [])]),
        window(10, [(7, "worker", 50, 50.0, [])], attempts=50),
        window(13, [(1, "a", 100, 20.0, [])]),
    )
    heat = store.heat(9 * SECOND, 15 * SECOND, 3)
    assert heat == pytest.approx([2.0, math.nan, 0.2], nan_ok=True)
    fine = store.heat(9 * SECOND, 15 * SECOND, 12)
    assert fine == pytest.approx([math.nan] * 2 + [2.0] * 2 + [math.nan] * 4 + [0.2] * 2 + [math.nan] * 2, nan_ok=True)


def test_the_oldest_go_by_age_by_size_and_by_stacks(monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(*(window(second, [(1, f"main f{second % 7}", 1, 1.0, [])]) for second in range(1, 1200)))
    assert store.first_ns == (1200 - 901) * SECOND
    monkeypatch.setattr(stacks, "MOST_BYTES", 176 * 100)  # most of a window is the heat of its 20 slots
    store.add(window(1200, [(1, "main", 1, 1.0, [])]))
    assert 50 < len(store.windows(0, 1 << 60)) < 200
    monkeypatch.undo()

    monkeypatch.setattr(stacks, "MOST_STACKS", 2000)
    store = store_of(*(window(at, [(1, f"main f{at} g{n}", 1, 1.0, []) for n in range(100)]) for at in range(1, 200)))
    assert store.first_ns == 180 * SECOND
    assert store._table.used == 2000
    assert len(store._table._paths) <= 2 * 2000 + 100
    assert counts(store.span(0, 1 << 60))[0].total() == 2000


def test_names_of_threads_are_kept_once_for_each_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_process(pid: int, second: int) -> StackProfile:
        names = tuple(ThreadName(pid=pid, tid=at, name=f"worker-{at if at else second}") for at in range(100))
        return msgspec.structs.replace(window(second, [(1, "main", 1, 1.0, [])]), threads=names)

    store = store_of(*(of_process(pid, second) for second in range(1, 31) for pid in (7, 8)))
    windows = store.windows(0, 1 << 60)
    names = {id(name): name for found in windows for name in found.threads}
    assert len(names) == len(set(names.values())) == 2 * (99 + 30)
    assert windows[-1].threads == of_process(8, 30).threads
    assert store.size_bytes > 60 * 8 * 100 + 200 * len(names)
    monkeypatch.setattr(stacks, "MOST_BYTES", 1)
    store.add(of_process(7, 31))
    assert len(store._names._names) == 100


def test_what_is_larger_than_all_room_is_kept_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "MOST_STACKS", 2)
    rows: list[Spec] = [(1, f"main f{at}", 1, 1.0, []) for at in range(9)]
    store = store_of(window(1, rows), window(2, rows))
    assert len(store.windows(0, 1 << 60)) == 1


def test_one_adds_while_another_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stacks, "MOST_STACKS", 1500)
    store = StackStore()

    def fill() -> None:
        for at in range(1, 400):
            store.add(window(at, [(1, f"main f{at} g{n}", 1, 1.0, []) for n in range(50)]))

    adding = threading.Thread(target=fill)
    adding.start()
    while adding.is_alive():
        for profile in store.windows(0, 1 << 60):
            second = profile.started_ns // SECOND
            names = {profile.frames[index].function for stack in profile.stacks for index in stack[1:2]}
            assert names == {f"f{second}"}
    adding.join()


def specs() -> st.SearchStrategy[list[Spec]]:
    text = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(" ".join)
    seen = st.lists(st.tuples(st.integers(0, 24), st.integers(1, 9)), max_size=4, unique_by=lambda pair: pair[0])

    def spec(tid: int, stack: str, loose: int, ratio: float, slots: list[tuple[int, int]]) -> Spec:
        samples = loose + sum(count for _, count in slots)
        return tid, stack, samples, ratio * samples, slots

    made = st.builds(spec, st.integers(1, 3), text, st.integers(0, 50), st.sampled_from([0.0, 0.3, 1.0]), seen)
    return st.lists(made, max_size=6, unique_by=lambda one: one[:2])


many = st.lists(specs(), min_size=1, max_size=5).map(
    lambda found: [window(10 + at, rows) for at, rows in enumerate(found)]
)


def bare(profile: StackProfile) -> StackProfile:
    return msgspec.structs.replace(profile, frames=(), stacks=(), rows=(), slots=Table(), parts=())


@given(many)
def test_a_span_over_all_is_all_windows_merged(windows: list[StackProfile]) -> None:
    whole, merged = store_of(*windows).span(0, 1 << 60), merge(windows)
    assert whole is not None
    assert merged is not None
    assert counts(whole)[0] == counts(merged)[0]
    assert counts(whole)[1] == pytest.approx(counts(merged)[1])
    assert bare(whole) == bare(merged)


@given(many, st.lists(st.integers(9 * SECOND, 16 * SECOND), min_size=1, max_size=4, unique=True).map(sorted))
def test_spans_side_by_side_have_what_one_over_all_has(windows: list[StackProfile], cuts: list[int]) -> None:
    store = store_of(*windows)
    spans = [store.span(since, until) for since, until in pairwise([0, *cuts, 1 << 60])]
    whole = store.span(0, 1 << 60)
    assert counts(*spans)[0] == counts(whole)[0]
    assert counts(*spans)[1] == pytest.approx(counts(whole)[1])
    for name in ("attempts", "covered_ns"):
        assert sum(getattr(span, name) for span in spans if span) == getattr(whole, name)
    for row in (row for span in spans if span for row in span.rows):
        assert 0 <= row.on_cpu <= row.samples


@given(many, st.integers(9 * SECOND, 12 * SECOND), st.integers(1, 8 * SECOND), st.integers(1, 40))
def test_heat_adds_up_to_the_cpu_time(windows: list[StackProfile], since: int, length: int, columns: int) -> None:
    store, until = store_of(*windows), since + length
    edges = [since + length * at // columns for at in range(columns + 1)]
    heat = store.heat(since, until, columns)
    sampled = [
        max(0, min(edge, windows[-1].ended_ns) - max(before, windows[0].started_ns)) / SECOND
        for before, edge in pairwise(edges)
    ]
    assert [math.isnan(cores) for cores in heat] == [seconds == 0 for seconds in sampled]
    total = sum(cores * seconds for cores, seconds in zip(heat, sampled, strict=True) if seconds)
    if since <= windows[0].started_ns and until >= windows[-1].ended_ns:
        assert total == pytest.approx(sum(profile.on_cpu for profile in windows) / 100)
    assert total <= sum(profile.on_cpu for profile in windows) / 100 + 1e-9
