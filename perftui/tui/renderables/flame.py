"""An icicle from a tree of calls: where each box stands, what it says, how it is drawn. Pure.

Three things keep it calm from one second to the next. Widths change only when a share has moved by more than a cell
or so; children keep their order until one clearly outgrows its left neighbour; a box's percentage changes only by a
whole point. A chain of calls in which nearly everything goes on to one callee is folded into a single box, so that
deep stacks fit on few rows.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

import msgspec
from rich.style import Style
from textual.strip import Strip

from perftui.model.origin import LIBRARY, NATIVE, ORIGINS, STANDARD, origin
from perftui.model.sandwich import Step
from perftui.model.update import Update
from perftui.profile.tree import Node
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, fit, harmless, strip_of

Path = tuple[Step, ...]
"""The way from the root. The line of a frame changes while a function runs, so it is left out."""

SLACK_CELLS = 1.5
"""A box keeps its width as long as its share asks for one within this many cells."""

FOLD_RATIO = 0.98
KEEP_FOLDED_RATIO = 0.95
"""A call is folded with its callee when that takes this much of it; once folded, it stays so a little longer."""

OUTGROWN = 1.25
"""A box moves to the left of its neighbour when it is this much bigger."""

REVERSED = Style(reverse=True)


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """One box: ``chain`` holds the nodes folded into it, outermost first; ``path`` leads to the last of them.

    ``node`` is None for the callees too small for a box of their own.
    """

    path: Path
    chain: tuple[Node, ...]
    x: int
    width: int
    pct: int

    @property
    def node(self) -> Node | None:
        return self.chain[-1] if self.chain else None

    @property
    def parent_path(self) -> Path:
        return self.path[: len(self.path) - len(self.chain)]


class Icicle(msgspec.Struct, frozen=True):
    """Boxes row by row, the root's first."""

    width: int
    rows: tuple[tuple[Box, ...], ...] = ()
    children: dict[Path, tuple[Box, ...]] = msgspec.field(default_factory=dict)

    def boxes(self) -> Iterator[Box]:
        for row in self.rows:
            yield from row

    def find(self, path: Path) -> Box | None:
        """The box that shows this path; the nearest one above it when there is none."""
        best: Box | None = None
        for row in self.rows:
            below = next((box for box in row if box.chain and _leads(box, path)), None)
            if below is None:
                return best
            best = below
        return best


def _leads(box: Box, path: Path) -> bool:
    """Whether the way to ``path`` ends in the box or goes through it."""
    shared = min(len(box.path), len(path))
    return len(path) > len(box.parent_path) and box.path[:shared] == path[:shared]


EMPTY = Icicle(0)


def lay_out(
    root: Node,
    width: int,
    *,
    max_rows: int,
    fold: bool,
    old: Icicle = EMPTY,
    base: Path = (),
    whole: float | None = None,
) -> Icicle:
    """Place the tree under ``root`` in ``width`` cells and at most ``max_rows`` rows.

    ``base`` is the path above ``root``. Percentages are of ``whole``, by default the root's total.
    """
    if root.total <= 0 or width <= 0:
        return Icicle(width)
    known = old.children if old.width == width else {}
    was = {box.parent_path + box.path[len(box.parent_path) :][:1]: box for box in old.boxes() if box.chain}
    whole = whole or root.total
    top = _box(root, base, 0, width, whole, was, fold)
    rows: list[tuple[Box, ...]] = [(top,)]
    children: dict[Path, tuple[Box, ...]] = {}
    while len(rows) < max_rows:
        below: list[Box] = []
        for box in rows[-1]:
            if box.chain and box.width > 1:
                placed = _place(box, known.get(box.path, ()), whole, was, fold)
                children[box.path] = placed
                below.extend(placed)
        if not below:
            break
        rows.append(tuple(below))
    return Icicle(width, tuple(rows), children)


