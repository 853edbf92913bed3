"""The base of every pane: a widget of ready lines that repaints only what changed.

Stock widgets repaint everything once a second. Here a pane hands over its lines; those that differ from the
last ones are sent to the terminal, and of those only the part up to the last changed cell.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import ClassVar, Protocol, cast

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, title_strip

Hint = tuple[str, str]
"""A key and what it does, as the footer shows them."""


_NO_MATTER = Color(0, 0, 0)
"""The background that a filter is told; the net does not ask for it."""


KEPT_DRAWS = 60
"""A line that does not change is put there anew after so many ticks."""


class PaneApp(Protocol):
    """What a pane asks of its app."""

    @property
    def palette(self) -> Palette: ...

    @property
    def net(self) -> LineFilter: ...


class LineView(Widget):
    """Subclasses say in ``draw`` what the lines are.

    ``show(update)`` is called once a tick; a pane that is not on screen keeps the update and draws when it appears.
    ``hints`` are the pane's keys for the footer.
    """

    hints: ClassVar[tuple[Hint, ...]] = ()

    DEFAULT_CSS = """
    LineView { height: 1fr; width: 1fr; background: transparent; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.update_shown: Update | None = None
        self._lines: list[Strip] = []
        self._shown: list[Strip] = []
        self._draws = 0

    @property
    def palette(self) -> Palette:
        return cast(PaneApp, self.app).palette

    def current_hints(self) -> tuple[Hint, ...]:
        """The keys that are of use now, the most useful first."""
        return self.hints

    def show(self, update: Update) -> None:
        """Take a new update and redraw if anybody can see it."""
        before, self.update_shown = self.update_shown, update
        if before is None or not self.same(before, update):
            self.redraw()

    def same(self, before: Update, now: Update) -> bool:  # noqa: ARG002 - for subclasses to answer
        """Whether two updates look the same in this pane."""
        return False

    def redraw(self) -> None:
        """Draw again from what was shown last (after a key, a new size or a new theme)."""
        width, height = self.size
        if width and height and self.is_on_screen:
            self.set_lines(self.draw(width, height)[:height], width)

    def draw(self, width: int, height: int) -> list[Strip]:
        """The lines of this pane, each exactly ``width`` cells; fewer or more than ``height`` do no harm."""
        raise NotImplementedError

    def title(self, text: str, hint: str, width: int) -> Strip:
        """The pane's head line, marked while the pane has the focus."""
        return title_strip(text, hint, width, self.palette, focused=self.has_focus)

    def set_lines(self, lines: Sequence[Strip], width: int) -> None:
        """Replace the lines; only those that differ are repainted."""
        regions = list(changed_regions(self._lines, lines, width))
        self._draws += 1
        # An old strip keeps what Textual has worked out for it (filtered, cropped, divided): in an hour megabytes.
        anew = self._draws % KEPT_DRAWS == 0
        if anew:
            forget_cuts()
        changed = range(len(lines)) if anew else {region.y for region in regions}
        self._shown = [self._clean(line) if y in changed else self._shown[y] for y, line in enumerate(lines)]
        self._lines = list(lines)
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        return self._shown[y] if y < len(self._shown) else self._clean(self._blank())

    def render_lines(self, crop: Region) -> list[Strip]:
        """Hand over ready lines: they need no border, padding or text style of the style sheet."""
        strips = self._shown[crop.y : crop.bottom]
        strips += [self._clean(self._blank())] * (crop.height - len(strips))
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _clean(self, strip: Strip) -> Strip:
        """The colours are the palette's, made for this terminal: of the app's filters it needs the net alone."""
        return strip.apply_filter(cast(PaneApp, self.app).net, _NO_MATTER)

    def _blank(self) -> Strip:
        return Strip.blank(self.size.width, self.palette.text)

    def on_resize(self) -> None:
        self._lines = self._shown = []
        self.refresh()
        self.redraw()

    def on_show(self) -> None:
        self.redraw()

    def on_focus(self) -> None:
        self.redraw()

    def on_blur(self) -> None:
        self.redraw()


def forget_cuts() -> None:
    """Rich keeps 16,384 texts that it has cut, with both parts: 12 MiB, and hardly one is ever asked for again."""
    clear = getattr(getattr(Segment, "_split_cells", None), "cache_clear", None)
    if clear is not None:
        clear()


def changed_regions(old: Sequence[Strip], new: Sequence[Strip], width: int) -> Iterator[Region]:
    """The parts of the rows that differ, each from the left edge to its last changed cell.

    The compositor sends a row from its left edge anyway, so there is nothing to gain on that side.
    """
    for y, (was, now) in enumerate(zip_longest(old, new)):
        if was is now:
            continue
        if was is None or now is None:
            yield Region(0, y, width, 1)
        elif was != now:
            yield Region(0, y, max(1, width - equal_tail(list(was), list(now))), 1)


def equal_tail(old: list[Segment], new: list[Segment]) -> int:
    """How many cells at the end of two rows of equal width look the same."""
    same = 0
    while old and new and old[-1] == new[-1]:
        same += cells(new[-1].text)
        old.pop()
        new.pop()
    if not old or not new or old[-1].style != new[-1].style:
        return same
    was, now = old[-1].text, new[-1].text
    if _has_marks(was) or _has_marks(now):
        return same
    for before, after in zip(reversed(was), reversed(now), strict=False):
        if before != after:
            break
        same += get_character_cell_size(after)
    return same


def _has_marks(text: str) -> bool:
    """Whether a cut could part a letter from its accent."""
    return not text.isascii() and 0 in map(get_character_cell_size, text)
