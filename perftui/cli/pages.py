"""A rule's or knob's docstring is its page."""

import difflib
import inspect

from perftui.analyze.rules import RULES
from perftui.errors import UsageError
from perftui.report.layout import Page
from perftui.tune.knobs import KNOBS


def page(page_id: str) -> str:
    """The page of one rule or knob. UsageError, with close matches, when there is none."""
    pages = {**_pages(RULES), **_pages(KNOBS)}
    if page_id not in pages:
        close = difflib.get_close_matches(page_id, pages, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}?" if close else "perftui explain lists all"
        raise UsageError(f'no rule or knob "{page_id}"; {hint}')
    return f"{page_id}\n\n{pages[page_id]}\n"


def listing() -> str:
    """All ids with the first line of their page."""
    sheet = Page()
    for title, pages in (("Rules", _pages(RULES)), ("Knobs", _pages(KNOBS))):
        sheet.heading(title)
        sheet.columns([(page_id, text.partition("\n")[0]) for page_id, text in pages.items()])
    return sheet.text().lstrip("\n")


def _pages(explained: tuple[object, ...]) -> dict[str, str]:
    return {str(getattr(entry, "id", "")): inspect.getdoc(entry) or "" for entry in explained}
