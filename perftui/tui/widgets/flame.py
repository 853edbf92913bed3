"""Where the time goes: the target's stacks, in one of several views."""

from collections.abc import Callable
from typing import ClassVar, Literal

from msgspec.structs import replace
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from perftui.errors import UsageError
from perftui.model.stack_filter import StackFilter
from perftui.tui.flame.typing import Typing
from perftui.tui.flame.view import WEIGHTS, FlameView, Shown, Source, SourceOf
from perftui.tui.flame.views import VIEWS, Views
from perftui.tui.messages import ModeAsked, Said, SaveAsked, SourceAsked, SourceRead
from perftui.tui.renderables.cells import strip_of, wrap
from perftui.tui.renderables.flame import found_total, whose
from perftui.tui.renderables.flame_head import filter_names, head_text
from perftui.tui.renderables.truth import truth_strip
from perftui.tui.widgets.line import Hint, LineView

HEAD_LINES = 2

NAMED_VIEWS_WIDTH = 120
"""From this width of the screen on there is room for the names of the views beside their keys."""

SEARCH, PATTERN = "/", "keep stacks with (! without): "

GIL_REMEDY = "a second, cheap sampler sees it: CPython with a GIL, and room in the sampler's CPU budget"
GIL_OF_SPAN = (
    "a span has no GIL flame: it is of the looks at all threads, whoever held the lock",
    "w shows what ran then, Esc goes back to what is live",
)


class HintsChanged(Message):
    """The pane's keys are others now."""


class Worked(Message):
    """What a view could not draw before is there."""


