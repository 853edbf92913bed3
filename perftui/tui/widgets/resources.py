"""Host and target resources with their history."""

from textual.strip import Strip

from perftui.tui.widgets.line import LineView


class Resources(LineView):
    """Host and target resources with their history."""

    can_focus = False

    def draw(self, width: int, height: int) -> list[Strip]:
        return [self.title("Resources", "", width)]
