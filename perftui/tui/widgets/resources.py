"""Host and target resources with their history."""

from textual.strip import Strip

from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.resources import resource_lines
from perftui.tui.widgets.line import LineView


class Resources(LineView):
    """A row per resource: value, history, peak and what belongs to it, or why it is not visible."""

    def draw(self, width: int, height: int) -> list[Strip]:
        update = self.update_shown
        if update is None:
            return [
                self.title("Resources", "", width),
                strip_of([("measuring", self.palette.muted)], width, self.palette),
            ]
        cpus = len(update.sample.cpu.ticks) - 1 if update.sample.cpu else 0
        title = self.title("Resources", f"{cpus} CPUs" if cpus else "", width)
        return [title, *resource_lines(update, width, height - 1, self.palette)]
