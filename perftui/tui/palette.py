"""The styles that panes draw with: one per meaning, never a colour by name."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from rich.color import Color, ColorParseError, ColorSystem
from rich.style import Style

from perftui.errors import ConfigError
from perftui.model.finding import Severity

Colors = Literal["none", "16", "256", "truecolor"]

COLOR_NAMES = (
    "background", "text", "muted", "title", "border", "accent", "good", "warning", "critical",
    "bar", "bar_alt", "selected", "selected_text", "focus", "flame", "flame_text",
)  # fmt: skip
"""The keys of a theme's ``[colors]`` table.

``flame`` holds several colours with spaces between; ``background = "default"`` leaves the terminal's own,
which also saves a fifth of the bytes. ``selected`` and ``flame`` are backgrounds, ``selected_text`` and
``flame_text`` the text on them.
"""


class Glyphs(msgspec.Struct, frozen=True, kw_only=True):
    """The signs that carry meaning beside the colour: ``levels`` nine heights, the first one empty, ``shades`` five."""

    levels: str
    shades: str
    horizontal: str
    vertical: str
    ellipsis: str
    arrow: str
    target: str
    cursor: str
    good: str
    info: str
    warning: str
    critical: str
    unknown: str
    more: str
    less: str
    branch: str
    last_branch: str
    trunk: str
    expanded: str
    dash: str


UNICODE_GLYPHS = Glyphs(
    levels=" ▁▂▃▄▅▆▇█",
    shades="·░▒▓█",
    horizontal="─",
    vertical="│",
    ellipsis="…",
    arrow="→",
    target="▶",
    cursor="›",
    good="✔",
    info="●",
    warning="▲",
    critical="✖",
    unknown="?",
    more="▲",
    less="▼",
    branch="├─ ",
    last_branch="└─ ",
    trunk="│  ",
    expanded="▾",
    dash="–",
)
ASCII_GLYPHS = Glyphs(
    levels=" .:-=+*%#",
    shades=".:+*#",
    horizontal="-",
    vertical="|",
    ellipsis="~",
    arrow="->",
    target=">",
    cursor=">",
    good="+",
    info="i",
    warning="!",
    critical="X",
    unknown="?",
    more="^",
    less="v",
    branch="|- ",
    last_branch="`- ",
    trunk="|  ",
    expanded="v",
    dash="-",
)


class Palette(msgspec.Struct, frozen=True, kw_only=True):
    """Styles by meaning. Without colours they differ in bold, reverse and underline only."""

    text: Style
    muted: Style
    title: Style
    border: Style
    accent: Style
    good: Style
    warning: Style
    critical: Style
    bar: Style
    bar_alt: Style
    selected: Style
    focus: Style
    flame: tuple[Style, ...]
    glyphs: Glyphs
    has_color: bool

    @classmethod
    def from_theme(cls, mapping: Mapping[str, str], *, colors: Colors, ascii_only: bool) -> "Palette":
        """Build from the keys in ``COLOR_NAMES``; missing ones are the terminal's default.

        ConfigError names the key whose value is no colour.
        """
        glyphs = ASCII_GLYPHS if ascii_only else UNICODE_GLYPHS
        if colors == "none":
            return _colourless(glyphs)

        def color(name: str, text: str | None = None) -> Color | None:
            return _color(name, text if text is not None else mapping.get(name, "default"), colors)

        behind = color("background")

        def ink(name: str, *, bold: bool | None = None) -> Style:
            return Style(color=color(name), bgcolor=behind, bold=bold)

        selected, flame_text = color("selected"), color("flame_text")
        flame = tuple(
            Style(color=flame_text, bgcolor=color("flame", name)) for name in mapping.get("flame", "").split()
        )
        return cls(
            text=ink("text"),
            muted=ink("muted"),
            title=ink("title", bold=True),
            border=ink("border"),
            accent=ink("accent", bold=True),
            good=ink("good"),
            warning=ink("warning", bold=True),
            critical=ink("critical", bold=True),
            bar=ink("bar"),
            bar_alt=ink("bar_alt"),
            selected=Style(color=color("selected_text"), bgcolor=selected, reverse=None if selected else True),
            focus=ink("focus", bold=True),
            flame=flame or (Style(reverse=True),),
            glyphs=glyphs,
            has_color=True,
        )

    @property
    def ascii_only(self) -> bool:
        """Whether signs beyond ASCII are not wanted."""
        return self.glyphs is ASCII_GLYPHS

    def of_severity(self, severity: Severity) -> tuple[str, Style]:
        """The sign and the style of a finding's severity."""
        if severity == "critical":
            return self.glyphs.critical, self.critical
        if severity == "warning":
            return self.glyphs.warning, self.warning
        return self.glyphs.info, self.accent


def _color(name: str, text: str, colors: Colors) -> Color | None:
    if text == "default":
        return None
    try:
        color = Color.parse(text)
    except ColorParseError as error:
        raise ConfigError(f'theme colour {name} = "{text}": give "#rrggbb", a name like "blue" or "default"') from error
    return color.downgrade(ColorSystem.STANDARD) if colors == "16" else color


def _colourless(glyphs: Glyphs) -> Palette:
    plain, bold, reverse = Style(), Style(bold=True), Style(reverse=True)
    return Palette(
        text=plain,
        muted=plain,
        title=bold,
        border=plain,
        accent=bold,
        good=plain,
        warning=bold,
        critical=Style(bold=True, underline=True),
        bar=plain,
        bar_alt=plain,
        selected=reverse,
        focus=Style(bold=True, reverse=True),
        flame=(reverse, Style(reverse=True, underline=True)),
        glyphs=glyphs,
        has_color=False,
    )
