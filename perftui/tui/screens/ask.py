"""A question that is answered with a line of text."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

MAX_WIDTH = 80
MAX_LETTERS = 400


class Ask(ModalScreen[str]):
    """Dismissed with the text on Enter, with None on Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "close")]

    DEFAULT_CSS = """
    Ask { align: center middle; background: transparent; }
    Ask #frame { background: $background; border: round $primary; height: 3; }
    Ask.-ascii #frame { border: ascii $primary; }
    Ask Input { border: none; height: 1; padding: 0; background: $background; }
    """

    def __init__(self, question: str, hint: str, *, ascii_only: bool) -> None:
        super().__init__(classes="-ascii" if ascii_only else "")
        self._question = question
        self._field = Input(placeholder=hint, max_length=MAX_LETTERS)

    def compose(self) -> ComposeResult:
        with Container(id="frame"):
            yield self._field

    def on_mount(self) -> None:
        self._field.cursor_blink = False  # it costs 3 kB/s
        frame = self.query_one("#frame")
        frame.border_title = Content(self._question)
        frame.styles.width = min(MAX_WIDTH, self.app.size.width)
        self._field.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())

    def action_leave(self) -> None:
        self.dismiss(None)
