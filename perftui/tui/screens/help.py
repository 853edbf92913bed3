"""All keys, by pane. The lists come from the bindings themselves."""

from collections.abc import Mapping, Sequence

from textual.binding import Binding, BindingType
from textual.strip import Strip
from textual.widget import Widget

from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import fit, strip_of
from perftui.tui.screens.sheet import Sheet

KEY_NAMES = {
    "slash": "/",
    "at": "@",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "question_mark": "?",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "backspace": "Backspace",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "home": "Home",
    "end": "End",
    "left": "Left",
    "right": "Right",
    "up": "Up",
    "down": "Down",
}
WRITING_ACTIONS = ("choose", "keep", "undo", "signal")
"""Bindings of these actions write to the system: they are not listed in a read-only session."""


def help_sheet(everywhere: Sequence[BindingType], panes: Mapping[str, Widget], *, read_only: bool) -> Sheet:
    """A block for the keys that work everywhere, one for each pane that takes keys; a key and what it does per line."""
    sections = [("Everywhere", everywhere)]
    sections += [(name.title(), _bindings_of(pane)) for name, pane in panes.items() if pane.can_focus]
    blocks = [(title, key_lines(bindings, read_only=read_only)) for title, bindings in sections]

    def body(width: int, palette: Palette) -> list[Strip]:
        lines = []
        for title, keys in blocks:
            lines.append(strip_of([(title, palette.title)], width, palette))
            for key, what in keys:
                parts = [(f"  {fit(key, 22)}", palette.accent), (what, palette.text)]
                lines.append(strip_of(parts, width, palette))
            lines.append(Strip.blank(width, palette.text))
        return lines[:-1]

    return Sheet(body)


def _bindings_of(pane: Widget) -> list[BindingType]:
    """Its own keys, then those it has from its base classes."""
    return [binding for owner in type(pane).__mro__ for binding in vars(owner).get("BINDINGS", ())]


def key_lines(bindings: Sequence[BindingType], *, read_only: bool) -> list[tuple[str, str]]:
    """``("t  F5", "Tree")`` for each binding that has a description."""
    found = [binding for binding in bindings if isinstance(binding, Binding) and binding.description]
    if read_only:
        found = [binding for binding in found if binding.action not in WRITING_ACTIONS]
    return [(key_names(binding.key), binding.description) for binding in found]


def key_names(keys: str) -> str:
    """``slash,f4`` as ``/  F4``."""
    return "  ".join(_key_name(key) for key in keys.split(","))


def _key_name(key: str) -> str:
    if key in KEY_NAMES:
        return KEY_NAMES[key]
    if key.startswith(("ctrl+", "shift+")):
        modifier, _, rest = key.partition("+")
        return f"{modifier.title()}+{KEY_NAMES.get(rest, rest.upper())}"
    return key.upper() if key[0] == "f" and key[1:].isdigit() else key
