"""The processes of a target side by side: a row each, with the functions that take its time as a bar. Pure."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from string import ascii_lowercase

import msgspec
from rich.style import Style
from textual.strip import Strip

from perftui.model.profile import StackProfile
from perftui.model.sandwich import Step
from perftui.model.worker_views import WorkerView
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, fit, strip_of

NAMED = 6
"""So many functions have a letter of their own; the rest of a bar is of all others."""

NAME_WIDTH = 14
OTHERS = "."


class Bars(msgspec.Struct, frozen=True, kw_only=True):
    """``functions`` take most of the time of all processes, most first; ``shares`` are those of each PID's own, 0–1."""

    functions: tuple[Step, ...]
    shares: Mapping[int, tuple[float, ...]]


def bars(profile: StackProfile, *, on_cpu: bool) -> Bars:
    """Of looks in a function itself: those on a CPU, or all."""
    leaf = [_step(profile, stack) for stack in profile.stacks]
    times: dict[int, dict[Step, float]] = defaultdict(lambda: defaultdict(float))
    for row in profile.rows:
        times[row.pid][leaf[row.stack]] += row.on_cpu if on_cpu else row.samples
    totals: dict[Step, float] = defaultdict(float)
    for of_one in times.values():
        for function, value in of_one.items():
            totals[function] += value
    functions = tuple(sorted((one for one in totals if totals[one] > 0), key=lambda one: (-totals[one], one)))[:NAMED]
    shares = {
        pid: tuple(of_one[function] / whole if whole else 0.0 for function in functions)
        for pid, of_one in times.items()
        for whole in [sum(of_one.values())]
    }
    return Bars(functions=functions, shares=shares)


def _step(profile: StackProfile, stack: Sequence[int]) -> Step:
    frame = profile.frames[stack[-1]] if stack else None
    return (frame.function, frame.file) if frame else ("", "")


def worker_strips(
    shown: Sequence[WorkerView], drawn: Bars, width: int, palette: Palette, marked: int | None
) -> list[Strip]:
    """A row for each process; the one with PID ``marked`` is under the cursor."""
    return [_row(worker, drawn, width, palette, worker.pid == marked) for worker in shown]


def _row(worker: WorkerView, drawn: Bars, width: int, palette: Palette, marked: bool) -> Strip:
    glyphs = palette.glyphs
    sign, style = (glyphs.warning, palette.warning) if worker.outlier else (" ", palette.text)
    cores = glyphs.unknown if worker.cores is None else f"{worker.cores:.2f}"
    text = palette.selected if marked else palette.text
    name = fit(worker.name, NAME_WIDTH, ellipsis=glyphs.ellipsis)
    figures = f"{worker.pid:>8} {name} {cores:>5} {100 * worker.running_ratio:3.0f}% "
    tail = " odd" if worker.outlier else "    "
    room = max(0, width - 2 - cells(figures) - len(tail))
    bar = _bar(drawn, drawn.shares.get(worker.pid, ()), room, palette)
    cursor = glyphs.cursor if marked else " "
    return strip_of([(cursor, text), (sign, style), (figures, text), *bar, (tail, style)], width, palette)


def _bar(drawn: Bars, shares: Sequence[float], width: int, palette: Palette) -> list[Part]:
    """Each function's part of the width: its letter and its name, then its letter again and again."""
    parts: list[Part] = []
    used, exact = 0, 0.0
    for at, share in enumerate(shares):
        exact += share * width
        room = round(exact) - used
        used += room
        letter, function = ascii_lowercase[at], drawn.functions[at][0]
        label = f"{letter} {function} "
        text = fit(label, room) if cells(label) <= room else letter * room
        parts.append((text, _hue(at, palette)))
    rest = width - used if shares and sum(shares) > 0 else 0
    return [*parts, (OTHERS * rest, palette.muted), (" " * (width - used - rest), palette.text)]


def _hue(at: int, palette: Palette) -> Style:
    """By place, so that neighbours differ."""
    return palette.flame[at % len(palette.flame)]


def legend_strip(drawn: Bars, width: int, palette: Palette) -> Strip:
    """What the letters stand for."""
    parts: list[Part] = [("  ", palette.text)]
    for at, function in enumerate(drawn.functions):
        parts += [(f" {ascii_lowercase[at]} ", _hue(at, palette)), (f" {function[0]}  ", palette.muted)]
    return strip_of([*parts, (f"{OTHERS} others", palette.muted)], width, palette)


def head_strip(shown: Sequence[WorkerView], width: int, palette: Palette, *, on_cpu: bool) -> Strip:
    """The columns, and how many processes are odd."""
    odd = sum(worker.outlier for worker in shown)
    time = "CPU time" if on_cpu else "time"
    text = f"  {'PID':>8} {'process':<{NAME_WIDTH}} {'cores':>5} {'run':>4} its {time} by function"
    parts = [(text, palette.muted), (f"  {odd} of {len(shown)} odd" if odd else "", palette.warning)]
    return strip_of(parts, width, palette)
