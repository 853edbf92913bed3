from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, fit, harmless, strip_of, title_strip, wrap
from tests.tui.screening import COLOURED, HOSTILE, PALETTES, WIDTHS, checked

BOLD = Style(bold=True)


@given(HOSTILE, WIDTHS, st.sampled_from(["left", "right"]), st.sampled_from(["", "~", "…"]))
def test_fit_takes_exactly_the_cells_it_is_given(text: str, width: int, align: str, ellipsis: str) -> None:
    fitted = fit(text, width, align="left" if align == "left" else "right", ellipsis=ellipsis)
    assert cell_len(fitted) == width
    assert fitted.isprintable()


def test_fit_pads_cuts_and_marks_the_cut() -> None:
    assert fit("abc", 5) == "abc  "
    assert fit("abc", 5, align="right") == "  abc"
    assert fit("abcdef", 4, ellipsis="…") == "abc…"
    assert fit("日本語", 5) == "日本 "
    assert fit("日本語", 4, ellipsis="…") == "日… "


@given(HOSTILE)
def test_harmless_text_has_as_many_cells_as_the_terminal_will_use(text: str) -> None:
    assert cells(harmless(text)) == cell_len(harmless(text))
    assert harmless(text).isprintable()


def test_harmless_shows_that_something_was_there() -> None:
    assert harmless("a\x1bb") == "a\N{REPLACEMENT CHARACTER}b"
    assert harmless("plain é 日") == "plain é 日"


@given(st.lists(st.tuples(HOSTILE, st.sampled_from([BOLD, Style(), COLOURED.muted])), max_size=6), WIDTHS, PALETTES)
def test_a_strip_is_exactly_as_wide_as_asked(parts: list[tuple[str, Style]], width: int, palette: Palette) -> None:
    checked([strip_of(parts, width, palette)], width)


def test_neighbours_of_one_style_are_one_segment() -> None:
    strip = strip_of([("a", BOLD), ("b", BOLD), ("", Style(italic=True)), ("c", BOLD)], 6, COLOURED)
    assert [(segment.text, segment.style) for segment in strip] == [("abc", BOLD), ("   ", COLOURED.text)]


@given(HOSTILE, HOSTILE, WIDTHS, PALETTES, st.booleans())
def test_a_title_fits_any_width(title: str, hint: str, width: int, palette: Palette, focused: bool) -> None:
    checked([title_strip(title, hint, width, palette, focused=focused)], width)


def test_a_focused_title_differs_in_its_signs_too() -> None:
    plain = title_strip("Findings", "2", 40, COLOURED)
    focused = title_strip("Findings", "2", 40, COLOURED, focused=True)
    assert plain.text != focused.text


@given(HOSTILE, st.integers(min_value=1, max_value=80))
def test_wrapped_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert lines
    assert all(cell_len(line) <= width for line in lines)
    if width >= 2:
        assert "".join("".join(lines).split()) == "".join(harmless(text).split(" "))


def test_wrap_breaks_at_spaces() -> None:
    assert wrap("the quick brown fox", 10) == ["the quick", "brown fox"]
    assert wrap("", 10) == [""]
    assert wrap("abcdefgh", 3) == ["abc", "def", "gh"]
