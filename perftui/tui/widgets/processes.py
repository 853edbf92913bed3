"""The host's processes."""

from textual.strip import Strip

from perftui.tui.widgets.line import LineView


class ProcessList(LineView):
    """The host's processes."""

    can_focus = True

    def draw(self, width: int, height: int) -> list[Strip]:
        return [self.title("Processes", "", width)]