def _box(node: Node, above: Path, x: int, width: int, whole: float, was: dict[Path, Box], fold: bool) -> Box:
    path = (*above, step_of(node))
    before = was.get(path)
    chain = [node]
    while fold and (only := _only_callee(chain[-1], before is not None and len(before.chain) > len(chain))):
        chain.append(only)
        path = (*path, step_of(only))
    share = 100 * node.total / whole
    pct = before.pct if before is not None and abs(before.pct - share) < 1 else round(share)
    return Box(path=path, chain=tuple(chain), x=x, width=width, pct=pct)


def step_of(node: Node) -> Step:
    return node.function, node.file


def _only_callee(node: Node, was_folded: bool) -> Node | None:
    """The callee that takes nearly everything, if there is one."""
    ratio = KEEP_FOLDED_RATIO if was_folded else FOLD_RATIO
    return next(iter(node.larger(ratio * node.total)), None)


def _place(box: Box, known: tuple[Box, ...], whole: float, was: dict[Path, Box], fold: bool) -> tuple[Box, ...]:
    """The boxes below one box, left to right; the small ones together in a last one."""
    node = box.chain[-1]
    scale = box.width / node.total
    ranks = {shown.path[len(box.path)]: (rank, shown.width) for rank, shown in enumerate(known) if shown.chain}
    seen = node.larger(0.5 / scale)
    visible = [child for child in seen if child.total * scale >= (0.5 if step_of(child) in ranks else 1)]
    ordered = _in_order(visible, ranks)
    ideal = [child.total * scale for child in ordered]
    rest = (node.total - node.self_value) * scale - sum(ideal)
    widths = _kept_widths(ordered, ideal, ranks) if sum(shown.width for shown in known) <= box.width else None
    if widths is None:
        widths = _rounded(ideal)
    boxes, x = [], box.x
    for child, width in zip(ordered, widths, strict=True):
        width = min(width, box.x + box.width - x)
        if width > 0:
            boxes.append(_box(child, box.path, x, width, whole, was, fold))
            x += width
    small = min(round(rest), box.x + box.width - x)
    if small >= 1:
        boxes.append(Box(path=box.path, chain=(), x=x, width=small, pct=round(100 * rest / scale / whole)))
    return tuple(boxes)


def _in_order(nodes: list[Node], ranks: dict[Step, tuple[int, int]]) -> list[Node]:
    """Biggest first; but known ones keep their order until one has clearly outgrown the one before it."""
    by_size = sorted(nodes, key=lambda node: (-node.total, step_of(node)))
    stable = sorted(by_size, key=lambda node: ranks.get(step_of(node), (len(ranks), 0))[0])
    calm = all(right.total <= OUTGROWN * left.total for left, right in pairwise(stable))
    return stable if calm else by_size


def _kept_widths(nodes: list[Node], ideal: list[float], ranks: dict[Step, tuple[int, int]]) -> list[int] | None:
    """The widths from before, if they are all still close enough."""
    widths = []
    for node, wanted in zip(nodes, ideal, strict=True):
        shown = ranks.get(step_of(node))
        if shown is None or abs(shown[1] - wanted) > SLACK_CELLS:
            return None
        widths.append(shown[1])
    return widths


def _rounded(ideal: list[float]) -> list[int]:
    """Whole cells whose running sum is never off by more than half a cell."""
    widths, exact, used = [], 0.0, 0
    for wanted in ideal:
        exact += wanted
        widths.append(max(1, round(exact) - used))
        used += widths[-1]
    return widths


def matches(node: "Node | HotRow", needle: str) -> bool:
    """Whether a search (in small letters) finds this function; one with a dot or a slash looks at the file too."""
    return _matches(node.function, node.file, needle)


def _matches(function: str, file: str, needle: str) -> bool:
    return needle in function.lower() or (("." in needle or "/" in needle) and needle in file.lower())


def found_total(root: Node, needle: str) -> float:
    """What all matching functions hold together; one below another counts once."""
    return root.holding(lambda function, file: _matches(function, file, needle))


class HotRow(msgspec.Struct):
    """One function over the whole tree, in samples."""

    function: str
    file: str
    line: int
    self_value: float = 0.0
    total: float = 0.0


