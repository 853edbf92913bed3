"""What a view of the flame pane is, and what all of them show."""

from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

from msgspec.structs import replace
from textual.strip import Strip

from perftui.model.profile import StackProfile
from perftui.model.sandwich import Step
from perftui.model.stack_filter import StackFilter
from perftui.model.update import Update
from perftui.profile.tree import Node, build
from perftui.profile.trie import Trie
from perftui.tui.flame.moment import MANY_STACKS, Moment
from perftui.tui.palette import Palette
from perftui.tui.renderables.flame import HotRow, hot_rows, matches
from perftui.tui.widgets.line import Hint

Weight = Literal["cpu", "wall", "gil"]
"""What a look counts for: the thread ran, the thread was there, the thread held the lock of the interpreter."""

WEIGHTS: tuple[Weight, ...] = ("cpu", "wall", "gil")

Choice = tuple[Weight, StackFilter, tuple[object, ...]]
"""How looks are weighed, which are kept, and of what time and target they are."""

Tree = tuple[StackProfile, Node, list[HotRow]]
"""The stacks that the filter keeps, the tree of their calls, and its functions by self time."""


class SourceOf(NamedTuple):
    """A file as the target sees it."""

    pid: int
    file: str


class Source(NamedTuple):
    """The lines of a file, or why they cannot be had."""

    lines: tuple[str, ...] = ()
    missing: str = ""


MOST_SOURCES = 8
MOST_TREES = 4
"""As many ways to look at the stacks are kept for going to and fro between them."""


class Shown:
    """What all views show: whose stacks, and how they are weighed. A view may change ``needle`` and ``picked``."""

    def __init__(self) -> None:
        self.update: Update | None = None
        self.weight: Weight = "cpu"
        self.filter = StackFilter()
        self.moment = Moment()
        self.needle = ""
        self.picked: Step | None = None
        """The function that was selected last, in whichever view."""
        self.sources: dict[SourceOf, Source] = {}
        self.wanted: SourceOf | None = None
        """A file that a view would show and that has not been read yet."""
        self._trees: dict[Choice, tuple[StackProfile, Tree]] = {}
        self._trie = Trie()
        """Of the stacks on show without a filter: a new window costs what it has, not what all have."""
        self.busy = False
        """Whether something is put together beside."""

    @property
    def whole(self) -> StackProfile | None:
        """All stacks there are. A span has none of who held the GIL: its looks are those at all threads."""
        if self.update is None or (self.weight == "gil" and self.moment.span):
            return None
        return self.moment.profile(self._live)

    @property
    def profile(self) -> StackProfile | None:
        """The stacks that the filter keeps."""
        current = self._current()
        return current[0] if current else None

    @property
    def tree(self) -> Node | None:
        """All calls; None without stacks."""
        current = self._current()
        return current[1] if current else None

    @property
    def hot(self) -> list[HotRow]:
        """The functions that the search finds, or all of them; most self time first."""
        current, needle = self._current(), self.needle.lower()
        rows = current[2] if current else []
        return [row for row in rows if matches(row, needle)] if needle else rows

    def busiest(self, column: Literal["pid", "tid"]) -> list[int]:
        """Processes, or threads of the process that the filter keeps; those with the most looks first."""
        weight: dict[int, float] = {}
        for row in self.whole.rows if self.whole else ():
            if column == "pid" or self.filter.pid in (None, row.pid):
                one = row.pid if column == "pid" else row.tid
                weight[one] = weight.get(one, 0.0) + (row.on_cpu if self.on_cpu else row.samples)
        return sorted(weight, key=lambda one: (-weight[one], one))

    @property
    def on_cpu(self) -> bool:
        """Whether looks count by the CPU that they saw used, not as such."""
        return self.weight == "cpu"

    @property
    def function(self) -> Step | None:
        """The one that was selected last; before that the hottest."""
        if self.picked is None and self.hot:
            return self.hot[0].function, self.hot[0].file
        return self.picked

    def work(self) -> Callable[[], None] | None:
        """What takes too long for drawing, when there is something: to be run in a thread, and drawn after it."""
        live, profile, choice = self._live, self.whole, self._choice
        ready = self.moment.ready(live)
        if self.busy or (ready and (profile is None or not self._waits(profile, choice))):
            return None
        self.busy = True

        def work() -> None:
            try:
                if not ready:
                    self.moment.prepare(live)
                elif profile is not None:
                    self._grow(profile, choice)
            finally:
                self.busy = False

        return work

    def keep_source(self, of: SourceOf, source: Source) -> None:
        while len(self.sources) >= MOST_SOURCES:
            del self.sources[next(iter(self.sources))]
        self.sources[of] = source

    def _current(self) -> Tree | None:
        """A big profile takes long, so once per profile and choice."""
        profile, choice = self.whole, self._choice
        if profile is None:
            return None
        if not self.busy and not self._waits(profile, choice):
            self._grow(profile, choice)
        known = self._trees.get(choice)
        return known[1] if known else None

    @property
    def _live(self) -> StackProfile | None:
        if self.update is None or (self.weight == "gil" and self.moment.span):
            return None
        return self.update.gil_profile if self.weight == "gil" else self.update.profile

    @property
    def _choice(self) -> Choice:
        return self.weight, self.filter, self.moment.chosen

    def _waits(self, profile: StackProfile, choice: Choice) -> bool:
        """Whether the tree is still to be made, and is too big to be made while a key waits."""
        known = self._trees.get(choice)
        return len(profile.stacks) >= MANY_STACKS and (known is None or known[0] is not profile)

    def _grow(self, profile: StackProfile, choice: Choice) -> None:
        known = self._trees.get(choice)
        if known is not None and known[0] is profile:
            return
        weight, wanted, _ = choice
        tree = grown(profile, weight, wanted, self._trie)
        while len(self._trees) >= MOST_TREES:
            del self._trees[next(iter(self._trees))]
        self._trees[choice] = profile, tree


