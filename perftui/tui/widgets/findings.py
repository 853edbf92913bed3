"""What limits the target, with the evidence."""

from textual.strip import Strip

from perftui.tui.widgets.line import LineView


class Findings(LineView):
    """What limits the target, with the evidence."""

    can_focus = True

    def draw(self, width: int, height: int) -> list[Strip]:
        return [self.title("Findings", "", width)]
