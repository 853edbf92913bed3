"""The row under the verdict that asks for an answer or tells what happened."""

from textual.strip import Strip

from perftui.host import clock
from perftui.tui.renderables.banner import change_strip, notice_strip, waiting_entry
from perftui.tui.widgets.line import LineView


class Banner(LineView):
    """A change waiting for keep or undo goes before notices. Its clock is the wall's, so it runs on in a pause."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.notices: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.notices) or waiting_entry(self.update_shown) is not None

    def tell(self, text: str) -> None:
        """Show a notice before the others."""
        self.notices = (text, *self.notices)
        self.redraw()

    def dismiss(self) -> None:
        """Drop the notice that is shown."""
        self.notices = self.notices[1:]
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:  # noqa: ARG002 - one line whatever the height
        entry = waiting_entry(self.update_shown)
        if entry is not None:
            return [change_strip(entry, clock.wall_ns(), width, self.palette)]
        return [notice_strip(self.notices, width, self.palette)] if self.notices else []
