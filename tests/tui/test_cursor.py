from hypothesis import given
from hypothesis import strategies as st

from perftui.tui.widgets.cursor import scrolled


@given(
    st.lists(st.integers(min_value=1, max_value=9), min_size=1, max_size=30),
    st.integers(min_value=0, max_value=200),
    st.integers(min_value=1, max_value=20),
    st.data(),
)
def test_the_block_under_the_cursor_is_seen(heights: list[int], top: int, room: int, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(min_value=0, max_value=len(heights) - 1))
    first = scrolled(top, heights, cursor, room)
    start, end = sum(heights[:cursor]), sum(heights[: cursor + 1])
    assert first <= start
    assert min(end, start + room) <= first + room
    assert 0 <= first <= max(0, sum(heights) - room)


def test_the_list_moves_as_little_as_possible() -> None:
    heights = [1] * 20
    assert scrolled(5, heights, 7, 10) == 5
    assert scrolled(5, heights, 15, 10) == 6
    assert scrolled(5, heights, 3, 10) == 3
    assert scrolled(15, heights[:8], 3, 10) == 0