def grown(profile: StackProfile, weight: Weight, wanted: StackFilter, trie: Trie | None = None) -> Tree:
    """What is kept of a profile, as a tree and as a list. ``trie`` is for those of which all is kept."""
    if weight != "wall":  # whoever runs or holds the lock is not idle
        wanted = replace(wanted, hide_idle=False)
    kept = wanted.apply(profile)
    whole = kept is profile and weight != "gil"
    tree = build(kept, view="cpu" if weight == "cpu" else "wall", trie=trie if whole else None)
    return kept, tree, hot_rows(tree)


def self_shares(profile: StackProfile, weight: Weight, wanted: StackFilter) -> dict[Step, float]:
    """Each function's share of self time, 0-1."""
    _, tree, rows = grown(profile, weight, wanted)
    return {(row.function, row.file): row.self_value / tree.total for row in rows} if tree.total > 0 else {}


class FlameView:
    """One way to show stacks. It keeps its own cursor; the pane draws again after every call that moves it.

    ``lines`` and ``detail`` are only called while there are stacks to show, or ``always``. Coordinates of a click
    count from the view's own first line.
    """

    hints: ClassVar[tuple[Hint, ...]]
    always: ClassVar[bool] = False
    """Whether it has something to show without stacks."""

    def lines(self, shown: Shown, width: int, height: int, palette: Palette, *, focused: bool) -> list[Strip]:
        """At most ``height`` lines of exactly ``width`` cells."""
        raise NotImplementedError

    def detail(self, shown: Shown, width: int, palette: Palette) -> Strip:  # noqa: ARG002 - for views to answer
        """The pane's last line: what the cursor stands on, in full."""
        return Strip.blank(width, palette.text)

    def work(self, shown: Shown) -> Callable[[], None] | None:  # noqa: ARG002 - for views to answer
        """What takes too long for drawing: run in a thread after each draw, and the pane draws again after it."""
        return None

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
