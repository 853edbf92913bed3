"""Where a replay stands."""

from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.renderables.replay import replay_strip
from perftui.tui.widgets.line import LineView


class ReplayBar(LineView):
    """One row; empty in a live session, where it has no place."""

    def same(self, before: Update, now: Update) -> bool:
        return before.replay == now.replay

    def draw(self, width: int, height: int) -> list[Strip]:  # noqa: ARG002 - one line whatever the height
        status = self.update_shown.replay if self.update_shown else None
        return [replay_strip(status, width, self.palette)] if status else []
