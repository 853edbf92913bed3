"""Lists with a cursor that stays with its item while the items move."""

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from perftui.tui.widgets.line import LineView

WHEEL_STEP = 3


class CursorPane(LineView, can_focus=True):
    """A list under a title line.

    ``selected`` is the key of the item that the cursor stays with. It is None until the user has moved, and again
    after Home: then the cursor stays on the first row, whatever is there.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.selected: Hashable = None
        self._position = 0

    def keys(self) -> Sequence[Hashable]:
        """The items' keys in the order shown."""
        raise NotImplementedError

    def key_at_line(self, y: int) -> Hashable:
        """The key of the item on row ``y`` of the pane, None where there is none."""
        raise NotImplementedError

    def settle(self) -> int:
        """Where the cursor is now; when its item is gone, it takes the one in its place (-1 in an empty list)."""
        keys = self.keys()
        if not keys:
            return -1
        if self.selected is None:
            self._position = 0
        elif self.selected in keys:
            self._position = keys.index(self.selected)
        else:
            self._position = min(self._position, len(keys) - 1)
            self.selected = keys[self._position]
        return self._position

    def action_move(self, step: int) -> None:
        keys = self.keys()
        if keys:
            self._position = min(max(0, self.settle() + step), len(keys) - 1)
            self.selected = keys[self._position]
            self.redraw()

    def action_page(self, direction: int) -> None:
        self.action_move(direction * max(1, self.size.height - 2))

    def action_first(self) -> None:
        self.selected = None
        self.redraw()

    def action_last(self) -> None:
        self.action_move(len(self.keys()))

    def on_click(self, event: events.Click) -> None:
        key = self.key_at_line(event.y)
        if key is not None:
            self.selected = key
            self.redraw()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.action_move(-WHEEL_STEP)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.action_move(WHEEL_STEP)


class BlockList(CursorPane):
    """Items of several lines each; the one under the cursor may be longer than the others."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._top = 0
        self._owners: list[Hashable] = []

    def head(self, width: int) -> Strip:
        """The title line."""
        raise NotImplementedError

    def blocks(self, width: int, cursor: int) -> list[list[Strip]]:
        """One list of lines per key; ``cursor`` is the position of the selected one."""
        raise NotImplementedError

    def empty(self, width: int) -> list[Strip]:
        """What is shown without items."""
        raise NotImplementedError

    def draw(self, width: int, height: int) -> list[Strip]:
        cursor = self.settle()
        if cursor < 0:
            self._owners = []
            return [self.head(width), *self.empty(width)]
        blocks = self.blocks(width, cursor)
        room = max(1, height - 1)
        self._top = scrolled(self._top, [len(block) for block in blocks], cursor, room)
        shown = slice(self._top, self._top + room)
        owners = [key for key, block in zip(self.keys(), blocks, strict=True) for _ in block]
        self._owners = owners[shown]
        return [self.head(width), *[line for block in blocks for line in block][shown]]

    def key_at_line(self, y: int) -> Hashable:
        return self._owners[y - 1] if 0 < y <= len(self._owners) else None


def scrolled(top: int, heights: Sequence[int], cursor: int, room: int) -> int:
    """The first line to show so that the block at ``cursor`` is seen, moving as little as possible from ``top``.

    A block taller than the room is shown from its beginning.
    """
    start = sum(heights[:cursor])
    end = start + heights[cursor]
    if end > top + room:
        top = end - room
    top = min(top, start)
    return max(0, min(top, sum(heights) - room))
