"""The answer first."""

from textual.strip import Strip

from perftui.model.target import Target
from perftui.model.update import Update
from perftui.tui.renderables.verdict import verdict_lines
from perftui.tui.widgets.line import LineView


class VerdictLine(LineView):
    """Four rows without a title, fewer where there is no room."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.paused = False
        self._target: Target | None = None
        self._since_ns = 0

    def show(self, update: Update) -> None:
        if update.sample.target != self._target or update.sample.monotonic_ns < self._since_ns:  # a replay jumps back
            self._target = update.sample.target
            self._since_ns = update.sample.monotonic_ns
        super().show(update)

    def set_paused(self, paused: bool) -> None:
        """Show PAUSED instead of LIVE."""
        self.paused = paused
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        update = self.update_shown
        measured = (update.sample.monotonic_ns - self._since_ns) / 1e9 if update else 0.0
        return verdict_lines(
            update,
            paused=self.paused,
            measured_seconds=measured,
            width=width,
            height=height,
            palette=self.palette,
        )
