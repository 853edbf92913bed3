import pytest
from rich.color import ColorType

from perftui.errors import ConfigError
from perftui.tui.palette import Palette
from tests.tui.screening import COLOURED, PLAIN, THEME


def test_a_theme_becomes_styles() -> None:
    assert COLOURED.critical.color is not None
    assert COLOURED.critical.color.name == "#ff5f5f"
    assert COLOURED.critical.bold
    assert COLOURED.selected.bgcolor is not None
    assert len(COLOURED.flame) == 2
    assert not COLOURED.text.color


def test_a_background_is_under_every_style() -> None:
    palette = Palette.from_theme({**THEME, "background": "#121212"}, colors="truecolor", ascii_only=False)
    assert palette.text.bgcolor is not None
    assert palette.text.bgcolor == palette.muted.bgcolor == palette.bar.bgcolor


def test_without_colours_only_attributes_are_left() -> None:
    styles = [PLAIN.text, PLAIN.muted, PLAIN.critical, PLAIN.selected, PLAIN.focus, *PLAIN.flame]
    assert not any(style.color or style.bgcolor for style in styles)
    assert PLAIN.selected.reverse
    assert not PLAIN.has_color


def test_sixteen_colours_are_the_terminals_own() -> None:
    palette = Palette.from_theme(THEME, colors="16", ascii_only=False)
    assert palette.good.color is not None
    assert palette.good.color.type is ColorType.STANDARD


def test_ascii_has_no_other_signs() -> None:
    glyphs = PLAIN.glyphs
    signs = [getattr(glyphs, name) for name in glyphs.__struct_fields__]
    assert all(sign.isascii() for sign in signs)
    assert len(glyphs.levels) == len(COLOURED.glyphs.levels) == 9


def test_severities_differ_in_sign_and_style() -> None:
    for palette in (COLOURED, PLAIN):
        marks = [palette.of_severity(severity) for severity in ("info", "warning", "critical")]
        assert len({sign for sign, _ in marks}) == 3


def test_what_is_no_colour_is_named() -> None:
    with pytest.raises(ConfigError, match=r'accent = "blurple"'):
        Palette.from_theme({"accent": "blurple"}, colors="256", ascii_only=False)
    with pytest.raises(ConfigError, match="flame"):
        Palette.from_theme({"flame": "red nocolour"}, colors="256", ascii_only=False)
