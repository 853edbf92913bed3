"""Host and target resources with their history."""

from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.resources import resource_lines
from perftui.tui.widgets.line import LineView


class Resources(LineView):
    """A row per resource: value, history, peak and what belongs to it, or why it is not visible."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._ticks = 0

    def show(self, update: Update) -> None:
        self._ticks += 1
        super().show(update)

    def draw(self, width: int, height: int) -> list[Strip]:
        update = self.update_shown
        if update is None:
            nothing = strip_of([("measuring", self.palette.muted)], width, self.palette)
            return [self.title("Resources", "", width), nothing]
        title = self.title("Resources", _scale(update), width)
        return [title, *resource_lines(update, width, height - 1, self.palette, self._ticks)]


def _scale(update: Update) -> str:
    """How many CPUs, and how long a bar is."""
    cpus = f"{len(update.sample.cpu.ticks) - 1} CPUs" if update.sample.cpu else ""
    bar = f"{2 * update.interval.seconds:.0f} s a bar" if update.interval else ""
    return ", ".join(part for part in (cpus, bar) if part)
