"""What the command palette (Ctrl+P) offers."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from perftui.tui.screens.arrange import PANES

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp


def commands(app: "PerftuiApp") -> Iterator[SystemCommand]:
    """Everything that has a key, and what has none: the themes."""
    for pane in PANES:
        yield SystemCommand(f"Pane: {pane}", f"Go to the {pane} pane", partial(app.main.action_pane, pane))
    for name in sorted(app.themes):
        yield SystemCommand(f"Theme: {name}", "Change the colours", partial(app.use_theme, name))
    on_off = "off" if app.session.profiling else "on"
    yield SystemCommand(f"Profiling {on_off}", "Start or stop sampling stacks", app.action_profiling)
    yield SystemCommand("Pause", "Freeze what is shown; watching goes on", app.action_pause)
    yield SystemCommand("Maximise", "One pane over the whole screen, and back", app.main.action_zoom)
    yield SystemCommand("Whole host", "Let go of the target", app.action_leave_target)
    yield SystemCommand("Record", "Start or stop a recording", app.action_record)
    yield SystemCommand("Mark incident", "Save the last 15 minutes, to be opened elsewhere", app.action_incident)
    yield SystemCommand("Details", "All figures of the host and the target; what reading costs", app.action_details)
    yield SystemCommand("Keys", "All keys by pane", app.action_help)
    if not app.read_only:
        yield SystemCommand("Keep change", "Keep the change that waits for an answer", app.action_keep)
        yield SystemCommand("Undo change", "Put back the change that waits for an answer", app.action_undo)
    yield SystemCommand("Quit", "Leave perftui", app.action_quit)