def hot_rows(root: Node) -> list[HotRow]:
    """All functions, most self time first; a recursive one counts once in ``total``."""
    rows = [HotRow(*total) for total in root.functions()]
    return sorted(rows, key=lambda row: (-row.self_value, -row.total, row.function))


def whose(update: Update | None) -> str:
    """Which processes the stacks are of, where the target has more than one; empty where there is nothing to tell."""
    tree = update.sample.tree if update else None
    status = update.profile_status if update else None
    if tree is None or status is None or not status.pid or len(tree.processes) < 2:
        return ""
    share, count = status.cpu_share_ratio, len(status.sampled)
    who = f"{count} processes" if count > 1 else f"PID {status.pid} only"
    return who + ("" if share is None else f", {100 * share:.0f} % of the target's CPU")


def short_name(node: Node) -> str:
    """The function; a module's own code is named by its file."""
    return PurePosixPath(node.file).name if node.function == "<module>" and node.file else node.function


def label(box: Box, room: int, palette: Palette) -> str:
    """As much of a box's name as fits, the innermost function before all else, with the share where there is room."""
    if not box.chain:
        return palette.glyphs.ellipsis
    names = [short_name(node) for node in box.chain]
    text = names.pop()
    more = f"{palette.glyphs.ellipsis} {palette.glyphs.cursor} "
    while names:
        longer = f"{names[-1]} {palette.glyphs.cursor} {text}"
        if cells(longer) + (cells(more) if len(names) > 1 else 0) > room:
            break
        text = longer
        names.pop()
    if names and cells(more) + cells(text) <= room:
        text = more + text
    share = f" {box.pct}%"
    return text + share if cells(text) + len(share) + 1 <= room else text


def place(file: str, line: int, room: int, palette: Palette) -> str:
    """``/srv/app.py:31`` in at most ``room`` cells; of a longer one the end is kept. Without a line it is 0."""
    text = harmless(f"{file}:{line}" if line else file) if file else ""
    if cells(text) <= room:
        return text
    while text and cells(text) >= room:
        text = text[1:]
    return palette.glyphs.ellipsis + text if text else ""


Marked = Callable[[Box], bool]


def _hues(palette: Palette) -> tuple[Sequence[Style], dict[int, Style]]:
    """The styles of own code, and those of the other origins."""
    *own, library, standard, native = (
        palette.flame if len(palette.flame) > 3 else (*palette.flame, *palette.flame[-1:] * 3)
    )
    return own, {LIBRARY: library, STANDARD: standard, NATIVE: native}


def legend(palette: Palette) -> list[Part]:
    """What the hues mean."""
    own, foreign = _hues(palette)
    styles = (own[0], *foreign.values())
    return [(f" {name} ", style) for name, style in zip(ORIGINS, styles, strict=True)]


def flame_styles(palette: Palette) -> Callable[[Box], Style]:
    """The style of a box: hue by whose code it is, and for own code by the function's name.

    The theme's last three flame colours are those of libraries, the standard library and native code.
    """
    own, foreign = _hues(palette)

    def style(box: Box) -> Style:
        node = box.node
        if node is None:
            return palette.muted
        # Not hash(): a function has the same hue in every run.
        return foreign.get(origin(node.file)) or own[sum(node.function.encode()) % len(own)]

    return style


def row_strip(row: tuple[Box, ...], width: int, palette: Palette, selected: Box | None, hit: Marked | None) -> Strip:
    """One row of boxes. With a search (``hit``) only what it finds keeps its colour."""
    style_of = flame_styles(palette)
    parts: list[Part] = []
    x = 0
    for box in row:
        if box.x > x:
            parts.append((" " * (box.x - x), palette.text))
        style = style_of(box)
        if hit is not None and not hit(box):
            style = palette.muted
        if box is selected:
            style = palette.focus + REVERSED
        edge = palette.glyphs.target if box is selected and box.width > 2 else _edge(palette)
        parts.append((edge + fit(label(box, box.width - 1, palette), box.width - 1), style))
        x = box.x + box.width
    return strip_of(parts, width, palette)


def _edge(palette: Palette) -> str:
    return "|" if palette.glyphs.vertical == "|" else "▏"
