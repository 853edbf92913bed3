"""Every figure of the moment, in pages."""

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.pages import PAGES
from perftui.tui.renderables.pages.history import USUAL, WINDOWS, history_page
from perftui.tui.screens.sheet import Page, Sheet

MORE_WIDTH = len("999 more lines (down)")


class Pages(Page):
    """The buttons are the pages: the chosen one is shown, from its top.

    At 80 columns all of them stand beside the word on how many lines follow, so only the chosen one has brackets.
    """

    gap: ClassVar[int] = 0

    def face(self, at: int) -> str:
        return f"[{self.buttons[at]}]" if at == self.chosen else f" {self.buttons[at]} "

    def action_choose(self, by: int) -> None:
        self._top = 0
        super().action_choose(by)

    def action_press(self) -> None:
        """There is nothing to decide."""

    def _shown_buttons(self, width: int) -> range:
        """Pages give way to the word on how many lines follow."""
        return super()._shown_buttons(max(1, width - MORE_WIDTH))


class Details(Sheet):
    """As large as the terminal. Its figures follow the ticks, unless the screen is paused."""

    page_type = Pages
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "leave", "close"),
        Binding("w", "window(1)", "a longer window on the page History, after the longest the shortest"),
        Binding("W", "window(-1)", "a shorter one"),
    ]

    def __init__(self, update: Update | None) -> None:
        super().__init__(self._body, [name for name, _ in PAGES])
        self._update = update
        self._window = USUAL

    def on_mount(self) -> None:
        self.query_one("#frame").border_subtitle = Content("Left Right page, Up Down scroll, Esc close")

    def show(self, update: Update) -> None:
        self._update = update
        self._page.redraw()

    def extent(self, size: Size) -> tuple[int, int]:
        return size.width, size.height

    def action_window(self, by: int) -> None:
        self._window = (self._window + by) % len(WINDOWS)
        self._page.redraw()

    def _body(self, width: int, palette: Palette) -> Sequence[Strip]:
        if self._update is None:
            return [strip_of([("measuring", palette.muted)], width, palette)]
        _, page = PAGES[self._page.chosen]
        if page is history_page:
            return history_page(self._update, width, palette, self._window)
        return page(self._update, width, palette)
