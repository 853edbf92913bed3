"""The panes to choose from where only one fits."""

from textual import events
from textual.message import Message
from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.renderables.cells import Part, cells, strip_of
from perftui.tui.screens.arrange import PANES
from perftui.tui.widgets.line import LineView

SHORT = {"processes": "proc", "findings": "find", "proposals": "prop", "journal": "log", "resources": "res"}


class PaneChosen(Message):
    """A click on a tab."""

    def __init__(self, pane: str) -> None:
        super().__init__()
        self.pane = pane


class Tabs(LineView):
    """``1 processes  2 flame  3 findings 2 …``, the one that is shown marked."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.pane = PANES[0]

    def choose(self, pane: str) -> None:
        """Mark the pane that is shown."""
        self.pane = pane
        self.redraw()

    def labels(self) -> list[str]:
        """What the tabs say, short where the long form does not fit."""
        counts = _counts(self.update_shown)
        long = [f" {key} {name}{counts.get(name, '')} " for key, name in enumerate(PANES, 1)]
        if sum(map(cells, long)) <= self.size.width:
            return long
        return [f" {key} {SHORT.get(name, name)} " for key, name in enumerate(PANES, 1)]

    def draw(self, width: int, height: int) -> list[Strip]:  # noqa: ARG002 - one line whatever the height
        palette = self.palette
        parts: list[Part] = [
            (label, palette.selected if name == self.pane else palette.muted)
            for name, label in zip(PANES, self.labels(), strict=True)
        ]
        return [strip_of(parts, width, palette)]

    def on_click(self, event: events.Click) -> None:
        x = 0
        for name, label in zip(PANES, self.labels(), strict=True):
            x += cells(label)
            if event.x < x:
                self.post_message(PaneChosen(name))
                return


def _counts(update: Update | None) -> dict[str, str]:
    if update is None:
        return {}
    findings = len(update.diagnosis.findings) if update.diagnosis else 0
    return {"findings": f" {findings}", "proposals": f" {len(update.proposals)}"}
