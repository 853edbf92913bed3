"""The processes of the host, and the way to pick one."""

import re
from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.strip import Strip

from perftui.model.target import ProcessId
from perftui.model.update import Update
from perftui.tui.messages import SignalAsked, TargetPicked
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.ordering import SORTS, ProcessTable, Ranks, Sort, ordered, tree_of
from perftui.tui.renderables.processes import (
    Columns,
    header_strip,
    latest_cpu,
    process_strip,
    process_text,
    ranked_cpu,
)
from perftui.tui.widgets.cursor import CursorPane, scrolled
from perftui.tui.widgets.line import Hint


class ProcessList(CursorPane):
    """Sorted, filtered or as a tree. Only the rows on screen are formatted.

    By CPU the target stands first: it is what the screen is about, and an idle one would be below thousands of others.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick", "Attach"),
        Binding("h", "leave", "Whole host"),
        Binding("slash,f4", "filter", "Filter"),
        Binding("t,f5", "tree", "Tree"),
        Binding("s,f6", "sort", "Sort"),
        Binding("x,f9", "signal", "Signal (asks first)"),
        Binding("P", "sort('cpu')", "By CPU", show=False),
        Binding("M", "sort('memory')", "By memory", show=False),
        Binding("N", "sort('pid')", "By PID", show=False),
    ]
    hints: ClassVar[tuple[Hint, ...]] = (
        ("Enter", "attach"), ("/", "filter"), ("t", "tree"), ("s", "sort"), ("x", "signal"), ("h", "host"),
    )  # fmt: skip

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.sort: Sort = "cpu"
        self.as_tree = False
        self.pattern = ""
        self.typing = False
        self._table: ProcessTable | None = None
        self._ranks = Ranks()
        self._rows: list[int] = []
        self._branches: list[str] = []
        self._pids: list[int] = []
        self._top = 0

    def show(self, update: Update) -> None:
        self._table = ProcessTable.of(update)
        if self._table:
            self._ranks.take(self._table)
        super().show(update)

    def keys(self) -> Sequence[int]:
        return self._pids

    def key_at_line(self, y: int) -> Hashable:
        at = self._top + y - 2
        return self._pids[at] if y >= 2 and at < len(self._pids) else None

    def draw(self, width: int, height: int) -> list[Strip]:
        self._arrange()
        title, table = self._title(width), self._table
        if table is None or not self._rows:
            return [title, strip_of([(self._nothing(), self.palette.muted)], width, self.palette)]
        cursor = self.settle()
        self._top = scrolled(self._top, [1] * len(self._rows), cursor, max(1, height - 2))
        columns = Columns.for_width(width, max(table.pids))
        header = header_strip(columns, width, self.palette)
        return [title, header, *self._visible(table, columns, cursor, width, height)]

    def action_pick(self) -> None:
        at = self.settle()
        if at >= 0:
            self.post_message(TargetPicked(self._pids[at]))

    def action_signal(self) -> None:
        at, update = self.settle(), self.update_shown
        section = update.sample.processes if update else None
        if at >= 0 and section is not None:
            row, columns = self._rows[at], section.processes
            process = ProcessId(pid=self._pids[at], start_ticks=columns.ints("start_ticks")[row])
            self.post_message(SignalAsked(process, columns.text("name")[row], columns.text("command")[row]))

    def action_leave(self) -> None:
        self.post_message(TargetPicked(None))

    def action_tree(self) -> None:
        self.as_tree = not self.as_tree
        self.redraw()

    def action_sort(self, sort: Sort | None = None) -> None:
        self.sort = sort or SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        self.redraw()

    def action_filter(self) -> None:
        self.typing = True
        self.redraw()

    def on_key(self, event: events.Key) -> None:
        """While a filter is typed, keys are its letters; arrows and F-keys stay what they are."""
        if self.typing and self._typed(event.key, event.character if event.is_printable else None):
            event.stop()
            self.redraw()

    def on_blur(self) -> None:
        self.typing = False

    def _typed(self, key: str, letter: str | None) -> bool:
        """Take one key into the filter; False for a key that does not belong to it."""
        if key in ("enter", "escape"):
            self.typing = False
            self.pattern = self.pattern if key == "enter" else ""
        elif key == "backspace":
            self.pattern = self.pattern[:-1]
        elif key == "ctrl+u":
            self.pattern = ""
        elif letter:
            self.pattern += letter
        else:
            return False
        return True

    def _arrange(self) -> None:
        """Bring the rows into the order asked for."""
        if self._table is None:
            self._rows, self._branches, self._pids = [], [], []
            return
        # A tree that followed the CPU would turn over whole branches every second.
        sort: Sort = "pid" if self.as_tree and self.sort == "cpu" else self.sort
        self._rows = ordered(self._table, sort, self._ranks, wanted(self.pattern))
        self._branches = []
        if self.as_tree:
            placed = tree_of(self._table, self._rows, self.palette.glyphs)
            self._rows = [row for row, _ in placed]
            self._branches = [branch for _, branch in placed]
        elif sort == "cpu":
            self._put_target_first(self._table)
        pids = self._table.pids
        self._pids = [pids[row] for row in self._rows]

    def _put_target_first(self, table: ProcessTable) -> None:
        pid = self.update_shown.sample.target.pid if self.update_shown else None
        row = table.pids.index(pid) if pid in table.pids else -1
        if row in self._rows:
            self._rows.remove(row)
            self._rows.insert(0, row)

    def _visible(self, table: ProcessTable, columns: Columns, cursor: int, width: int, height: int) -> list[Strip]:
        """The rows on screen; no other is ever formatted."""
        family = self._family()
        ranked = self.sort == "cpu" and not self.as_tree
        strips = []
        for at in range(self._top, min(self._top + height - 2, len(self._rows))):
            pid = self._pids[at]
            mark = self.palette.glyphs.target if pid in family else " "
            branch = self._branches[at] if self._branches else ""
            row = self._rows[at]
            cpu = ranked_cpu(table, row, self._ranks) if ranked else latest_cpu(table, row)
            text = process_text(table, row, columns, mark, branch, cpu)
            selected, targeted = at == cursor, pid in family
            strips.append(process_strip(text, width, self.palette, selected=selected, targeted=targeted))
        return strips

    def _family(self) -> frozenset[int]:
        """The PIDs of the target's tree."""
        section = self.update_shown.sample.tree if self.update_shown else None
        return frozenset(section.processes.ints("pid")) if section else frozenset()

    def _title(self, width: int) -> Strip:
        total = len(self._table.pids) if self._table else 0
        count = f"{len(self._rows)} of {total}" if self.pattern else f"{total}"
        hint = f"by {self.sort}" + (", tree" if self.as_tree else "")
        if self.sort == "cpu":
            hint = "tree" if self.as_tree else "by cpu, smoothed"
        if self.typing:
            return self.title(f"Processes {count} /{self.pattern}_", "Enter keep, Esc clear", width)
        return self.title(f"Processes {count}" + (f" /{self.pattern}/" if self.pattern else ""), hint, width)

    def _nothing(self) -> str:
        if self.update_shown is None:
            return "measuring"
        if self._table is None:
            status = self.update_shown.sample.status("processes")
            return f"? {status.reason} {status.remedy}" if status else "? no process list"
        return "no process matches"


def wanted(pattern: str) -> re.Pattern[str] | None:
    """The filter as typed so far: a regular expression, or the letters themselves while it is none yet."""
    if not pattern:
        return None
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error:
        return re.compile(re.escape(pattern), re.IGNORECASE)
