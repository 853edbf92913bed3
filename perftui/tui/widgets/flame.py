"""Where the time goes: the target's stacks, in one of several views."""

from typing import ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from perftui.tui.flame.hot import HotView
from perftui.tui.flame.icicle import IcicleView
from perftui.tui.flame.view import WEIGHTS, FlameView, Shown
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.flame import found_total, whose
from perftui.tui.widgets.line import Hint, LineView

VIEWS: tuple[type[FlameView], ...] = (IcicleView, HotView)
"""The first one is shown at the start."""

HEAD_LINES = 1


class HintsChanged(Message):
    """The pane's keys are others now."""


class Flame(LineView, can_focus=True):
    """A head line, the view, and a line on what is selected. Space, which freezes it, is the app's."""

    hints: ClassVar[tuple[Hint, ...]] = (
        ("/", "search"), ("w", "CPU/wall"), ("T", "thread"), ("e", "list"), ("arrows", "move"),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(view.key, f"view('{view.name}')", view.what) for view in VIEWS),
        Binding("left", "across(-1)", "left"),
        Binding("right,l", "across(1)", "right"),
        Binding("up,k", "along(-1)", "up"),
        Binding("down,j", "along(1)", "down"),
        Binding("home,g", "top", "to the root"),
        Binding("enter", "enter", "zoom in"),
        Binding("backspace,u", "leave", "zoom out"),
        Binding("slash", "search", "search"),
        Binding("n", "next_hit", "next hit"),
        Binding("w", "next_weight", "CPU or wall time"),
        Binding("T", "next_thread", "next thread"),
        *(
            Binding(own.key, f"own('{view.name}', '{own.does}')", f"{view.name}: {own.what}")
            for view in VIEWS
            for own in view.keys
        ),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.shown = Shown()
        self.typing = False
        self.views = {view.name: view() for view in VIEWS}
        self.view = self.views[VIEWS[0].name]

    # ---- drawing

    def draw(self, width: int, height: int) -> list[Strip]:
        self.shown.update = self.update_shown
        tree, palette = self.shown.tree, self.palette
        head = self.title(self._head(), self._hint(), width)
        if tree is None or tree.total <= 0:
            return [head, *self._why_empty(width)]
        rows = max(1, height - HEAD_LINES - 1)
        body = self.view.lines(self.shown, width, rows, palette, focused=self.has_focus)
        blank = Strip.blank(width, palette.text)
        return [head, *body, *[blank] * (rows - len(body)), self._last_line(width)]

    def _head(self) -> str:
        weight = "on CPU" if self.shown.weight == "cpu" else "wall time"
        parts = [weight, self._thread_name(), self.view.note, whose(self.update_shown)]
        return f"Flame {self.palette.glyphs.dash} {', '.join(filter(None, parts))}"

    def _thread_name(self) -> str:
        profile, tid = self.shown.profile, self.shown.thread
        if tid is None or profile is None:
            return "all threads"
        name = next((thread.name for thread in profile.threads if thread.tid == tid), "")
        return f"thread {tid} {name}".rstrip()

    def _hint(self) -> str:
        if self.typing:
            return f"search: {self.shown.needle}_  (Enter, Esc)"
        profile, update = self.shown.profile, self.update_shown
        if profile is None or update is None:
            return ""
        status = update.profile_status
        if whose(update):
            return f"{profile.samples} samples"
        return (
            f"{profile.samples} samples, {status.rate_hz or profile.rate_hz:.0f} Hz, "
            f"{100 * profile.coverage_ratio:.0f} % covered, sampler {100 * status.sampler_cpu_ratio:.0f} % CPU"
        )

    def _why_empty(self, width: int) -> list[Strip]:
        """What is missing, and what would fill the pane."""
        palette, update = self.palette, self.update_shown
        if self.shown.tree is not None:
            lines = ("no thread was on a CPU in this window", "w shows wall time: where the threads wait")
        elif update is None or update.profile_status.state in ("ok", "starting"):
            lines = ("the first stacks are on their way", "")
        else:
            lines = (update.profile_status.reason or "no stacks", update.profile_status.remedy)
        parts = [
            strip_of([("  ", palette.text), (text, style)], width, palette)
            for text, style in zip(lines, (palette.text, palette.muted), strict=True)
            if text
        ]
        return [Strip.blank(width, palette.text), *parts]

    def _last_line(self, width: int) -> Strip:
        """The selected frame in full, or what a search holds."""
        palette, needle, tree = self.palette, self.shown.needle, self.shown.tree
        if not needle or tree is None:
            return self.view.detail(self.shown, width, palette)
        share = 100 * found_total(tree, needle.lower()) / tree.total
        return strip_of([(f" /{needle}", palette.focus), (f"  {share:.1f} % of all", palette.text)], width, palette)

    # ---- views

    def current_hints(self) -> tuple[Hint, ...]:
        return (*self.view.hints, *self.hints)

    def action_view(self, name: str) -> None:
        """Show this view, or the first one when it is shown already."""
        self._go_to(name if self.view.name != name else VIEWS[0].name)
        self.redraw()

    def _go_to(self, name: str) -> None:
        self.view = self.views[name]
        self.post_message(HintsChanged())

    def action_own(self, name: str, does: str) -> None:
        """A key of one view; while another one is shown it is nobody's."""
        if self.view.name != name:
            raise SkipAction
        getattr(self.view, does)(self.shown)
        self.redraw()

    # ---- moving about

    def action_across(self, by: int) -> None:
        self.view.across(self.shown, by)
        self.redraw()

    def action_along(self, by: int) -> None:
        self.view.along(self.shown, by)
        self.redraw()

    def action_top(self) -> None:
        self.view.top(self.shown)
        self.redraw()

    def action_enter(self) -> None:
        if wanted := self.view.enter(self.shown):
            self._go_to(wanted)
        self.redraw()

    def action_leave(self) -> None:
        self.view.leave(self.shown)
        self.redraw()

    def action_next_hit(self) -> None:
        self.view.next_hit(self.shown)
        self.redraw()

    # ---- what is shown

    def action_search(self) -> None:
        self.typing, self.shown.needle = True, ""
        self.redraw()

    def action_next_weight(self) -> None:
        self.shown.weight = WEIGHTS[(WEIGHTS.index(self.shown.weight) + 1) % len(WEIGHTS)]
        self._forget()

    def action_next_thread(self) -> None:
        """All threads, then one after the other, the busiest first."""
        shown, profile = self.shown, self.shown.profile
        if profile is None:
            return
        weight: dict[int, float] = {}
        for row in profile.rows:
            weight[row.tid] = weight.get(row.tid, 0.0) + (row.on_cpu if shown.weight == "cpu" else row.samples)
        order: list[int | None] = [None, *sorted(weight, key=lambda tid: (-weight[tid], tid))]
        shown.thread = order[(order.index(shown.thread) + 1) % len(order)] if shown.thread in order else None
        self._forget()

    def _forget(self) -> None:
        for view in self.views.values():
            view.forget()
        self.redraw()

    # ---- keys of the search line, and clicks

    def on_key(self, event: events.Key) -> None:
        shown = self.shown
        if not self.typing:
            if event.key == "escape" and shown.needle:
                shown.needle = ""
                event.stop()
                self.redraw()
            return
        event.stop()
        event.prevent_default()
        if event.key in ("enter", "escape"):
            self.typing = False
            shown.needle = "" if event.key == "escape" else shown.needle
        elif event.key == "backspace":
            shown.needle = shown.needle[:-1]
        elif event.is_printable and event.character:
            shown.needle += event.character
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Select what is under the pointer; a second click enters it."""
        if self.view.click(self.shown, event.x, event.y - HEAD_LINES):
            self.action_enter()
        else:
            self.redraw()
