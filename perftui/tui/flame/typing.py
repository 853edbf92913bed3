"""A line that is typed into the flame pane."""

from textual import events

from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part


class Typing:
    """``prompt`` says what for; ``error`` what is wrong with what was typed."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self.text = ""
        self.error = ""

    def parts(self, palette: Palette) -> list[Part]:
        """The prompt, what was typed, and what is wrong with it."""
        wrong = f"  {palette.glyphs.warning} {self.error}" if self.error else ""
        return [(f" {self.prompt}{self.text}_", palette.focus), (wrong, palette.warning)]

    def press(self, event: events.Key) -> None:
        """A key that is neither Enter nor Esc."""
        self.error = ""
        if event.key == "backspace":
            self.text = self.text[:-1]
        elif event.is_printable and event.character:
            self.text += event.character
