"""Text that takes exactly as many terminal cells as it was given."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal

from rich.cells import get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from perftui.tui.palette import Palette

Part = tuple[str, Style]
"""A run of text in one style."""

ASCII_SIGNS = {
    "÷": "/", "×": "x", "→": "->", "≥": ">=", "≤": "<=", "–": "-", "—": "--", "…": "...", "·": ".", "±": "+/-",
    "−": "-", "✔": "+", "●": "o", "▲": "!", "✖": "X", "▶": ">", "›": ">",
    "↑": "+", "↓": "-",
}  # fmt: skip
"""How the signs that perftui itself writes are spelled where there is nothing but ASCII."""

_TO_ASCII = str.maketrans(ASCII_SIGNS)
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_VARIATION_SELECTORS = frozenset("\N{VARIATION SELECTOR-15}\N{VARIATION SELECTOR-16}")


def fit(text: str, width: int, *, align: Literal["left", "right"] = "left", ellipsis: str = "") -> str:
    """Pad or cut ``text`` to exactly ``width`` cells; a cut one ends in ``ellipsis`` (one cell, or nothing)."""
    if width <= 0:
        return ""
    if text.isascii() and text.isprintable():
        if len(text) > width:
            return text[: width - len(ellipsis)] + ellipsis
        return text.ljust(width) if align == "left" else text.rjust(width)
    return _fit_wide(text, width, align, ellipsis)


@lru_cache(maxsize=2048)
def _fit_wide(text: str, width: int, align: str, ellipsis: str) -> str:
    text = harmless(text)
    used = cells(text)
    if used > width:
        text = _cut(text, width - len(ellipsis)) + ellipsis
        used = cells(text)
    gap = " " * (width - used)
    return text + gap if align == "left" else gap + text


def harmless(text: str) -> str:
    """Put a replacement sign for whatever does not print: the net below ``host.text.visible``.

    Variation selectors go too, because terminals disagree on the width of what precedes them.
    """
    if text.isprintable() and _VARIATION_SELECTORS.isdisjoint(text):
        return text
    return "".join(char if char.isprintable() else REPLACEMENT for char in text if char not in _VARIATION_SELECTORS)


def spelled(text: str, palette: Palette) -> str:
    """The text with its own typographic signs spelled out in an ASCII terminal; do it before measuring."""
    return text if text.isascii() or not palette.ascii_only else text.translate(_TO_ASCII)


def elided(text: str, width: int, palette: Palette) -> str:
    """The text, or as many of its words as fit with an ellipsis; not padded."""
    text = harmless(spelled(text, palette))
    if cells(text) <= width:
        return text
    ellipsis = palette.glyphs.ellipsis
    return wrap(text, max(1, width - cells(ellipsis)))[0].rstrip(" ,;:") + ellipsis


def cells(text: str) -> int:
    """The cells that a harmless text takes."""
    return len(text) if text.isascii() else sum(map(get_character_cell_size, text))


def _cut(text: str, width: int) -> str:
    """The longest beginning that takes at most ``width`` cells, with the marks that combine with its last sign."""
    used = 0
    for at, char in enumerate(text):
        used += get_character_cell_size(char)
        if used > width:
            return text[:at]
    return text


def strip_of(parts: Iterable[Part], width: int, palette: Palette) -> Strip:
    """One line of exactly ``width`` cells; neighbours of one style become one segment.

    Every segment costs a colour code and a reset on the wire, so runs are joined here and nowhere else.
    """
    segments: list[Segment] = []
    run, run_style, left = "", palette.text, width
    for text, style in parts:
        if left <= 0:
            break
        if not text:
            continue
        if not (text.isascii() and text.isprintable()):
            text = harmless(spelled(text, palette))
        used = cells(text)
        if used > left:
            text, used = fit(text, left), left
        left -= used
        if style == run_style:
            run += text
        else:
            if run:
                segments.append(Segment(run, run_style))
            run, run_style = text, style
    if left > 0 and run_style != palette.text:
        segments.append(Segment(run, run_style))
        run, run_style = "", palette.text
    run += " " * left
    if run:
        segments.append(Segment(run, run_style))
    return Strip(segments, width)


def title_strip(title: str, hint: str, width: int, palette: Palette, *, focused: bool = False) -> Strip:
    """A pane's head line: ``─ Title ───── hint ─``. A focused pane is marked by a sign as well as by its style."""
    line = palette.glyphs.horizontal
    if width < 4:
        return strip_of([(line * width, palette.border)], width, palette)
    head = f"{palette.glyphs.target if focused else line} {harmless(title)} "
    head = fit(head, min(cells(head), width), ellipsis=palette.glyphs.ellipsis)
    room = width - cells(head)
    tail = f" {harmless(hint)} {line}" if hint else ""
    if cells(tail) > room:
        tail = ""
    rule = line * (room - cells(tail))
    return strip_of(
        [(head, palette.focus if focused else palette.title), (rule, palette.border), (tail, palette.muted)],
        width,
        palette,
    )


def wrap(text: str, width: int) -> list[str]:
    """Break at spaces into lines of at most ``width`` cells; a longer word is broken where it must be."""
    lines: list[str] = []
    line, used = "", 0
    for word in _pieces(harmless(text), width):
        taken = cells(word)
        if not line:
            line, used = word, taken
        elif used + 1 + taken <= width:
            line, used = f"{line} {word}", used + 1 + taken
        else:
            lines.append(line)
            line, used = word, taken
    return [*lines, line]


def _pieces(text: str, width: int) -> Iterator[str]:
    """The words of a text, those longer than ``width`` cells in pieces; a sign too wide for the width is left out."""
    for word in text.split(" "):
        start = used = 0
        if cells(word) <= width:
            yield word
            continue
        for at, char in enumerate(word):
            size = get_character_cell_size(char)
            if used + size > width:
                if used:
                    yield word[start:at]
                start, used = (at, 0) if size <= width else (at + 1, 0)
            used += size if size <= width else 0
        if start < len(word):
            yield word[start:]
