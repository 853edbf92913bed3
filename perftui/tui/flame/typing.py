"""A line that is typed into the head of the flame pane."""

from textual import events


class Typing:
    """``prompt`` says what for; ``error`` what is wrong with what was typed."""

    def __init__(self, prompt: str) -> None:
        self.prompt = prompt
        self.text = ""
        self.error = ""

    @property
    def hint(self) -> str:
        return f"{self.prompt}: {self.text}_  ({self.error or 'Enter, Esc'})"

    def press(self, event: events.Key) -> None:
        """A key that is neither Enter nor Esc."""
        self.error = ""
        if event.key == "backspace":
            self.text = self.text[:-1]
        elif event.is_printable and event.character:
            self.text += event.character
