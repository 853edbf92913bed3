"""What a view of the flame pane is, and what all of them show."""

from typing import ClassVar, NamedTuple

from textual.strip import Strip

from perftui.model.profile import StackProfile
from perftui.model.update import Update
from perftui.profile.tree import Node, View, build
from perftui.tui.palette import Palette
from perftui.tui.renderables.flame import HotRow, Step, hot_rows, matches
from perftui.tui.widgets.line import Hint

Tree = tuple[Node, list[HotRow]]
"""A tree of calls, and its functions by self time."""

WEIGHTS: tuple[View, ...] = ("cpu", "wall")


class Key(NamedTuple):
    """A key of one view; ``does`` is the method that it calls (``does(shown)``), ``what`` its line in the help."""

    key: str
    does: str
    what: str


class Shown:
    """What all views show: whose stacks, and how they are weighed. A view may change ``needle`` and ``picked``."""

    def __init__(self) -> None:
        self.update: Update | None = None
        self.weight: View = "cpu"
        self.thread: int | None = None
        self.needle = ""
        self.picked: Step | None = None
        """The function that was selected last, in whichever view."""
        self._profile: StackProfile | None = None
        self._trees: dict[tuple[str, int | None], Tree] = {}

    @property
    def profile(self) -> StackProfile | None:
        return self.update.profile if self.update else None

    @property
    def tree(self) -> Node | None:
        """All calls; None without stacks."""
        current = self._current()
        return current[0] if current else None

    @property
    def hot(self) -> list[HotRow]:
        """The functions that the search finds, or all of them; most self time first."""
        current, needle = self._current(), self.needle.lower()
        rows = current[1] if current else []
        return [row for row in rows if matches(row, needle)] if needle else rows

    def _current(self) -> Tree | None:
        """A big profile takes long, so once per profile and choice."""
        profile = self.profile
        if profile is not self._profile:
            self._profile, self._trees = profile, {}
        wanted = (self.weight, self.thread)
        if profile is not None and wanted not in self._trees:
            tree = build(profile, view=self.weight, tid=self.thread)
            self._trees[wanted] = (tree, hot_rows(tree))
        return self._trees.get(wanted)


class FlameView:
    """One way to show stacks. It keeps its own cursor; the pane draws again after every call that moves it.

    ``key`` shows the view, and the icicle when it is shown already. ``lines`` and ``detail`` are only called while
    there is something to show. Coordinates of a click count from the view's own first line.
    """

    name: ClassVar[str]
    key: ClassVar[str]
    what: ClassVar[str]
    hints: ClassVar[tuple[Hint, ...]]
    keys: ClassVar[tuple[Key, ...]] = ()

    def lines(self, shown: Shown, width: int, height: int, palette: Palette, *, focused: bool) -> list[Strip]:
        """At most ``height`` lines of exactly ``width`` cells."""
        raise NotImplementedError

    def detail(self, shown: Shown, width: int, palette: Palette) -> Strip:  # noqa: ARG002 - for views to answer
        """The pane's last line: what the cursor stands on, in full."""
        return Strip.blank(width, palette.text)

    @property
    def note(self) -> str:
        """What the pane's head adds about this view."""
        return ""

    def across(self, shown: Shown, by: int) -> None:
        """Left (-1) or right (1)."""

    def along(self, shown: Shown, by: int) -> None:
        """Up (negative) or down, so many lines."""

    def top(self, shown: Shown) -> None:
        """To the root or the first line."""

    def enter(self, shown: Shown) -> str:  # noqa: ARG002 - for views to answer
        """Go into what is selected; the name of the view to go to, empty for this one."""
        return ""

    def leave(self, shown: Shown) -> None:
        """Undo ``enter``."""

    def next_hit(self, shown: Shown) -> None:
        """To the next thing that the search finds."""

    def click(self, shown: Shown, x: int, y: int) -> bool:  # noqa: ARG002 - for views to answer
        """Select what is there; True when it was selected before, which enters it."""
        return False

    def forget(self) -> None:
        """Other stacks are shown from now on: what stood where is of no use any more."""
