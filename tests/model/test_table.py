import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.table import Table

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.tuples(INT64, INT64, st.text(max_size=5))))
def test_rows_come_back_as_they_were_put_in_also_through_messagepack(rows: list[tuple[int, int, str]]) -> None:
    table = Table.of({"a": [row[0] for row in rows], "b": [row[1] for row in rows]}, {"t": [row[2] for row in rows]})
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(table), type=Table)
    assert again == table
    assert len(again) == len(rows)
    assert list(again.rows("b", "a")) == [(row[1], row[0]) for row in rows]
    assert again.text("t") == tuple(row[2] for row in rows)


def test_an_unknown_column_is_an_error() -> None:
    with pytest.raises(KeyError):
        Table.of({"a": [1]}).ints("b")
