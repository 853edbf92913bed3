"""The row that tells where a replay stands."""

from datetime import datetime

from textual.strip import Strip

from perftui.model.units import ratio_text
from perftui.model.update import ReplayStatus
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import Part, cells, elided, strip_of

WITH_DATES, WITH_KEYS = 100, 130
"""From these widths on there is room for dates, and for the keys."""

LEAST_TRACK = 10
KEYS = "  [ ] step  { } 60 s  < > speed  m mark  @ time  w worst"


def replay_strip(status: ReplayStatus, width: int, palette: Palette) -> Strip:
    """``▶ 5x 12:03:04 ━━━━›──▲──── 13:00:00``, then what became of the last key, or the keys where there is room."""
    head = f"{_pace(status, palette)} {_time(status.wall_ns, width)} "
    last = f" {_time(status.last_ns + status.wall_ns - status.at_ns, width)}"
    tail = _tail(status, width, palette)
    room = width - cells(head) - cells(last)
    if room - cells(tail) < LEAST_TRACK:
        tail = ""
    parts: list[Part] = [(head, palette.good if status.playing else palette.warning)]
    if room >= LEAST_TRACK:
        parts += track_parts(status, room - cells(tail), palette)
        parts += [(last, palette.muted), (tail, palette.accent if status.said else palette.muted)]
    return strip_of(parts, width, palette)


def track_parts(status: ReplayStatus, width: int, palette: Palette) -> list[Part]:
    """The recording from its start to its end: what is past, the moment shown, and the marks."""
    glyphs = palette.glyphs
    at = _cell(status.at_ns, status, width)
    signs = [glyphs.horizontal] * width
    for marked_ns, _ in status.marks:
        signs[_cell(marked_ns, status, width)] = glyphs.warning
    past, rest = "".join(signs[:at]), "".join(signs[at + 1 :])
    return [(past, palette.accent), (glyphs.target, palette.focus), (rest, palette.border)]


def _cell(time_ns: int, status: ReplayStatus, width: int) -> int:
    span = max(1, status.last_ns - status.first_ns)
    return min(width - 1, max(0, (time_ns - status.first_ns) * width // span))


def _pace(status: ReplayStatus, palette: Palette) -> str:
    return f"{palette.glyphs.target} {status.speed:g}x" if status.playing else f"STILL {status.speed:g}x"


def _tail(status: ReplayStatus, width: int, palette: Palette) -> str:
    if status.searched_ratio is not None:
        return f"  looking for the worst: {ratio_text(status.searched_ratio)} (w stops)"
    if status.said:
        return f"  {elided(status.said, max(1, width // 2), palette)}"
    return KEYS if width >= WITH_KEYS else ""


def _time(wall_ns: int, width: int) -> str:
    return datetime.fromtimestamp(wall_ns / 1e9).strftime("%m-%d %H:%M:%S" if width >= WITH_DATES else "%H:%M:%S")
