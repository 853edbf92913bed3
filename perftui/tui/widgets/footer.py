"""The keys of the focused pane."""

from collections.abc import Sequence

from textual.strip import Strip

from perftui.tui.renderables.cells import strip_of
from perftui.tui.widgets.line import LineView

Hint = tuple[str, str]
"""A key and what it does."""


class Footer(LineView):
    """One line of key hints; ``show`` is not needed, ``set_hints`` is."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._hints: tuple[Hint, ...] = ()

    def set_hints(self, hints: Sequence[Hint]) -> None:
        self._hints = tuple(hints)
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:
        return [strip_of([(f"{key} {what}  ", self.palette.muted) for key, what in self._hints], width, self.palette)]
