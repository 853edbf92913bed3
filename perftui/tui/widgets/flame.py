"""Where the time goes: the target's stacks as an icicle, root on top."""

from typing import ClassVar, Literal

from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from perftui.model.profile import StackProfile
from perftui.profile.tree import Node, build
from perftui.profile.trie import Trie
from perftui.tui.renderables.cells import cells, fit, strip_of
from perftui.tui.renderables.flame import (
    EMPTY,
    Box,
    HotRow,
    Icicle,
    Path,
    found_total,
    hot_rows,
    lay_out,
    legend,
    matches,
    place,
    row_strip,
    step_of,
    whose,
)
from perftui.tui.widgets.line import Hint, LineView

LEGEND_FROM = 90
"""The width from which there is room for what the hues mean."""

SPARE_ROWS = 8
MIN_SPARE_ROWS = 3
"""How many rows under the icicle the list takes, its head line included, and from how many it is worth showing."""

Tree = tuple[Node, list[HotRow]]
"""A tree of calls, and its functions by self time."""

VIEWS: tuple[Literal["cpu", "wall"], ...] = ("cpu", "wall")


class Flame(LineView, can_focus=True):
    """The icicle, or (key ``e``) the list of functions by self time. Space, which freezes it, is the app's."""

    hints: ClassVar[tuple[Hint, ...]] = (
        ("Enter", "zoom"), ("u", "out"), ("/", "search"), ("w", "CPU/wall"), ("T", "thread"), ("e", "list"),
        ("c", "fold"), ("arrows", "move"),
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "across(-1)", "left"),
        Binding("right,l", "across(1)", "right"),
        Binding("up,k", "along(-1)", "up"),
        Binding("down,j", "along(1)", "down"),
        Binding("home,g", "top", "to the root"),
        Binding("enter", "zoom", "zoom in"),
        Binding("backspace,u", "unzoom", "zoom out"),
        Binding("slash", "search", "search"),
        Binding("n", "next_hit", "next hit"),
        Binding("w", "switch_view", "CPU or wall time"),
        Binding("T", "next_thread", "next thread"),
        Binding("e", "hot_list", "list of functions"),
        Binding("c", "fold", "fold chains of calls"),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.view: Literal["cpu", "wall"] = "cpu"
        self.thread: int | None = None
        self.folding = True
        self.listing = False
        self.needle = ""
        self.typing = False
        self.selected: Path = ()
        self.zoomed: Path = ()
        self.icicle: Icicle = EMPTY
        self._row = 0
        self._first_row = 0
        self._profile: StackProfile | None = None
        self._trees: dict[tuple[str, int | None], Tree] = {}
        self._trie = Trie()

    # ---- drawing

    def draw(self, width: int, height: int) -> list[Strip]:
        tree = self._current_tree()
        head = self.title(self._head(), self._hint(), width)
        if tree is None or tree.total <= 0:
            return [head, *self._why_empty(tree, width)]
        rows = max(1, height - 2)
        body = self._full_list(tree, width, rows) if self.listing else self._icicle_strips(tree, width, rows)
        blank = Strip.blank(width, self.palette.text)
        return [head, *body, *[blank] * (rows - len(body)), self._detail(tree, width)]

    def _current(self) -> Tree | None:
        """The tree and the list of what was shown last: a big profile takes long, so once per profile and view."""
        profile = self.update_shown.profile if self.update_shown else None
        if profile is not self._profile:
            self._profile, self._trees = profile, {}
        wanted = (self.view, self.thread)
        if profile is not None and wanted not in self._trees:
            tree = build(profile, view=self.view, tid=self.thread, trie=self._trie)
            self._trees[wanted] = (tree, hot_rows(tree))
        return self._trees.get(wanted)

    def _current_tree(self) -> Node | None:
        current = self._current()
        return current[0] if current else None

    def _head(self) -> str:
        view = "on CPU" if self.view == "cpu" else "wall time"
        zoomed = ", zoomed" if self.zoomed and not self.listing else ""
        one = f", {text}" if (text := whose(self.update_shown)) else ""
        return f"Flame {self.palette.glyphs.dash} {view}, {self._thread_name()}{zoomed}{one}"

    def _thread_name(self) -> str:
        profile = self._profile
        if self.thread is None or profile is None:
            return "all threads"
        name = next((thread.name for thread in profile.threads if thread.tid == self.thread), "")
        return f"thread {self.thread} {name}".rstrip()

    def _hint(self) -> str:
        if self.typing:
            return f"search: {self.needle}_  (Enter, Esc)"
        profile, update = self._profile, self.update_shown
        if profile is None or update is None:
            return ""
        status = update.profile_status
        if whose(update):
            return f"{profile.samples} samples"
        return (
            f"{profile.samples} samples, {status.rate_hz or profile.rate_hz:.0f} Hz, "
            f"{100 * profile.coverage_ratio:.0f} % covered, sampler {100 * status.sampler_cpu_ratio:.0f} % CPU"
        )

    def _why_empty(self, tree: Node | None, width: int) -> list[Strip]:
        """What is missing, and what would fill the pane."""
        palette, update = self.palette, self.update_shown
        if tree is not None:
            lines = [("no thread was on a CPU in this window", "w shows wall time: where the threads wait")]
        elif update is None or update.profile_status.state in ("ok", "starting"):
            lines = [("the first stacks are on their way", "")]
        else:
            lines = [(update.profile_status.reason or "no stacks", update.profile_status.remedy)]
        parts = [
            strip_of([("  ", palette.text), (text, style)], width, palette)
            for reason, remedy in lines
            for text, style in ((reason, palette.text), (remedy, palette.muted))
            if text
        ]
        return [Strip.blank(width, palette.text), *parts]

    def _icicle_strips(self, tree: Node, width: int, rows: int) -> list[Strip]:
        base, root = _node_at(tree, self.zoomed)
        self.zoomed = (*base, step_of(root)) if base else self.zoomed[:1]
        self.icicle = lay_out(
            root, width, max_rows=200, fold=self.folding, old=self.icicle, base=base, whole=tree.total
        )
        box = self.icicle.find(self.selected) or self.icicle.rows[0][0]
        self._row = next(at for at, row in enumerate(self.icicle.rows) if box in row)
        # The selected row stays in sight, and the row below it, which is what one is heading for.
        last = len(self.icicle.rows) - rows
        self._first_row = max(0, min(max(self._first_row, self._row + 2 - rows), self._row, last))
        hit = self._is_hit if self.needle else None
        shown = self.icicle.rows[self._first_row : self._first_row + rows]
        marked = box if self.has_focus else None
        strips = [row_strip(row, width, self.palette, marked, hit) for row in shown]
        # Room that the icicle leaves goes to the list, which stands at the bottom so that it does not jump.
        spare = min(rows - len(strips) - 1, SPARE_ROWS)
        if spare < MIN_SPARE_ROWS:
            return strips
        gap = [Strip.blank(width, self.palette.text)] * (rows - len(strips) - spare)
        return [*strips, *gap, *self._list_strips(tree, self._hot()[: spare - 1], width)]

    def _is_hit(self, box: Box) -> bool:
        return any(matches(node, self.needle.lower()) for node in box.chain)

    def _full_list(self, tree: Node, width: int, rows: int) -> list[Strip]:
        """The list instead of the icicle, with a cursor."""
        found = self._hot()
        self._row = max(0, min(self._row, len(found) - 1))
        first = max(0, min(self._row - (rows - 1) // 2, len(found) - (rows - 1)))
        marked = self._row - first if self.has_focus else None
        return self._list_strips(tree, found[first : first + rows - 1], width, marked)

    def _list_strips(self, tree: Node, found: list[HotRow], width: int, marked: int | None = None) -> list[Strip]:
        palette = self.palette
        strips = [strip_of([("  self  total  function", palette.muted)], width, palette)]
        for at, row in enumerate(found):
            style = palette.selected if at == marked else palette.text
            figures = f"{100 * row.self_value / tree.total:5.0f}% {100 * row.total / tree.total:5.0f}%  "
            quiet = style if style is palette.selected else palette.muted
            where = place(row.file, row.line, width - cells(figures + row.function) - 2, palette)
            strips.append(strip_of([(figures, style), (row.function, style), ("  " + where, quiet)], width, palette))
        return strips

    def _hot(self) -> list[HotRow]:
        current, needle = self._current(), self.needle.lower()
        rows = current[1] if current else []
        return [row for row in rows if matches(row, needle)] if needle else rows

    def _detail(self, tree: Node, width: int) -> Strip:
        """The selected frame in full, or what a search holds."""
        palette = self.palette
        if self.needle:
            share = 100 * found_total(tree, self.needle.lower()) / tree.total
            return strip_of(
                [(f" /{self.needle}", palette.focus), (f"  {share:.1f} % of all", palette.text)], width, palette
            )
        box = None if self.listing else self.icicle.find(self.selected)
        node = box.node if box else None
        if box is None or node is None:
            return Strip.blank(width, palette.text)
        figures = f" {100 * node.total / tree.total:.0f} % (self {100 * node.self_value / tree.total:.0f} %)  "
        folded = f"  +{len(box.chain) - 1} folded" if len(box.chain) > 1 else ""
        hues = legend(palette) if width >= LEGEND_FROM else []
        room = max(0, width - len(figures) - len(folded) - sum(len(text) for text, _ in hues) - 1)
        name = fit(node.function, min(room, cells(node.function)), ellipsis=palette.glyphs.ellipsis)
        where = place(node.file, node.line, room - cells(name) - 2, palette)
        name = f"{name}  {where}" if where else name
        gap = " " * (room + 1 - cells(name))
        parts = [(figures, palette.accent), (name, palette.text), (folded, palette.muted), (gap, palette.text), *hues]
        return strip_of(parts, width, palette)

    # ---- moving about

    def _box(self) -> Box | None:
        return self.icicle.find(self.selected) or (self.icicle.rows[0][0] if self.icicle.rows else None)

    def _select(self, box: Box | None) -> None:
        if box is not None and box.chain:
            self.selected = box.path
        self.redraw()

    def action_across(self, by: int) -> None:
        """To the neighbour in the same row."""
        box = self._box()
        if box is None or self.listing:
            return
        row = [other for other in self.icicle.rows[self._row] if other.chain]
        at = row.index(box) + by
        if 0 <= at < len(row):
            self._select(row[at])

    def action_along(self, by: int) -> None:
        """One row up or down: to the caller, or to the biggest callee."""
        if self.listing:
            self._row += by
            self.redraw()
            return
        box = self._box()
        if box is None:
            return
        if by > 0:
            below = [child for child in self.icicle.children.get(box.path, ()) if child.chain]
            self._select(max(below, key=lambda child: child.width, default=box))
        elif self._row > 0:
            self._select(self.icicle.find(box.parent_path))

    def action_top(self) -> None:
        self._row = 0
        self._select(self.icicle.rows[0][0] if self.icicle.rows else None)

    def action_zoom(self) -> None:
        tree, box = self._current_tree(), self._box()
        if self.listing and tree is not None:
            rows = self._hot()
            if rows:
                self.needle, self.listing = rows[self._row].function, False
        elif box is not None:
            self.zoomed = self.selected = box.path
            self.icicle, self._first_row = EMPTY, 0
        self.redraw()

    def action_unzoom(self) -> None:
        self.zoomed, self.icicle = (), EMPTY
        self.redraw()

    def action_search(self) -> None:
        self.typing, self.needle = True, ""
        self.redraw()

    def action_next_hit(self) -> None:
        """Select the next box that the search found, row by row."""
        hits = [box for box in self.icicle.boxes() if box.chain and self._is_hit(box)] if self.needle else []
        current = self._box()
        if hits:
            self._select(hits[(hits.index(current) + 1) % len(hits) if current in hits else 0])

    def action_switch_view(self) -> None:
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self.icicle = EMPTY
        self.redraw()

    def action_next_thread(self) -> None:
        """All threads, then one after the other, the busiest first."""
        profile = self.update_shown.profile if self.update_shown else None
        if profile is None:
            return
        weight: dict[int, float] = {}
        for row in profile.rows:
            weight[row.tid] = weight.get(row.tid, 0.0) + (row.on_cpu if self.view == "cpu" else row.samples)
        order: list[int | None] = [None, *sorted(weight, key=lambda tid: (-weight[tid], tid))]
        self.thread = order[(order.index(self.thread) + 1) % len(order)] if self.thread in order else None
        self.icicle, self.zoomed = EMPTY, ()
        self.redraw()

    def action_hot_list(self) -> None:
        self.listing, self._row = not self.listing, 0
        self.redraw()

    def action_fold(self) -> None:
        self.folding, self.icicle = not self.folding, EMPTY
        self.redraw()

    # ---- keys of the search line, and clicks

    def on_key(self, event: events.Key) -> None:
        if not self.typing:
            if event.key == "escape" and self.needle:
                self.needle = ""
                event.stop()
                self.redraw()
            return
        event.stop()
        event.prevent_default()
        if event.key in ("enter", "escape"):
            self.typing = False
            self.needle = "" if event.key == "escape" else self.needle
        elif event.key == "backspace":
            self.needle = self.needle[:-1]
        elif event.is_printable and event.character:
            self.needle += event.character
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        """Select the box under the pointer; a second click zooms."""
        row = self._first_row + event.y - 1
        if self.listing or not 0 <= row < len(self.icicle.rows):
            return
        box = next((box for box in self.icicle.rows[row] if box.x <= event.x < box.x + box.width), None)
        if box is not None and box.path == self.selected:
            self.action_zoom()
        else:
            self._select(box)


def _node_at(tree: Node, path: Path) -> tuple[Path, Node]:
    """The node that a path leads to, as far as it still exists, and the path above that node."""
    node = tree
    base: Path = ()
    for step in path[1:]:
        below = next((child for child in node.children if step_of(child) == step), None)
        if below is None:
            break
        base = (*base, step_of(node))
        node = below
    return base, node
