"""Plain text stays within its width, whatever goes in."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.report.layout import Page, clipped, to_ascii

WORDS = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=200)


@given(WORDS, WORDS, st.lists(st.tuples(st.text("ab", max_size=9), WORDS), max_size=4))
def test_no_line_is_wider_than_the_page(heading: str, text: str, rows: list[tuple[str, str]]) -> None:
    page = Page()
    page.heading(heading)
    page.paragraph(text)
    page.labelled("Advice", text)
    page.marked("ok", "good", "kernel.task_delayacct", text)
    page.columns(rows)
    assert all(len(line) <= 80 for line in page.text().split("\n"))


def test_colour_is_there_only_when_asked_for() -> None:
    for color in (False, True):
        page = Page(color=color)
        page.line("x", "critical")
        page.labelled("Blame", "y")
        assert ("\x1b" in page.text()) is color


def test_columns_are_aligned_and_numbers_to_the_right() -> None:
    page = Page()
    page.columns([("a", "1 %", "x"), ("bbb", "44 %", "y")], right=frozenset({1}))
    assert page.text() == "  a     1 %  x\n  bbb  44 %  y\n"


def test_what_is_said_beside_a_name_is_whole() -> None:
    page = Page(width=30)
    page.marked("ok", "good", "name", "word " * 8)
    page.marked("ok", "good", "other", "")
    assert page.text() == "  ok  name  word word word\n            word word word\n            word word\n  ok  other\n"


def test_a_cut_is_marked() -> None:
    assert clipped("abcdef", 4) == "abc…"


@given(st.text())
def test_ascii_is_ascii(text: str) -> None:
    assert to_ascii(text).isascii()


def test_signs_have_lookalikes() -> None:
    assert to_ascii("0 → −5 …é") == "0 -> -5 ...\\xe9"
