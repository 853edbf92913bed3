"""What the tests of the whole screen share."""

import msgspec

from perftui.config import Config
from perftui.model.update import Update
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.sheet import Page, Sheet
from perftui.tui.widgets.line import LineView
from tests.tui.seam import StillSession


def started(session: StillSession | None = None, **settings: object) -> tuple[StillSession, PerftuiApp]:
    session = session or StillSession()
    return session, PerftuiApp(lambda: session, msgspec.structs.replace(Config(), **settings))


def quiet(update: Update) -> Update:
    """Without a change that waits for an answer."""
    return msgspec.structs.replace(update, journal=())


def rows(view: LineView) -> list[str]:
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def sheet_text(app: PerftuiApp) -> str:
    assert isinstance(app.screen, Sheet)
    return "\n".join(rows(app.screen.query_one(Page)))
