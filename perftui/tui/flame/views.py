"""Which views the flame pane has; the module of one is loaded when it is first shown.

All of them together take a fifth of the time to the first frame, and that frame shows one.
"""

from pkgutil import resolve_name
from typing import NamedTuple

from perftui.tui.flame.view import FlameView


class Key(NamedTuple):
    """A key of one view; ``does`` is the method that it calls (``does(shown)``), ``what`` its line in the help."""

    key: str
    does: str
    what: str


class Entry(NamedTuple):
    """``key`` shows the view, and the first one when it is shown already; ``what`` is its line in the help."""

    name: str
    key: str
    what: str
    where: str
    keys: tuple[Key, ...] = ()


VIEWS = (
    Entry(
        "icicle", "i", "calls as boxes", "perftui.tui.flame.icicle:IcicleView",
        (Key("c", "fold", "fold chains of calls"), Key("F", "flip", "root at the bottom, and back on top")),
    ),
    Entry("list", "e", "functions by self time", "perftui.tui.flame.hot:HotView"),
    Entry("sandwich", "s", "callers and callees of the selected function", "perftui.tui.flame.sandwich:SandwichView"),
    Entry("source", "v", "source of the selected function", "perftui.tui.flame.source:SourceView"),
    Entry("heat", "H", "map of the last minutes: choose a span", "perftui.tui.flame.heat:HeatView"),
    Entry("workers", "t", "processes of the target side by side", "perftui.tui.flame.workers:WorkersView"),
    Entry("diff", "D", "what has changed since the mark", "perftui.tui.flame.diff:DiffView"),
)  # fmt: skip
"""The first one is shown at the start."""


class Views:
    """Those that have been shown so far."""

    def __init__(self) -> None:
        self._made: dict[str, FlameView] = {}

    def __getitem__(self, name: str) -> FlameView:
        if name not in self._made:
            where = next(entry.where for entry in VIEWS if entry.name == name)
            self._made[name] = resolve_name(where)()
        return self._made[name]

    def forget(self) -> None:
        """Other stacks are shown from now on."""
        for view in self._made.values():
            view.forget()
