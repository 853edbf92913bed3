"""The page of a rule or a knob: its docstring."""

import inspect

from textual.strip import Strip

from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of, wrap
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
        lines = [strip_of([(title, palette.title)], width, palette), Strip.blank(width, palette.text)]
        for line in _filled(text, width):
            lines.append(strip_of([(line, palette.text)], width, palette))
        return lines

    return Sheet(body)


def _filled(text: str, width: int) -> list[str]:
    """Join the lines of each paragraph, then break them for this width."""
    filled: list[str] = []
    for paragraph in text.split("\n\n"):
        run: list[str] = []
        for line in paragraph.splitlines():
            starts_own = line.startswith((" ", "-", "*"))
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
