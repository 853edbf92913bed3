"""Themes: ``themes/*.toml``, a name and a flat table of colours, shipped with perftui or written by the user."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.resources import files
from importlib.resources.abc import Traversable

import msgspec
from textual.theme import BUILTIN_THEMES
from textual.theme import Theme as TextualTheme

from perftui.config import default_path
from perftui.errors import ConfigError
from perftui.tui.palette import COLOR_NAMES, Colors, Palette

FALLBACK = "dark"
SIXTEEN = "ansi16"
"""What a terminal with sixteen colours gets unless the configuration asks for another one."""

MAX_FILE_BYTES = 64 * 1024


class Theme(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One theme file. ``colors`` has the keys of ``palette.COLOR_NAMES``."""

    name: str
    dark: bool
    colors: dict[str, str]


def load_themes() -> dict[str, Theme]:
    """All themes by name, the user's own last, so that they win. ConfigError names a file that is wrong."""
    themes = {}
    for folder in (_shipped(), default_path().parent / "themes"):
        for file in _toml_files(folder):
            theme = _load(file)
            themes[theme.name] = theme
    return themes


def pick_theme(themes: Mapping[str, Theme], wanted: str, colors: Colors) -> Theme:
    """The theme of that name; few colours change the default one only. ConfigError lists what there is."""
    if wanted == FALLBACK and colors in ("16", "none"):
        wanted = SIXTEEN
    if wanted not in themes:
        raise ConfigError(f'theme = "{wanted}": there is none of that name; known are {", ".join(sorted(themes))}')
    return themes[wanted]


def textual_theme(theme: Theme) -> TextualTheme:
    """The same for Textual's own parts: dialogs' background, the command palette."""
    color = {name: _css(value) for name, value in theme.colors.items() if name != "flame"}
    if color["background"] == "ansi_default":
        return replace(BUILTIN_THEMES["ansi-dark" if theme.dark else "ansi-light"], name=theme.name)
    return TextualTheme(
        name=theme.name,
        dark=theme.dark,
        primary=color["accent"],
        secondary=color["title"],
        accent=color["focus"],
        warning=color["warning"],
        error=color["critical"],
        success=color["good"],
        foreground=color["text"],
        background=color["background"],
        surface=color["background"],
        panel=color["background"],
    )


def _shipped() -> Traversable:
    """``perftui/themes`` in an installed package, ``themes`` beside the package in a source checkout."""
    packaged = files("perftui") / "themes"
    return packaged if packaged.is_dir() else files("perftui") / ".." / "themes"


def _toml_files(folder: Traversable) -> Iterator[Traversable]:
    if folder.is_dir():
        yield from sorted(
            (file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name
        )


def _load(file: Traversable) -> Theme:
    try:
        theme = msgspec.convert(tomllib.loads(_text(file)), Theme)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"{file}: {error}") from error
    missing, unknown = set(COLOR_NAMES) - set(theme.colors), set(theme.colors) - set(COLOR_NAMES)
    for names, trouble in ((missing, "lacks"), (unknown, "has unknown")):
        if names:
            raise ConfigError(f"{file}: [colors] {trouble} {', '.join(sorted(names))}")
    try:
        Palette.from_theme(theme.colors, colors="truecolor", ascii_only=False)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from error
    return theme


def _text(file: Traversable) -> str:
    with file.open("rb") as stream:
        return stream.read(MAX_FILE_BYTES).decode()


def _css(color: str) -> str:
    """A colour as Textual's CSS writes it."""
    return color if color.startswith("#") else f"ansi_{color}"