class Flame(LineView, can_focus=True):
    """A head line, how far the figures can be trusted, the view, and a line on what is selected.

    Space, which freezes it, is the app's: samples are taken all the same.
    """

    hints: ClassVar[tuple[Hint, ...]] = (
        ("w", "CPU/wall"), ("/", "search"), ("f", "filter"), ("T", "thread"), ("o", "own code"), ("arrows", "move"),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(view.key, f"view('{view.name}')", view.what) for view in VIEWS),
        *(
            Binding(own.key, f"own('{view.name}', '{own.does}')", f"{view.name}: {own.what}")
            for view in VIEWS
            for own in view.keys
        ),
        Binding("left", "across(-1)", "left"),
        Binding("right,l", "across(1)", "right"),
        Binding("up,k", "along(-1)", "up"),
        Binding("down,j", "along(1)", "down"),
        Binding("pageup", "page(-1)", "a page up"),
        Binding("pagedown", "page(1)", "a page down"),
        Binding("home,g", "top", "to the root, or the first line"),
        Binding("end,G", "page(1000)", "to the last line"),
        Binding("enter", "enter", "go into what is selected"),
        Binding("backspace,u", "leave", "back out"),
        Binding("slash", "search", "search"),
        Binding("n", "next_hit", "next hit"),
        Binding("w", "next_weight", "on CPU, wall time, holding the GIL"),
        Binding("T", "next_thread", "next thread"),
        Binding("P", "next_process", "next process"),
        Binding("f,f4", "pattern", "only stacks with this function or file (regex)"),
        Binding("M", "next_file", "only stacks through this file, its folder, all"),
        Binding("o", "wish('own_only')", "only own code: others' time is their caller's"),
        Binding("r", "wish('fold_recursion')", "fold recursion"),
        Binding("b", "wish('hide_idle')", "hide idle threads in wall time"),
        Binding("a", "by_task", "stacks of event loops by task"),
        Binding("y", "way", "how stacks are sampled (asks first)"),
        Binding("E", "write", "write the stacks to a file: SVG, speedscope, …"),
        Binding("m", "mark", "mark this moment, and see what changes"),
        Binding("escape", "clear", "clear the search, then the filters"),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.shown = Shown()
        self.typing: Typing | None = None
        self._asked: SourceOf | None = None
        self.views = Views()
        self.view_name = VIEWS[0].name

    @property
    def view(self) -> FlameView:
        """The one that is shown."""
        return self.views[self.view_name]

    # ---- drawing

    def draw(self, width: int, height: int) -> list[Strip]:
        shown, palette = self.shown, self.palette
        shown.update = self.update_shown
        shown.moment.take(self.update_shown)
        if (job := shown.work()) is not None:
            self._work(job)
        head = [self.title(self._head(), self.view_name, width), self._truth(width)]
        rows = max(1, height - HEAD_LINES - 1)
        body = self._body(width, rows)
        blank = Strip.blank(width, palette.text)
        return [*head, *body[:rows], *[blank] * (rows - len(body)), self._last_line(width)]

    def _body(self, width: int, height: int) -> list[Strip]:
        shown = self.shown
        if not self.view.always and ((tree := shown.tree) is None or tree.total <= 0):
            return self._why_empty(width)
        lines = self.view.lines(shown, width, height, self.palette, focused=self.has_focus)
        if shown.wanted is not None:
            self._ask_for_source(shown.wanted)
        if (job := self.view.work(shown)) is not None:
            self._work(job)
        return lines

    def _head(self) -> str:
        shown = self.shown
        what = head_text(shown.weight, shown.filter, shown.whole)
        parts = [shown.moment.text, what, self.view.note, whose(self.update_shown)]
        return f"Flame {self.palette.glyphs.dash} {', '.join(filter(None, parts))}"

    def _truth(self, width: int) -> Strip:
        whole, update = self.shown.whole, self.update_shown
        if whole is None or update is None:
            return Strip.blank(width, self.palette.text)
        return truth_strip(whole, update.profile_status, width, self.palette, self.shown.weight)

    def _why_empty(self, width: int) -> list[Strip]:
        """What is missing, and what would fill the pane."""
        palette = self.palette
        lines = [
            strip_of([("  ", palette.text), (line, style)], width, palette)
            for text, style in zip(self._reasons(), (palette.text, palette.muted), strict=True)
            if text
            for line in wrap(text, max(1, width - 2))
        ]
        return [Strip.blank(width, palette.text), *lines]

    def _reasons(self) -> tuple[str, str]:
        """Why there is nothing to show, and the remedy."""
        shown, update = self.shown, self.update_shown
        if shown.moment.span and shown.weight == "gil":
            return GIL_OF_SPAN
        if shown.busy and shown.profile is None:
            return "these stacks are being put together", ""
        if shown.moment.span and shown.whole is None:
            return "nothing was sampled in this span", "Esc goes back to what is live"
        if shown.profile is not None:
            if not shown.profile.rows and filter_names(shown.filter):
                return "no stack passes the filters", "Esc clears them"
            if shown.weight == "gil":
                return "no thread held the GIL in this window", "w shows what runs on a CPU"
            if shown.profile.mode == "perf":
                return "no thread was on a CPU in this window", "perf sees only what runs"
            return "no thread was on a CPU in this window", "w shows wall time: where the threads wait"
        if update is None or (update.profile is None and update.profile_status.state in ("ok", "starting")):
            return "the first stacks are on their way", ""
        if update.profile is None:
            return update.profile_status.reason or "no stacks", update.profile_status.remedy
        return "who holds the GIL is not known", GIL_REMEDY

    def _last_line(self, width: int) -> Strip:
        """What is typed, what a search holds, or what is selected."""
        palette, typing, needle = self.palette, self.typing, self.shown.needle
        if typing is not None and typing.prompt == PATTERN:
            return strip_of(typing.parts(palette), width, palette)
        if typing is None and not needle and self.view.always:
            return self.view.detail(self.shown, width, palette)
        tree = self.shown.tree
        if tree is None or tree.total <= 0:
            return Strip.blank(width, palette.text)
        if typing is None and not needle:
            return self.view.detail(self.shown, width, palette)
        share = f"{100 * found_total(tree, needle.lower()) / tree.total:.1f} % of all" if needle else ""
        parts = typing.parts(palette) if typing else [(f" {SEARCH}{needle}", palette.focus)]
        return strip_of([*parts, (f"  {share}", palette.text)], width, palette)

    # ---- views

    def current_hints(self) -> tuple[Hint, ...]:
        views = tuple((view.key, view.name) for view in VIEWS)
        if self.app.size.width < NAMED_VIEWS_WIDTH:
            views = (("/".join(key for key, _ in views), "views"),)
        return (*self.view.hints[:1], *views, *self.hints, *self.view.hints[1:])

    def action_view(self, name: str) -> None:
        """Show this view, or the first one when it is shown already."""
        self._go_to(name if self.view_name != name else VIEWS[0].name)
        self.redraw()

    def _go_to(self, name: str) -> None:
        self.view_name = name
        self.post_message(HintsChanged())

    def action_own(self, name: str, does: str) -> None:
        """A key of one view; while another one is shown it is nobody's."""
        if self.view_name != name:
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

    def action_page(self, direction: int) -> None:
        self.action_along(direction * max(1, self.size.height - HEAD_LINES - 2))

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

    def action_next_weight(self) -> None:
        """On CPU, wall time, holding the GIL; perf sees only what runs, so of its stacks there is the first alone."""
        profile = self.update_shown.profile if self.update_shown else None
        weights = WEIGHTS[:1] if profile is not None and profile.mode == "perf" else WEIGHTS
        if weights != WEIGHTS:
            self.post_message(Said("perf sees only what runs: there is no wall time and no GIL"))
        current = weights.index(self.shown.weight) if self.shown.weight in weights else -1
        self.shown.weight = weights[(current + 1) % len(weights)]
        self._forget()

    def action_way(self) -> None:
        self.post_message(ModeAsked())

    def action_write(self) -> None:
        self.post_message(SaveAsked("wall" if self.shown.weight == "wall" else "cpu"))

    def action_wish(self, wish: str) -> None:
        """Switch one wish of the filter on or off."""
        self._filter(**{wish: not getattr(self.shown.filter, wish)})

    def action_next_thread(self) -> None:
        """All threads, then one after the other, the busiest first."""
        self._filter(tid=self._next("tid", self.shown.filter.tid))

    def action_next_process(self) -> None:
        """All processes, then one after the other, the busiest first."""
        self._filter(pid=self._next("pid", self.shown.filter.pid), tid=None)

    def _next(self, column: Literal["pid", "tid"], current: int | None) -> int | None:
        order: list[int | None] = [None, *self.shown.busiest(column)]
        return order[(order.index(current) + 1) % len(order)] if current in order else None

    def action_next_file(self) -> None:
        """Only what goes through the file of the selected function, then through its folder, then everything."""
        prefix, function = self.shown.filter.file_prefix, self.shown.function
        if prefix:
            self._filter(file_prefix="" if prefix.endswith("/") else prefix[: prefix.rfind("/") + 1])
        elif function is not None:
            self._filter(file_prefix=function[1])

    def action_clear(self) -> None:
        """The search first, then the span, then the filters; with none of them the key is the screen's."""
        shown = self.shown
        if shown.needle:
            shown.needle = ""
        elif shown.moment.span:
            shown.moment.span = None
        elif shown.filter != StackFilter():
            shown.filter = StackFilter()
        else:
            raise SkipAction
        self._forget()

    def action_mark(self) -> None:
        """Compare what comes with what was. In a replay the key is the player's: it goes to the next mark."""
        past, update = self.shown.moment.past, self.update_shown
        if past is None or (update is not None and update.replay is not None):
            raise SkipAction
        self.shown.moment.marked_ns = past.last_ns
        self._go_to("diff")
        self.redraw()

    def action_by_task(self) -> None:
        self.shown.moment.by_task = not self.shown.moment.by_task
        self._forget()

    def _filter(self, **wishes: bool | int | str | None) -> None:
        self.shown.filter = replace(self.shown.filter, **wishes)
        self._forget()

    def _forget(self) -> None:
        self.views.forget()
        self.redraw()

    # ---- what takes longer

    def _work(self, job: Callable[[], None]) -> None:
        """After a fault the pane stays as it is, and the job is tried again with the next tick."""
        name = self.view_name

        def run() -> None:
            try:
                job()
            except Exception as fault:  # noqa: BLE001 (the thread's edge: one view has a fault, the app goes on)
                self.post_message(Said(f"{name}: this view failed: {fault!r}"))
            else:
                self.post_message(Worked())

        self.run_worker(run, thread=True)

    def on_worked(self) -> None:
        self.redraw()

    def _ask_for_source(self, wanted: SourceOf) -> None:
        if wanted != self._asked:
            self._asked = wanted
            self.post_message(SourceAsked(*wanted))

    def on_source_read(self, message: SourceRead) -> None:
        self.shown.keep_source(
            SourceOf(message.asked.pid, message.asked.file), Source(tuple(message.lines), message.missing)
        )
        self.shown.wanted = self._asked = None
        self.redraw()

    # ---- a line that is typed, and clicks

    def action_search(self) -> None:
        self.shown.needle = ""
        self.typing = Typing(SEARCH)
        self.redraw()

    def action_pattern(self) -> None:
        self.typing = Typing(PATTERN)
        self.redraw()

    def on_key(self, event: events.Key) -> None:
        typing, shown = self.typing, self.shown
        if typing is None:
            return
        event.stop()
        event.prevent_default()
        if event.key == "enter":
            self._typed(typing)
        elif event.key == "escape":
            self.typing = None
        else:
            typing.press(event)
        if typing.prompt == SEARCH:
            shown.needle = typing.text if event.key != "escape" else ""
        self.redraw()

    def _typed(self, typing: Typing) -> None:
        self.typing = None
        if typing.prompt == PATTERN:
            try:
                self._filter(pattern=typing.text)
            except UsageError as error:
                self.typing, typing.error = typing, str(error)

    def on_click(self, event: events.Click) -> None:
        """Select what is under the pointer; a second click enters it."""
        if self.view.click(self.shown, event.x, event.y - HEAD_LINES):
            self.action_enter()
        else:
            self.redraw()
