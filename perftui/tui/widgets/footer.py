"""The keys of the focused pane."""

from collections.abc import Iterator, Sequence

from textual.strip import Strip

from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, strip_of
from perftui.tui.widgets.line import Hint, LineView


class Footer(LineView):
    """One line of key hints. It changes with the focus, not with the tick: ``set_hints``, never ``show``."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._hints: tuple[Hint, ...] = ()

    def set_hints(self, hints: Sequence[Hint]) -> None:
        """The most useful first: what does not fit is left out."""
        self._hints = tuple(hints)
        self.redraw()

    def draw(self, width: int, height: int) -> list[Strip]:  # noqa: ARG002 - one line whatever the height
        return [strip_of(hint_parts(self._hints, width, self.palette), width, self.palette)]


def hint_parts(hints: Sequence[Hint], width: int, palette: Palette) -> Iterator[Part]:
    """``Enter attach  / filter``; a hint that would be cut is not shown."""
    for key, what in hints:
        text = f" {what}  "
        width -= cells(key) + cells(text)
        if width + 2 < 0:
            return
        yield key, palette.title
        yield text, palette.muted
