"""The answer first."""

from textual.strip import Strip

from perftui.tui.widgets.line import LineView


class VerdictLine(LineView):
    """The verdict, what it rests on, and what watching costs. Three rows without a title."""

    paused = False

    def set_paused(self, paused: bool) -> None:
        """Show LIVE or PAUSED."""
        self.paused = paused
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        return []
