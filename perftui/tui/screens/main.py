"""The main screen: every pane, placed by the size of the terminal."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from perftui.model.update import Update
from perftui.tui.screens.arrange import PANES, arrange
from perftui.tui.widgets.banner import Banner
from perftui.tui.widgets.findings import Findings
from perftui.tui.widgets.flame import Flame, HintsChanged
from perftui.tui.widgets.footer import Footer
from perftui.tui.widgets.journal import JournalView
from perftui.tui.widgets.line import Hint, LineView
from perftui.tui.widgets.processes import ProcessList
from perftui.tui.widgets.proposals import Proposals
from perftui.tui.widgets.replay_bar import ReplayBar
from perftui.tui.widgets.resources import Resources
from perftui.tui.widgets.tabs import PaneChosen, Tabs
from perftui.tui.widgets.verdict import VerdictLine

FIRST_HINTS: tuple[Hint, ...] = (("d", "details"), ("?", "help"))
"""A pane's own keys make room for these: nothing else on the screen tells of them."""

COMMON_HINTS: tuple[Hint, ...] = (("Tab", "next pane"), ("z", "maximise"), ("Space", "pause"), ("q", "quit"))
TARGET_HINTS = {"Enter", "h"}
"""Keys of the process list that pick another target: in a replay there is none."""

WRITING_HINTS = {"processes": {"x"}, "proposals": {"Enter"}, "journal": {"Enter", "u"}}


class Resumed(Message):
    """The main screen is on top again."""


class MainScreen(Screen[None]):
    """Panes stand where ``arrange`` says; it is asked again when the size changes, or what is to be shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(key), f"pane('{name}')", f"the {name} pane") for key, name in enumerate(PANES, 1)),
        Binding("tab", "next_pane(1)", "the next pane"),
        Binding("shift+tab", "next_pane(-1)", "the pane before"),
        Binding("z", "zoom", "maximise the pane, and back"),
        Binding("escape", "back", "back: notice, maximised pane"),
    ]

    DEFAULT_CSS = """
    MainScreen { background: $background; overflow: hidden; }
    MainScreen LineView { position: absolute; background: transparent; }
    """

    def __init__(self, *, read_only: bool, replay: bool = False) -> None:
        super().__init__()
        self.replay = replay
        self.read_only = read_only
        self.pane = PANES[0]
        self.zoomed = False
        self.verdict = VerdictLine(id="verdict")
        self.banner = Banner(id="banner")
        self.tabs = Tabs(id="tabs")
        self.footer = Footer(id="footer")
        self.flame = Flame(id="flame")
        self.views: dict[str, LineView] = {
            "verdict": self.verdict,
            "banner": self.banner,
            "replay": ReplayBar(id="replay"),
            "resources": Resources(id="resources"),
            "tabs": self.tabs,
            "processes": ProcessList(id="processes"),
            "flame": self.flame,
            "findings": Findings(id="findings"),
            "proposals": Proposals(id="proposals"),
            "journal": JournalView(id="journal"),
            "footer": self.footer,
        }
        self.latest: Update | None = None
        self._second: Timer | None = None

    def compose(self) -> ComposeResult:
        yield from self.views.values()

    def on_mount(self) -> None:
        self.place()
        self.action_pane(self.pane)

    def on_resize(self) -> None:
        self.place()
        self._mark()

    def show(self, update: Update) -> None:
        """One tick: hand the update to every pane that can be seen."""
        self.latest = update
        self.show_banner(update)
        for view in self.views.values():
            if view.display and view is not self.banner:
                view.show(update)

    def show_banner(self, update: Update) -> None:
        """What waits for an answer is shown in a pause too."""
        self.banner.update_shown = update
        if self.banner.wanted != self.banner.display:
            self.place()
        self.banner.redraw()

    def tell(self, text: str, *, lasting: bool = False) -> None:
        """Show a text under the verdict: for some seconds, or until it is dismissed."""
        self.banner.tell(text, lasting=lasting)
        self.place()

    def redraw_all(self) -> None:
        """After a change of theme."""
        for view in self.views.values():
            view.on_resize()

    def place(self) -> None:
        """Put every pane where it belongs at this size; panes without a place are hidden."""
        regions = arrange(
            *self.app.size, pane=self.pane, zoomed=self.zoomed, banner=self.banner.wanted, replay=self.replay
        )
        for name, view in self.views.items():
            region = regions.get(name)
            appears = region is not None and not view.display
            view.display = region is not None
            if region is not None:
                view.styles.offset = (region.x, region.y)
                view.styles.width, view.styles.height = region.width, region.height
            if appears and self.latest is not None:
                view.show(self.latest)

    def action_pane(self, pane: str) -> None:
        """Show a pane and give it the keys."""
        if pane != self.pane:
            self.pane = pane
            self.place()
        view = self.views[pane]
        # At once: view.focus() waits its turn, and a key typed ahead would still act in the pane before.
        self.set_focus(view if view.can_focus else None)
        self._mark()

    def action_next_pane(self, step: int) -> None:
        self.action_pane(PANES[(PANES.index(self.pane) + step) % len(PANES)])

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
        self.place()

    def action_back(self) -> None:
        if not self.banner.dismiss():
            self.zoomed = False
        self.place()

    def on_screen_resume(self) -> None:
        """A dialog has gone: show what came in meanwhile."""
        self.post_message(Resumed())

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """A click gives the focus to a pane too. Only now does the pane know that it has it."""
        if isinstance(event.widget, LineView) and event.widget.id in PANES:
            self.pane = event.widget.id
            event.widget.redraw()
            self._mark()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        if isinstance(event.widget, LineView):
            event.widget.redraw()

    def on_pane_chosen(self, event: PaneChosen) -> None:
        self.action_pane(event.pane)

    def on_hints_changed(self, _: HintsChanged) -> None:
        self._mark()

    def _mark(self) -> None:
        """Tell the tabs and the footer which pane has the keys."""
        self.tabs.choose(self.pane)
        hidden = WRITING_HINTS.get(self.pane, set()) if self.read_only else set()
        if self.replay and self.pane == "processes":
            hidden = hidden | TARGET_HINTS
        own = tuple(hint for hint in self.views[self.pane].current_hints() if hint[0] not in hidden)
        self.footer.set_hints(own, FIRST_HINTS, COMMON_HINTS)
