"""Windows cut out of a stream that is handed over in pieces."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import StackProfile
from perftui.profile.perf_windows import PerfWindows

SECOND = 1_000_000_000


def record(at_ns: int, pid: int = 7) -> bytes:
    return b"app %d/%d %d.%09d: \n\t 10 f (/tmp/perf-7.map)\n\n" % (pid, pid, at_ns // SECOND, at_ns % SECOND)


def cut(windows: PerfWindows, raw: bytes, until_ns: int, spent_ns: int = 0, trust_map: bool = True) -> StackProfile:
    return windows.cut(raw, rate_hz=99, trust_map=trust_map, began_ns=SECOND, until_ns=until_ns, spent_ns=spent_ns)


def test_a_sample_belongs_to_the_window_of_its_time() -> None:
    windows = PerfWindows(7)
    first = cut(windows, record(SECOND + 1) + record(2 * SECOND + 5), 2 * SECOND)
    second = cut(windows, record(2 * SECOND + 9), 3 * SECOND)

    assert (first.started_ns, first.ended_ns, first.samples) == (SECOND, 2 * SECOND, 1)
    assert (second.started_ns, second.ended_ns, second.samples) == (2 * SECOND, 3 * SECOND, 2)


def test_a_late_sample_is_counted_and_has_no_slot() -> None:
    windows = PerfWindows(7)
    assert cut(windows, b"", 2 * SECOND).pids == {7}
    late = cut(windows, record(SECOND + 1) + record(2 * SECOND + 60_000_000), 3 * SECOND)

    assert late.samples == 2
    assert list(late.slots.rows("slot", "samples")) == [(1, 1)]


def test_other_processes_are_left_out_and_lost_samples_are_a_gap() -> None:
    raw = record(SECOND + 1) + record(SECOND + 2, pid=8) + b"app 7/7 1.5: PERF_RECORD_LOST lost 3\n"
    window = cut(PerfWindows(7), raw, 2 * SECOND)

    assert window.samples == 1
    assert window.coverage_ratio == 0.25


def test_names_of_a_map_that_is_not_trusted_are_not_taken() -> None:
    windows = PerfWindows(7)
    names = [
        cut(windows, record((at + 1) * SECOND + 1), (at + 2) * SECOND, trust_map=trusted).frames[0].function
        for at, trusted in enumerate((True, False, True))
    ]

    assert names == ["f", "[unknown]", "f"]


def test_the_cost_is_that_of_the_window() -> None:
    windows = PerfWindows(7)
    spent = [cut(windows, b"", (at + 2) * SECOND, spent_ns=ns).sampler_cpu_ns for at, ns in enumerate((100, 130, 150))]

    assert spent == [100, 30, 20]


@given(st.lists(st.integers(SECOND, 6 * SECOND - 1), max_size=40), st.lists(st.integers(0, 39), max_size=4))
def test_no_sample_is_lost_or_counted_twice(times: list[int], pieces: list[int]) -> None:
    times.sort()
    bounds = [0, *sorted(pieces), len(times)]
    windows = PerfWindows(7)
    made = [
        cut(windows, b"".join(map(record, times[start:end])), (at + 2) * SECOND)
        for at, (start, end) in enumerate(pairwise(bounds))
    ]
    made.append(cut(windows, b"", 9 * SECOND))

    assert sum(window.samples for window in made) == len(times)
