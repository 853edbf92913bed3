"""The selected function between its callers and its callees."""

from typing import ClassVar

from textual.strip import Strip

from perftui.model.profile import StackProfile
from perftui.model.sandwich import ITSELF, ROOT, Sandwich, Step, sandwich
from perftui.tui.flame.view import FlameView, Shown
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.sandwich import caption, sandwich_strips
from perftui.tui.widgets.line import Hint


class SandwichView(FlameView):
    """``Enter`` makes a caller or callee the function; ``u`` goes back."""

    hints: ClassVar[tuple[Hint, ...]] = (("Enter", "go there"), ("u", "back"))

    def __init__(self) -> None:
        self._row = 0
        """Counted from the function: callers are below zero, callees above."""
        self._first = 0
        self._way: list[Step] = []
        self._of: tuple[StackProfile, Step, bool] | None = None
        self._sandwich = Sandwich(total=0.0, callers=(), callees=())

    def lines(self, shown: Shown, width: int, height: int, palette: Palette, *, focused: bool) -> list[Strip]:
        tree, function = shown.tree, shown.function
        if tree is None or function is None:
            return []
        parts = self._parts(shown)
        self._row = max(-len(parts.callers), min(self._row, len(parts.callees)))
        strips = sandwich_strips(parts, function, width, palette, self._row if focused else None)
        at = len(parts.callers) + 1 + self._row + (self._row > 0)  # under the head line, the callees' one comes after
        self._first = max(0, min(max(self._first, at + 2 - height), at - 1, len(strips) - height))
        return strips[self._first : self._first + height]

    def detail(self, shown: Shown, width: int, palette: Palette) -> Strip:
        tree, function = shown.tree, shown.function
        if tree is None or function is None:
            return Strip.blank(width, palette.text)
        return strip_of([(caption(self._parts(shown), function, tree.total), palette.accent)], width, palette)

    def along(self, shown: Shown, by: int) -> None:  # noqa: ARG002 - the rows are those that were drawn
        self._row += by

    def top(self, shown: Shown) -> None:
        self._row = -len(self._parts(shown).callers)

    def enter(self, shown: Shown) -> str:
        parts, function = self._parts(shown), shown.function
        rows = (*reversed(parts.callers), None, *parts.callees)
        row = rows[len(parts.callers) + self._row]
        if row is not None and row[0] not in (ROOT, ITSELF) and function is not None:
            self._way.append(function)
            shown.picked, self._row = row[0], 0
        return ""

    def leave(self, shown: Shown) -> None:
        if self._way:
            shown.picked, self._row = self._way.pop(), 0

    def click(self, shown: Shown, x: int, y: int) -> bool:  # noqa: ARG002 - a row is one thing
        parts = self._parts(shown)
        at = self._first + y - 1 - len(parts.callers)
        row = at - (at > 0)  # the callees' head line stands between
        if at == 1 or not -len(parts.callers) <= row <= len(parts.callees):
            return False
        again, self._row = self._row == row, row
        return again

    def _parts(self, shown: Shown) -> Sandwich:
        profile, function = shown.profile, shown.function
        if profile is None or function is None:
            return Sandwich(total=0.0, callers=(), callees=())
        wanted = (profile, function, shown.on_cpu)
        if self._of is None or self._of[0] is not profile or self._of[1:] != wanted[1:]:
            self._of, self._sandwich = wanted, sandwich(profile, function, on_cpu=shown.on_cpu)
        return self._sandwich
