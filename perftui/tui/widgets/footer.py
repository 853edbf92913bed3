"""The keys of the focused pane."""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, strip_of
from perftui.tui.widgets.line import Hint, LineView


class Footer(LineView):
    """One line of key hints. It changes with the focus (``set_hints``), not with the tick."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._own: tuple[Hint, ...] = ()
        self._always: tuple[Hint, ...] = ()
        self._more: tuple[Hint, ...] = ()

    def set_hints(self, own: Sequence[Hint], always: Sequence[Hint] = (), more: Sequence[Hint] = ()) -> None:
        """Each with the most useful first: what does not fit is left out, of ``always`` last."""
        self._own, self._always, self._more = tuple(own), tuple(always), tuple(more)
        self.redraw()

    def same(self, before: Update, now: Update) -> bool:  # noqa: ARG002 - no update changes it
        return True

    def draw(self, width: int, height: int) -> list[Strip]:  # noqa: ARG002 - one line whatever the height
        always = whole_hints(self._always, width)
        own = whole_hints(self._own, width - sum(map(_cells, always)))
        shown = whole_hints((*own, *always, *self._more), width)
        return [strip_of(hint_parts(shown, self.palette), width, self.palette)]


def whole_hints(hints: Sequence[Hint], width: int) -> tuple[Hint, ...]:
    """The first ones that fit: a hint that would be cut is not shown."""
    ends = accumulate(map(_cells, hints))
    return tuple(hint for hint, end in zip(hints, ends, strict=True) if end - len(_GAP) <= width)


def hint_parts(hints: Sequence[Hint], palette: Palette) -> Iterator[Part]:
    """``Enter attach  / filter``"""
    for key, what in hints:
        yield key, palette.title
        yield f" {what}{_GAP}", palette.muted


def _cells(hint: Hint) -> int:
    return cells(" ".join(hint)) + len(_GAP)


_GAP = "  "
