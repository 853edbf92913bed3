"""What was changed."""

from textual.strip import Strip

from perftui.tui.widgets.line import LineView


class JournalView(LineView):
    """What was changed."""

    can_focus = True

    def draw(self, width: int, height: int) -> list[Strip]:
        return [self.title("Journal", "", width)]
