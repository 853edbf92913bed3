"""What could be changed."""

from textual.strip import Strip

from perftui.tui.widgets.line import LineView


class Proposals(LineView):
    """What could be changed."""

    can_focus = True

    def draw(self, width: int, height: int) -> list[Strip]:
        return [self.title("Proposals", "", width)]
