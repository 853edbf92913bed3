"""What has changed since a mark, as an icicle of what is now and as a list. Pure.

A box is as wide as what it takes now. Whether it grew or shrank by more than noise its sign tells, colour repeats it.
"""

from collections.abc import Sequence

from rich.style import Style
from textual.strip import Strip

from perftui.analyze.stack_diff import FunctionChange, SideFigures, StackDiff, VanishedStack, changed
from perftui.analyze.stack_judge import LEAST_BLOCKS, Change
from perftui.analyze.stack_paths import PathChange
from perftui.model.units import duration_text
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, fit, strip_of
from perftui.tui.renderables.flame import Box, Path, label

CORES_FROM = 100
"""The width from which there is room for the cores of both sides."""

REVERSED = Style(reverse=True)
VERDICT_SIGNS = {"worse": "critical", "better": "good", "unchanged": "good", "inconclusive": "unknown"}


def change_at(root: PathChange | None, path: Path) -> Change | None:
    """What became of one way from the root; None where it is too small to tell."""
    at = root
    for step in path[1:]:
        at = at.children.get(step) if at is not None else None
    return at.change if at is not None else None


def sign_of(change: Change | None, palette: Palette) -> tuple[str, Style]:
    """``▲+3.1``: points of the time of now, beyond noise; ``=`` is within it, ``?`` cannot be told yet."""
    glyphs = palette.glyphs
    if change is None or change.verdict == "alike":
        return "=", palette.muted
    if not changed(change):
        return glyphs.unknown, palette.muted
    points = f"{abs(100 * change.change_ratio):.1f}"
    grew = change.change_ratio > 0
    return (f"{glyphs.more}+{points}", palette.critical) if grew else (f"{glyphs.less}−{points}", palette.good)


def diff_row_strip(row: Sequence[Box], root: PathChange | None, width: int, palette: Palette) -> Strip:
    """One row of boxes."""
    parts: list[Part] = []
    x = 0
    for box in row:
        sign, style = sign_of(change_at(root, box.path), palette) if box.chain else ("", palette.muted)
        room = box.width - 1
        text = f"{sign} {label(box, room - cells(sign) - 1, palette)}" if cells(sign) + 2 <= room else sign[:room]
        parts.append((" " * (box.x - x), palette.text))
        parts.append((palette.glyphs.vertical + fit(text, room), style + REVERSED))
        x = box.x + box.width
    return strip_of(parts, width, palette)


def sides_strip(diff: StackDiff, mark: str, width: int, palette: Palette) -> Strip:
    """How much of either side there is, and where they part."""
    before, after = diff.before, diff.after
    parts = [
        (f" before {_side(before)} ", palette.muted),
        (f"{palette.glyphs.target} {mark} ", palette.accent),
        (f" after {_side(after)}", palette.muted),
    ]
    if width >= CORES_FROM:
        parts.append((f", {before.cores:.2f} → {after.cores:.2f} cores", palette.muted))
    return strip_of(parts, width, palette)


def _side(side: SideFigures) -> str:
    return f"{duration_text(side.seconds)} in {side.windows} windows"


def verdict_strip(diff: StackDiff, width: int, palette: Palette) -> Strip:
    """The verdict in a sentence; that it is too early, while there are few windows."""
    early = min(diff.before.windows, diff.after.windows) < LEAST_BLOCKS
    kind = VERDICT_SIGNS[diff.verdict]
    style = palette.warning if kind == "unknown" else getattr(palette, kind)
    parts = [(f" {getattr(palette.glyphs, kind)} {diff.verdict}: ", style), (diff.reason, palette.text)]
    if early:
        least = f"{LEAST_BLOCKS} windows on either side are needed"
        parts = [(f" {palette.glyphs.unknown} too early: ", palette.warning), (least, palette.text)]
    return strip_of(parts, width, palette)


def listed(diff: StackDiff) -> list[FunctionChange | VanishedStack]:
    """Functions that have changed, then stacks that are gone, then all other functions."""
    moved = sum(changed(function.own) for function in diff.functions)
    return [*diff.functions[:moved], *diff.vanished, *diff.functions[moved:]]


def function_of(one: FunctionChange | VanishedStack) -> str:
    """The function itself, or the innermost one of a stack."""
    if isinstance(one, FunctionChange):
        return one.function
    return one.path[-1][0] if one.path else ""


def list_strips(
    shown: Sequence[FunctionChange | VanishedStack], width: int, palette: Palette, marked: int | None
) -> list[Strip]:
    """A row for each; the row at ``marked`` is under the cursor."""
    return [
        strip_of(
            [
                (palette.glyphs.cursor if at == marked else " ", palette.focus),
                *(_function_parts(one, palette) if isinstance(one, FunctionChange) else _vanished_parts(one, palette)),
            ],
            width,
            palette,
        )
        for at, one in enumerate(shown)
    ]


def _function_parts(function: FunctionChange, palette: Palette) -> list[Part]:
    own = function.own
    sign, style = sign_of(own, palette)
    shares = f"{_pct(own.before_ratio)} → {_pct(own.after_ratio)}"
    return [
        (fit(sign, 7), style),
        (f" {shares}  ", palette.text),
        (function.function, palette.text),
        (f"  {function.file}", palette.muted),
    ]


def _vanished_parts(stack: VanishedStack, palette: Palette) -> list[Part]:
    names = [name for name, _ in stack.path][-3:]
    return [
        (fit(f"{palette.glyphs.less}gone", 7), palette.good),
        (f" {_pct(stack.before_ratio)} →      {palette.glyphs.dash}  ", palette.text),
        (f" {palette.glyphs.cursor} ".join(names), palette.text),
    ]


def _pct(ratio: float) -> str:
    return f"{100 * ratio:5.1f}%"
