"""The source of the selected function, with how often each line was seen."""

from typing import ClassVar

from textual.strip import Strip

from perftui.model.line_heat import LineHeat, line_heat, process_in
from perftui.model.profile import StackProfile
from perftui.model.sandwich import Step
from perftui.tui.flame.view import FlameView, Shown, SourceOf
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import cells, strip_of, wrap
from perftui.tui.renderables.flame import place
from perftui.tui.renderables.source import hottest, source_strips
from perftui.tui.widgets.line import Hint


class SourceView(FlameView):
    """Opens at the hottest line of the function. ``Enter`` reads the file again."""

    hints: ClassVar[tuple[Hint, ...]] = (("Enter", "read again"),)

    def __init__(self) -> None:
        self._at: Step | None = None
        self._line = 0
        self._first = 1
        self._of: tuple[StackProfile, str, bool] | None = None
        self._in: tuple[StackProfile, str, int | None] | None = None
        self._heat: dict[int, LineHeat] = {}

    def lines(self, shown: Shown, width: int, height: int, palette: Palette, *, focused: bool) -> list[Strip]:
        step, tree = shown.function, shown.tree
        if step is None or tree is None:
            return []
        of = self._file_of(shown, step)
        source = shown.sources.get(of) if of else None
        if of is not None and source is None:
            shown.wanted = of
            return [_told("reading it", width, palette)]
        if source is None or source.missing:
            why = (
                source.missing if source else f"{step[0]} has no file: it is native code, or stands for many functions"
            )
            return [_told(line, width, palette) for line in wrap(why, max(1, width - 2))]
        heat = self._heat_of(shown, step[1])
        if self._at != step:
            row = next((row for row in shown.hot if (row.function, row.file) == step), None)
            self._at, self._line = step, row.line if row else hottest(heat, 1)
        room = max(1, height - 1)
        self._line = max(1, min(self._line, len(source.lines)))
        self._first = max(1, min(self._line - room // 2, len(source.lines) - room + 1))
        text = source.lines[self._first - 1 : self._first - 1 + room]
        return source_strips(text, heat, tree.total, self._first, width, palette, self._line if focused else None)

    def detail(self, shown: Shown, width: int, palette: Palette) -> Strip:
        """Function and place, which the lines themselves do not tell."""
        step = shown.function
        if step is None:
            return Strip.blank(width, palette.text)
        where = place(step[1], self._line, width - cells(step[0]) - 4, palette)
        return strip_of([(f" {step[0]}", palette.accent), (f"  {where}", palette.muted)], width, palette)

    def along(self, shown: Shown, by: int) -> None:  # noqa: ARG002 - the file is as long as it was drawn
        self._line += by

    def top(self, shown: Shown) -> None:
        """To the hottest line of the file."""
        if shown.function is not None:
            self._line = hottest(self._heat_of(shown, shown.function[1]), 1)

    def enter(self, shown: Shown) -> str:
        of = self._file_of(shown, shown.function) if shown.function else None
        if of is not None:
            shown.sources.pop(of, None)
        return ""

    def click(self, shown: Shown, x: int, y: int) -> bool:  # noqa: ARG002 - a line is one thing
        if y > 0:
            self._line = self._first + y - 1
        return False

    def _file_of(self, shown: Shown, step: Step) -> SourceOf | None:
        """The file of a function, in the process where it was seen most."""
        whole, file = shown.whole, step[1]
        if whole is None or not file or file.startswith("<"):
            return None
        if self._in is None or self._in[0] is not whole or self._in[1] != file:
            self._in = whole, file, process_in(whole, file)
        pid = self._in[2]
        return SourceOf(pid, file) if pid is not None else None

    def _heat_of(self, shown: Shown, file: str) -> dict[int, LineHeat]:
        profile = shown.profile
        if profile is None:
            return {}
        if self._of is None or self._of[0] is not profile or self._of[1:] != (file, shown.on_cpu):
            self._of = profile, file, shown.on_cpu
            self._heat = line_heat(profile, file, on_cpu=shown.on_cpu)
        return self._heat


def _told(text: str, width: int, palette: Palette) -> Strip:
    return strip_of([("  ", palette.text), (text, palette.muted)], width, palette)
