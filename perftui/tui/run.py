"""From a terminal to an exit code."""

import sys
from collections.abc import Callable

from perftui.config import Config
from perftui.tui import terminal
from perftui.tui.app import PerftuiApp
from perftui.tui.watching import Watching

SWITCH_SECONDS = 0.001
"""A key is drawn in several steps, each of which may wait so long for the session's thread to pause (usually 5 ms)."""


def run_app(
    open_session: Callable[[], Watching],
    config: Config,
    *,
    no_mouse: bool = False,
    ascii_only: bool = False,
    no_color: bool = False,
) -> int:
    """Run the screen on this terminal until it is left; the exit code (128 + n after signal n)."""
    sys.setswitchinterval(SWITCH_SECONDS)
    app = PerftuiApp(open_session, config, no_mouse=no_mouse, ascii_only=ascii_only, no_color=no_color)
    return terminal.run_to_end(app, mouse=app.mouse, stop=app.stop_session)
