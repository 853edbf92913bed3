"""What reaches the screen has no character that acts or hides."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.host.text import visible


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"python3 app.py", "python3 app.py"),
        (b"[red]$(x)\x1b]0;pwn\x07", "[red]$(x)^[]0;pwn^G"),
        ("naïve – 漢字", "naïve – 漢字"),
        (b"a\nb\tc\x7f", "a^Jb^Ic^?"),
        (b"\xc2\x9b31m", "\\x9b31m"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ("rtl\u202etxt.exe", "rtl\\u{202e}txt.exe"),
        ("zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"),
        ("line\u2028sep\u2029", "line\\u{2028}sep\\u{2029}"),
        ("\udcff and \ud800", "\\xff and \\u{d800}"),
        ("tag\U000e0041 filler\u3164 selector\ufe0f", "tag\\u{e0041} filler\\u{3164} selector\\u{fe0f}"),
        ("", ""),
    ],
)
def test_hostile_characters_are_spelled_out(raw: bytes | str, shown: str) -> None:
    assert visible(raw) == shown


def test_long_text_is_cut_with_a_mark() -> None:
    assert visible(b"x" * 100_000, 512) == "x" * 511 + "…"
    assert visible("x" * 512, 512) == "x" * 512
    assert len(visible(b"\x1b" * 600, 512)) == 512


@given(st.one_of(st.binary(), st.text(st.characters())), st.integers(1, 50))
def test_nothing_that_acts_or_hides_survives(raw: bytes | str, limit: int) -> None:
    shown = visible(raw, limit)
    assert len(shown) <= limit
    assert shown.isprintable()
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in shown)
    shown.encode("utf-8")


@given(st.text(st.characters(whitelist_categories=("Lu", "Ll", "Nd", "Po")).filter(lambda char: char not in "\uffa0")))
def test_plain_text_is_left_alone(text: str) -> None:
    assert visible(text, 10_000) == text
