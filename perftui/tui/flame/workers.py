"""The processes of the target side by side."""

from typing import ClassVar

from msgspec.structs import replace
from textual.strip import Strip

from perftui.model.profile import StackProfile
from perftui.model.units import ratio_text
from perftui.model.worker_views import WorkerView, workers
from perftui.tui.flame.view import FlameView, Shown
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import strip_of
from perftui.tui.renderables.workers import Bars, bars, head_strip, legend_strip, worker_strips
from perftui.tui.widgets.line import Hint

FIXED_LINES = 2
"""The head of the columns, and the legend."""


class WorkersView(FlameView):
    """A row for each process. ``Enter`` shows the flame of that process alone, ``u`` of all again."""

    hints: ClassVar[tuple[Hint, ...]] = (("Enter", "its flame"), ("u", "all"))

    def __init__(self) -> None:
        self._profile: StackProfile | None = None
        self._on_cpu = True
        self._workers: tuple[WorkerView, ...] = ()
        self._bars = Bars(functions=(), shares={})
        self._row = 0
        self._first = 0

    def lines(self, shown: Shown, width: int, height: int, palette: Palette, *, focused: bool) -> list[Strip]:
        self._count(shown)
        room = max(1, height - FIXED_LINES)
        self._row = max(0, min(self._row, len(self._workers) - 1))
        self._first = max(0, min(self._first, self._row, len(self._workers) - room), self._row + 1 - room)
        marked = self._workers[self._row].pid if focused and self._workers else None
        rows = self._workers[self._first : self._first + room]
        return [
            head_strip(self._workers, width, palette, on_cpu=self._on_cpu),
            *worker_strips(rows, self._bars, width, palette, marked),
            legend_strip(self._bars, width, palette),
        ]

    def detail(self, shown: Shown, width: int, palette: Palette) -> Strip:  # noqa: ARG002 - the same whatever is shown
        """What is odd about the one under the cursor, else what it does."""
        if not self._workers:
            return Strip.blank(width, palette.text)
        one = self._workers[self._row]
        if one.outlier:
            return strip_of(
                [(f" {palette.glyphs.warning} odd: ", palette.warning), (one.reason, palette.text)], width, palette
            )
        top = f", most of its CPU in {one.top_function} ({ratio_text(one.top_ratio)})" if one.top_function else ""
        return strip_of([(f" {one.pid} {one.command or one.name}{top}", palette.text)], width, palette)

    def along(self, shown: Shown, by: int) -> None:  # noqa: ARG002 - the same for whatever is shown
        self._row = max(0, min(self._row + by, len(self._workers) - 1))

    def top(self, shown: Shown) -> None:  # noqa: ARG002 - the same for whatever is shown
        self._row = 0

    def enter(self, shown: Shown) -> str:
        if not self._workers:
            return ""
        shown.filter = replace(shown.filter, pid=self._workers[self._row].pid, tid=None)
        return "icicle"

    def leave(self, shown: Shown) -> None:
        shown.filter = replace(shown.filter, pid=None)

    def click(self, shown: Shown, x: int, y: int) -> bool:  # noqa: ARG002 - a row is one thing
        at = self._first + y - 1
        if not y > 0 or at >= len(self._workers):
            return False
        before, self._row = self._row, at
        return at == before

    def _count(self, shown: Shown) -> None:
        """Once per profile: the processes that are odd first, then by PID."""
        profile = shown.whole
        if profile is None or (profile is self._profile and self._on_cpu == shown.on_cpu):
            return
        self._profile, self._on_cpu = profile, shown.on_cpu
        interval = shown.update.interval if shown.update else None
        self._workers = tuple(sorted(workers(profile, interval), key=lambda one: (not one.outlier, one.pid)))
        self._bars = bars(profile, on_cpu=self._on_cpu)
