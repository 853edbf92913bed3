"""The page of a rule or a knob: its docstring."""

import inspect
import re
from collections.abc import Iterator

from textual.strip import Strip

from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, strip_of, wrap
from perftui.tui.screens.sheet import Sheet


def explain_sheet(page_id: str) -> Sheet:
    """The page; it says so when there is none."""
    # Opened rarely: what only this needs stays out of the first frame.
    from perftui.analyze.rules import RULES
    from perftui.tune.knobs import KNOBS

    pages = {entry.id: inspect.getdoc(entry) or "" for entry in RULES}
    pages.update({entry.id: inspect.getdoc(entry) or "" for entry in KNOBS})
    return text_sheet(page_id, pages.get(page_id, "There is no page of that name."))


def text_sheet(title: str, text: str) -> Sheet:
    """Paragraphs are filled to the width; indented lines stay as they are."""

    def body(width: int, palette: Palette) -> list[Strip]:
        head = [strip_of([(title, palette.title)], width, palette), Strip.blank(width, palette.text)]
        return head + [strip_of(parts, width, palette) for parts in _styled(_filled(text, width), palette)]

    return Sheet(body)


def _styled(lines: list[str], palette: Palette) -> Iterator[list[Part]]:
    """Take out the marks of bold text and of code; both may go on in the next line."""
    styles = {"**": palette.title, "`": palette.accent}
    mark = ""
    for line in lines:
        parts: list[Part] = []
        for piece in re.split(r"(\*\*|`)", line):
            if piece in styles and mark in ("", piece):
                mark = "" if mark else piece
            else:
                parts.append((piece, styles.get(mark, palette.text)))
        yield parts


def _filled(text: str, width: int) -> list[str]:
    """Join the lines of each paragraph, then break them for this width."""
    filled: list[str] = []
    for paragraph in text.split("\n\n"):
        run: list[str] = []
        for line in paragraph.splitlines():
            starts_own = line.startswith((" ", "- ", "* "))
            if starts_own and run:
                filled += wrap(" ".join(run), width)
                run = []
            if starts_own:
                indent = line[: len(line) - len(line.lstrip())]
                filled += [indent + part for part in wrap(line.strip(), max(1, width - len(indent)))]
            else:
                run.append(line)
        filled += wrap(" ".join(run), width) if run else []
        filled.append("")
    return filled[:-1]
