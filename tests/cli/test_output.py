"""What reaches stdout and stderr."""

import io
import json
import sys

import pytest

from perftui.cli.options import Options
from perftui.cli.output import colors, notice, put, put_json
from perftui.report.layout import Page


def test_letters_that_the_locale_lacks_are_spelled(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    put("é → x\n", Options())
    assert raw.getvalue() == b"\xe9 \\u2192 x\n"


def test_ascii_only(capsys: pytest.CaptureFixture[str]) -> None:
    put("é → x\n", Options(ascii_only=True))
    assert capsys.readouterr().out == "\\xe9 -> x\n"


def test_json_is_ascii_and_means_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    put_json({"a": "é→😀"})
    printed = capsys.readouterr().out
    assert printed.isascii()
    assert json.loads(printed) == {"a": "é→😀"}


def test_a_notice_is_one_harmless_line(capsys: pytest.CaptureFixture[str]) -> None:
    notice("a\nb\x1b[2J")
    assert capsys.readouterr().err == "perftui: a^Jb^[[2J\n"


@pytest.mark.parametrize(
    ("tty", "term", "no_color", "options", "expected"),
    [
        (True, "xterm", "", Options(), True),
        (False, "xterm", "", Options(), False),
        (True, "dumb", "", Options(), False),
        (True, "xterm", "1", Options(), False),
        (True, "xterm", "", Options(no_color=True), False),
        (True, "xterm", "", Options(plain=True), False),
    ],
)
def test_colours_need_a_terminal_that_wants_them(
    tty: bool, term: str, no_color: str, options: Options, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: tty)
    assert colors(options) is expected


def test_no_control_character_leaves_but_our_own_colours(capsys: pytest.CaptureFixture[str]) -> None:
    page = Page(color=True)
    for style in ("critical", "warning", "info", "good", "heading", "dim"):
        page.line("é word", style)
    put(page.text(), Options())
    assert capsys.readouterr().out == page.text()
    put("a\x1b[2Jb\x1b]0;x\x07\r\x9b\x7f\u202e\udcff\n\x1b[1;31mred\x1b[0m\x1b[8m\n", Options())
    assert capsys.readouterr().out == ("a^[[2Jb^[]0;x^G^M\\x9b^?\\u{202e}\\xff\n\x1b[1;31mred\x1b[0m^[[8m\n")
