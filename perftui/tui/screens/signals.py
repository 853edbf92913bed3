"""A signal to a process, behind a dialog that starts on Cancel."""

from signal import Signals

from textual.strip import Strip

from perftui.model.target import ProcessId
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.findings import labelled
from perftui.tui.screens.confirm import CANCEL
from perftui.tui.screens.sheet import Sheet

SIGNALS = {name: Signals[f"SIG{name}"] for name in ("TERM", "INT", "HUP", "STOP", "CONT", "KILL")}
"""What can be sent, by the name on its button."""


def confirm_signal(process: ProcessId, name: str, command: str) -> Sheet:
    """Dismissed with a name out of ``SIGNALS``, or with ``CANCEL``."""

    def body(width: int, palette: Palette) -> list[Strip]:
        lines = [strip_of([("Send a signal?", palette.title)], width, palette), Strip.blank(width, palette.text)]
        facts = (
            ("pid", str(process.pid)),
            ("name", name),
            ("command", command),
            ("undo", "CONT undoes STOP; the others cannot be undone"),
        )
        return lines + [line for label, text in facts for line in labelled(label, text, width, palette)]

    return Sheet(body, (CANCEL, *SIGNALS))
