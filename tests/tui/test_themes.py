"""Theme files: the shipped ones are right and legible, wrong ones are named."""

from pathlib import Path

import pytest
from rich.color import Color as RichColor
from textual.color import Color

from perftui.errors import ConfigError
from perftui.tui.palette import COLOR_NAMES, Colors, Palette
from perftui.tui.themes import load_themes, pick_theme, textual_theme

SHIPPED = {"dark", "light", "contrast", "ansi16"}


@pytest.fixture(autouse=True)
def config_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "perftui" / "themes"
    folder.mkdir(parents=True)
    return folder


def test_four_themes_are_shipped_and_complete() -> None:
    themes = load_themes()
    assert set(themes) == SHIPPED
    for theme in themes.values():
        assert set(theme.colors) == set(COLOR_NAMES)
        assert textual_theme(theme).name == theme.name


@pytest.mark.parametrize("name", ["dark", "light", "contrast"])
def test_text_can_be_read(name: str) -> None:
    """Contrast 4.5:1 for text (WCAG AA), 3:1 for what is quiet or large; 7:1 in the high-contrast theme."""
    colors = load_themes()[name].colors
    wanted = 7.0 if name == "contrast" else 4.5
    behind = Color.parse(colors["background"])
    for ink in ("text", "title", "accent", "good", "warning", "critical", "focus"):
        assert _contrast(Color.parse(colors[ink]), behind) >= wanted, ink
    assert _contrast(Color.parse(colors["muted"]), behind) >= 4.5
    flame_text = Color.parse(colors["flame_text"])
    for hue in colors["flame"].split():
        assert _contrast(flame_text, Color.parse(hue)) >= 3.9, hue
    assert _contrast(Color.parse(colors["selected_text"]), Color.parse(colors["selected"])) >= 4.5


def _contrast(one: Color, other: Color) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: Color) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)


@pytest.mark.parametrize("colors", ["none", "16", "256", "truecolor"])
def test_every_theme_makes_a_palette_for_every_terminal(colors: Colors) -> None:
    for theme in load_themes().values():
        palette = Palette.from_theme(theme.colors, colors=colors, ascii_only=False)
        assert palette.has_color is (colors != "none")


def test_the_dark_theme_looks_the_same_in_256_colours() -> None:
    for name, text in load_themes()["dark"].colors.items():
        for hue in text.split():
            rgb = RichColor.parse(hue).triplet
            assert rgb is not None
            grey = rgb.red == rgb.green == rgb.blue
            assert grey or set(rgb) <= {0, 95, 135, 175, 215, 255}, name


def test_few_colours_bring_the_sixteen_colour_theme() -> None:
    themes = load_themes()
    assert pick_theme(themes, "dark", "16").name == "ansi16"
    assert pick_theme(themes, "light", "16").name == "light"
    assert pick_theme(themes, "dark", "256").name == "dark"


def test_an_unknown_theme_is_told_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r'"drak".*ansi16, contrast, dark, light'):
        pick_theme(load_themes(), "drak", "256")


def _user_theme(**changes: str) -> str:
    colors = {**load_themes()["dark"].colors, **changes}
    table = "\n".join(f'{name} = "{text}"' for name, text in colors.items())
    return f'name = "mine"\ndark = true\n[colors]\n{table}\n'


def test_the_users_themes_are_added(config_home: Path) -> None:
    (config_home / "mine.toml").write_text(_user_theme(accent="#ff00ff"))
    themes = load_themes()
    assert set(themes) == {*SHIPPED, "mine"}
    assert themes["mine"].colors["accent"] == "#ff00ff"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "mine.toml: Invalid value"),
        ('name = "mine"\n', "mine.toml: Object missing required field"),
        ('name = "mine"\ndark = true\n[colors]\ntext = "red"\n', r"mine.toml: \[colors\] lacks accent"),
        (_user_theme(accnt="#000000"), r"mine.toml: \[colors\] has unknown accnt"),
        (_user_theme(accent="purplish"), "mine.toml: theme colour accent"),
    ],
)
def test_a_wrong_theme_is_named(text: str, said: str, config_home: Path) -> None:
    (config_home / "mine.toml").write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_themes()
