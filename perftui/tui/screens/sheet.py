"""A page of text over the main screen, with buttons where there is something to decide."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, strip_of
from perftui.tui.widgets.line import LineView

MAX_WIDTH = 100
Body = Callable[[int, Palette], Sequence[Strip]]
"""The page's lines for a width. Only those that are seen are asked for, and their number."""


class Page(LineView, can_focus=True):
    """The text, which scrolls, and under it a row of buttons, which does not. The first button has the focus."""

    gap: ClassVar[int] = 2
    """Cells between two buttons."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll(-1)", "up"),
        Binding("down,j", "scroll(1)", "down"),
        Binding("pageup", "scroll(-10)", "page up"),
        Binding("pagedown,space", "scroll(10)", "page down"),
        Binding("home,g", "scroll(-100000)", "to the top"),
        Binding("end,G", "scroll(100000)", "to the end"),
        Binding("left,shift+tab", "choose(-1)", "button to the left"),
        Binding("right,tab,l", "choose(1)", "button to the right"),
        Binding("enter", "press", "press the button"),
    ]

    def __init__(self, body: Body, buttons: Sequence[str]) -> None:
        super().__init__()
        self.body = body
        self.buttons = tuple(buttons)
        self.chosen = 0
        self._top = 0

    def draw(self, width: int, height: int) -> list[Strip]:
        lines, room = self.body(width, self.palette), max(0, height - 2)
        self._top = max(0, min(self._top, len(lines) - room))
        shown = lines[self._top : self._top + room]
        blank = Strip.blank(width, self.palette.text)
        more = len(lines) - self._top - len(shown)
        return [*shown, *[blank] * (room - len(shown)), blank, self._button_row(width, more)]

    def _button_row(self, width: int, more: int) -> Strip:
        parts: list[Part] = []
        for at in self._shown_buttons(width):
            chosen = at == self.chosen
            parts += [
                (self.face(at), self.palette.selected if chosen else self.palette.text),
                (" " * self.gap, self.palette.text),
            ]
        if more:
            parts.append((f"{more} more line{'s' if more > 1 else ''} (down)", self.palette.muted))
        return strip_of(parts, width, self.palette)

    def face(self, at: int) -> str:
        """A button as it is drawn."""
        return f"[ {self.buttons[at]} ]"

    def _shown_buttons(self, width: int) -> range:
        """Those that fit whole, the chosen one among them, from the first one on where that is possible."""
        first, end = 0, len(self.buttons)
        while first < self.chosen and self._width(range(first, self.chosen + 1)) > width:
            first += 1
        while end - 1 > self.chosen and self._width(range(first, end)) > width:
            end -= 1
        return range(first, end)

    def _width(self, shown: range) -> int:
        """The cells that buttons take side by side."""
        return sum(cells(self.face(at)) for at in shown) + self.gap * (len(shown) - 1)

    def action_scroll(self, by: int) -> None:
        self._top += by
        self.redraw()

    def action_choose(self, by: int) -> None:
        self.chosen = (self.chosen + by) % len(self.buttons)
        self.redraw()

    def action_press(self) -> None:
        if isinstance(self.screen, Sheet):
            self.screen.dismiss(self.buttons[self.chosen])

    def on_click(self, event: events.Click) -> None:
        """A click chooses a button, a second one presses it: nothing is written by one slip."""
        if event.y != self.size.height - 1:
            return
        x = 0
        for at in self._shown_buttons(self.size.width):
            x += cells(self.face(at)) + self.gap
            if event.x < x:
                if at == self.chosen:
                    self.action_press()
                else:
                    self.action_choose(at - self.chosen)
                return


class Sheet(ModalScreen[str]):
    """Dismissed with the name of the button that was pressed, with the first one's on Escape."""

    page_type: ClassVar[type[Page]] = Page
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "close")]

    DEFAULT_CSS = """
    Sheet { align: center middle; background: transparent; }
    Sheet #frame { background: $background; border: round $primary; padding: 0 1; }
    Sheet.-ascii #frame { border: ascii $primary; }
    """

    def __init__(self, body: Body, buttons: Sequence[str] = ("Close",)) -> None:
        super().__init__()
        self._page = self.page_type(body, buttons)

    def compose(self) -> ComposeResult:
        with Container(id="frame"):
            yield self._page

    def remind(self, text: str) -> None:
        """Say in the frame what the dialog hides; nothing with an empty text."""
        self.query_one("#frame").border_title = Content(text) if text else None

    def show(self, update: Update) -> None:
        """A tick came while the sheet is open: nothing changes in a dialog."""

    def on_mount(self) -> None:
        self._measure(self.app.size)
        self.set_focus(self._page)

    def on_resize(self, event: events.Resize) -> None:
        self._measure(event.size)

    def _measure(self, size: Size) -> None:
        self.set_class(self._page.palette.glyphs.vertical == "|", "-ascii")
        frame = self.query_one("#frame")
        frame.styles.width, frame.styles.height = self.extent(size)

    def extent(self, size: Size) -> tuple[int, int]:
        """The cells that the frame takes of a terminal: as wide as is good to read, as high as the text."""
        width = min(MAX_WIDTH, size.width)
        lines = len(self._page.body(max(1, width - 4), self._page.palette))
        return width, min(size.height, lines + 4)

    def action_leave(self) -> None:
        self.dismiss(self._page.buttons[0])
