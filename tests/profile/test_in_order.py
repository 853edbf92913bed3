"""Windows joined without losing when what was seen."""

from collections import Counter
from collections.abc import Iterator

import msgspec
import pytest

from perftui.model import profile as model
from perftui.model.profile import SLOT_NS, Frame, StackProfile, StackRow
from perftui.model.table import Table
from perftui.profile import in_order
from perftui.profile.in_order import join_in_order


def window(number: int, functions: str, slots: list[tuple[int, int, int]]) -> StackProfile:
    """A second of one thread: a row for each function, ``slots`` as (row, slot, samples)."""
    began = 10**12 + number * 10**9
    counts: Counter[int] = Counter()
    for row, _, samples in slots:
        counts[row] += samples
    rows, places, seen = zip(*slots, strict=True)
    return StackProfile(
        sampler="py-spy", rate_hz=100.0, started_ns=began, ended_ns=began + 10**9, covered_ns=10**9,
        attempts=sum(counts.values()),
        frames=tuple(Frame(function=name) for name in functions),
        stacks=tuple((at,) for at in range(len(functions))),
        rows=tuple(StackRow(pid=1, tid=1, stack=at, samples=counts[at], on_cpu=0.0) for at in range(len(functions))),
        slots=Table.of({"row": rows, "slot": places, "samples": seen}),
    )  # fmt: skip


def told(profile: StackProfile | None) -> list[tuple[int, str, int]]:
    """Slot, function and samples of each entry."""
    assert profile is not None
    names = [profile.frames[profile.stacks[row.stack][0]].function for row in profile.rows]
    return [(slot, names[row], samples) for row, slot, samples in profile.slots.rows("row", "slot", "samples")]


FIRST = window(0, "ab", [(0, 0, 5), (1, 3, 95)])
SECOND = window(1, "ba", [(1, 19, 60), (0, 0, 40)])


def test_slots_count_from_the_first_window() -> None:
    joined = join_in_order([FIRST, SECOND])
    assert told(joined) == [(0, "a", 5), (3, "b", 95), (20, "b", 40), (39, "a", 60)]
    assert SLOT_NS * 20 == 10**9


def test_what_weighs_more_in_rows_does_so_in_slots() -> None:
    """Of two processes one is looked at five times as often, and the other ever more rarely."""
    often = [window(number, "a", [(0, slot, 5) for slot in range(20)]) for number in range(4)]
    rarely = []
    for number, looks in enumerate((2, 2, 1, 1)):
        one = window(number, "b", [(0, slot, looks) for slot in range(0, 20, 2)])
        rows = (msgspec.structs.replace(one.rows[0], pid=2),)
        rarely.append(msgspec.structs.replace(one, rows=rows, rate_hz=10.0 * looks))
    joined = join_in_order([*often, *rarely])
    assert joined is not None
    seen: Counter[str] = Counter()
    by_second: Counter[tuple[str, int]] = Counter()
    for slot, name, samples in told(joined):
        seen[name] += samples
        by_second[name, slot // 20] += samples
    assert [row.samples for row in joined.rows] == [400, 400]
    assert seen == {"a": 400, "b": 400}
    assert set(by_second.values()) == {100}


def test_looks_that_are_in_no_slot_are_not_made_up() -> None:
    late = msgspec.structs.replace(FIRST.rows[0], samples=9)
    first = msgspec.structs.replace(FIRST, rows=(late, FIRST.rows[1]), attempts=104)
    assert told(join_in_order([first, SECOND])) == told(join_in_order([FIRST, SECOND]))


@pytest.mark.parametrize("rate_hz", [0.0, 5e-324, 1e308, float("inf"), float("nan")])
def test_a_rate_that_cannot_be_breaks_nothing(rate_hz: float) -> None:
    assert told(join_in_order([msgspec.structs.replace(FIRST, rate_hz=rate_hz)])) == [(0, "a", 5), (3, "b", 95)]


def test_one_window_without_slots_leaves_none() -> None:
    silent = msgspec.structs.replace(SECOND, slots=Table())
    joined = join_in_order([FIRST, silent, SECOND])
    assert joined is not None
    assert (joined.samples, len(joined.slots)) == (300, 0)


def test_what_is_kept_as_other_is_found_there(monkeypatch: pytest.MonkeyPatch) -> None:
    real = model.merge
    monkeypatch.setattr(in_order, "merge", lambda windows: real(windows, most_stacks=1))
    joined = join_in_order([FIRST, SECOND])
    assert sum(samples for _, _, samples in told(joined)) == 200
    assert {name for _, name, _ in told(joined)} == {"b", "(other)"}


def test_a_thousand_windows() -> None:
    def coming() -> Iterator[StackProfile]:
        for number in range(1000):
            yield window(number, "a", [(0, 0, 1)])

    joined = join_in_order(coming())
    assert joined is not None
    assert (joined.samples, len(joined.slots)) == (1000, 1000)
    assert join_in_order(()) is None


def test_too_much_of_it_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_order, "MOST_ENTRIES", 2)
    joined = join_in_order([FIRST, SECOND])
    assert joined is not None
    assert (joined.samples, len(joined.slots)) == (200, 0)
