"""Every text is found, nothing else is touched."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.table import Table
from perftui.model.target import ProcessId, Target
from perftui.model.texts import Rewriter


class Nest(msgspec.Struct, frozen=True):
    name: str
    raw: bytes
    inner: tuple["Nest", ...] = ()
    facts: dict[str, str] = {}


def test_texts_are_changed_wherever_they_stand() -> None:
    nest = Nest("a", b"a", (Nest("a", b"b", (), {"a": "a"}),))
    assert Rewriter(str.upper)(nest) == Nest("A", b"a", (Nest("A", b"b", (), {"a": "A"}),))


def test_what_does_not_change_is_the_same_object() -> None:
    target = Target(kind="process", process=ProcessId(pid=1, start_ticks=2), command="python")
    rewrite = Rewriter(lambda text: text)
    assert rewrite(target) is target
    assert rewrite(target.process) is target.process


def test_a_table_keeps_its_integers() -> None:
    table = Table.of({"pid": [1, 2]}, {"name": ["sh", "python"]})
    now = Rewriter(str.upper)(table)
    assert now.columns is not None
    assert list(now.ints("pid")) == [1, 2]
    assert now.text("name") == ("SH", "PYTHON")


def test_each_text_is_asked_for_once() -> None:
    asked: list[str] = []

    def change(text: str) -> str:
        asked.append(text)
        return text * 2

    rewrite = Rewriter(change)
    assert rewrite(("a", "b", "a")) == ("aa", "bb", "aa")
    assert rewrite(["a", "c"]) == ["aa", "cc"]
    assert asked == ["a", "b", "c"]


@given(
    st.recursive(
        st.text() | st.integers() | st.binary(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_plain_values_come_back_equal(value: object) -> None:
    assert Rewriter(lambda text: text)(value) == value
