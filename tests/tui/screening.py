"""What the tests of panes share: palettes, a tiny app, and a check of drawn lines."""

from collections.abc import Iterable

from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.message import Message
from textual.strip import Strip

from perftui.model.update import Update
from perftui.tui.messages import ExplainAsked, KeepChosen, ProposalChosen, Said, TargetPicked, UndoChosen
from perftui.tui.palette import Palette
from perftui.tui.terminal import Net
from perftui.tui.widgets.line import LineView

THEME = {
    "muted": "#808080", "title": "#5fafff", "border": "#585858", "accent": "#5fd7ff", "good": "#5fd75f",
    "warning": "#ffaf00", "critical": "#ff5f5f", "bar": "#5faf87", "bar_alt": "#d7af5f", "selected": "#303a50",
    "selected_text": "#ffffff", "focus": "#ffffff", "flame": "#d75f00 #d7af00", "flame_text": "#000000",
}  # fmt: skip
COLOURED = Palette.from_theme(THEME, colors="256", ascii_only=False)
PLAIN = Palette.from_theme(THEME, colors="none", ascii_only=True)
PALETTES = st.sampled_from([COLOURED, PLAIN])
WIDTHS = st.integers(min_value=0, max_value=200)
HOSTILE = st.text(max_size=60) | st.sampled_from(
    [
        "\x1b]0;pwn\x07",
        "[red]$(x)[/]",
        "日本語プロセス",
        "e\u0301" * 30,
        "\u202emoc.live",
        "a\u200d\ufe0fb",
        "👩‍👩‍👧",
        "x" * 5000,
    ]
)


def checked(strips: Iterable[Strip], width: int) -> list[str]:
    """The text of lines that are exactly ``width`` cells and carry nothing a terminal would act on."""
    texts = []
    for strip in strips:
        assert strip.cell_length == width
        assert cell_len(strip.text) == width
        assert strip.text.isprintable()
        assert not any(segment.control for segment in strip)
        texts.append(strip.text)
    return texts


class Stage(App[None]):
    """An app with one pane; it keeps what the pane posts."""

    palette = COLOURED
    net = Net(colors=True, ascii_only=False)

    def __init__(self, pane: LineView) -> None:
        super().__init__()
        self.pane = pane
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_mount(self) -> None:
        if self.pane.can_focus:
            self.pane.focus()

    def show(self, update: Update) -> None:
        self.pane.show(update)

    def texts(self) -> list[str]:
        """What the pane's rows say, checked."""
        width, height = self.pane.size
        return checked([self.pane.render_line(y) for y in range(height)], width)

    def line_with(self, text: str) -> str:
        """The first row that contains ``text``."""
        return next(line for line in self.texts() if text in line)

    def on_target_picked(self, message: TargetPicked) -> None:
        self.heard.append(message)

    def on_proposal_chosen(self, message: ProposalChosen) -> None:
        self.heard.append(message)

    def on_undo_chosen(self, message: UndoChosen) -> None:
        self.heard.append(message)

    def on_keep_chosen(self, message: KeepChosen) -> None:
        self.heard.append(message)

    def on_explain_asked(self, message: ExplainAsked) -> None:
        self.heard.append(message)

    def on_said(self, message: Said) -> None:
        self.heard.append(message)
