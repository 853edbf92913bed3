"""When each stack was seen."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import SLOT_NS
from perftui.model.table import Table
from perftui.profile.slots import slots

SECOND = 1_000_000_000


def seen(table: Table) -> list[tuple[int, ...]]:
    return list(table.rows("row", "slot", "samples"))


def test_looks_are_spread_evenly_over_the_window() -> None:
    table = slots({1: [0] * 50 + [1] * 50}, 100, SECOND)

    assert seen(table) == [(0, slot, 5) for slot in range(10)] + [(1, slot, 5) for slot in range(10, 20)]


def test_a_burst_is_where_it_was() -> None:
    table = slots({1: [0] * 40 + [1] * 30 + [0] * 30}, 100, SECOND)

    assert [slot for row, slot, _ in seen(table) if row == 1] == list(range(8, 14))


def test_a_thread_that_ended_was_there_first_and_one_that_came_was_there_last() -> None:
    looks = {1: [0] * 100, 2: [1] * 20, 3: [2] * 20}
    table = slots(looks, 100, SECOND, newcomers={3})

    assert [slot for row, slot, _ in seen(table) if row == 1] == [0, 1, 2, 3]
    assert [slot for row, slot, _ in seen(table) if row == 2] == [16, 17, 18, 19]


def test_no_looks() -> None:
    assert seen(slots({}, 0, SECOND)) == []


@given(
    st.dictionaries(st.integers(1, 5), st.lists(st.integers(0, 9), min_size=1, max_size=60), min_size=1, max_size=4),
    st.integers(1, 6 * SECOND),
    st.sets(st.integers(1, 5)),
)
def test_every_look_is_in_one_slot_of_the_window(looks: dict[int, list[int]], span_ns: int, new: set[int]) -> None:
    table = slots(looks, max(map(len, looks.values())), span_ns, new)

    counted: Counter[int] = Counter()
    for row, slot, samples in seen(table):
        assert 0 <= slot * SLOT_NS < span_ns
        counted[row] += samples
    assert counted == Counter(row for rows in looks.values() for row in rows)
