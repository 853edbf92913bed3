"""Rows of the process list."""

import msgspec
from textual.strip import Strip

from perftui.model.units import bytes_text, count_text
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import fit, strip_of
from perftui.tui.renderables.ordering import RESTING_CORES, SHOWN_CORES, ProcessTable, Ranks

NAME_WIDTH = 16
"""The kernel keeps 15 bytes of a name; the rest is room for a branch of the tree."""


class Columns(msgspec.Struct, frozen=True):
    """Which columns a width has room for. What changes stands left and what stays right: only the left is sent."""

    pid: int
    threads: bool
    nice: bool
    uid: bool
    name: bool

    @classmethod
    def for_width(cls, width: int, highest_pid: int) -> "Columns":
        return cls(
            pid=max(5, len(str(highest_pid))), threads=width >= 60, nice=width >= 70, uid=width >= 100, name=width >= 90
        )


def header_strip(columns: Columns, width: int, palette: Palette) -> Strip:
    text = f"  {'PID':>{columns.pid}} S  CPU%   RSS "
    text += " THR " if columns.threads else ""
    text += " NI " if columns.nice else ""
    text += "  UID " if columns.uid else ""
    text += f"{'NAME':<{NAME_WIDTH}} " if columns.name else ""
    return strip_of([(fit(f"{text}COMMAND", width), palette.muted)], width, palette)


def latest_cpu(table: ProcessTable, row: int) -> str:
    """Its CPU of the last interval, in percent of one core."""
    return _cpu_text(table.cores[row] * 100) if row < len(table.cores) else "-"


def ranked_cpu(table: ProcessTable, row: int, ranks: Ranks) -> str:
    """The figure that ``ordered`` ranks it by, so that rows are seen to be in order."""
    rank = ranks.by_pid.get(table.pids[row])
    if row >= len(table.cores) or table.cores[row] < SHOWN_CORES:
        return latest_cpu(table, row)
    return f"<{RESTING_CORES * 100:.1f}" if rank is None else _cpu_text(rank * 100)


def process_text(table: ProcessTable, row: int, columns: Columns, mark: str, branch: str, cpu: str) -> str:
    """One process, not yet cut to the width. ``mark`` is one cell, ``branch`` its place in the tree."""
    text = f"{mark} {table.pids[row]:>{columns.pid}} {chr(table.states[row])} {cpu:>5} {bytes_text(table.rss[row]):>5} "
    if columns.threads:
        text += f"{count_text(table.threads[row]):>4} "
    if columns.nice:
        text += f"{table.nices[row]:>3} "
    if columns.uid:
        text += f"{_uid_text(table.uids[row]):>5} "
    if columns.name:
        text += f"{fit(table.names[row], NAME_WIDTH)} "
    return f"{text}{branch}{table.commands[row] or table.names[row]}"


def process_strip(text: str, width: int, palette: Palette, *, selected: bool, targeted: bool) -> Strip:
    """One run of one style, so that a row costs one colour code at most."""
    style = palette.selected if selected else palette.accent if targeted else palette.text
    return strip_of([(fit(text, width, ellipsis=palette.glyphs.ellipsis), style)], width, palette)


def _cpu_text(pct: float) -> str:
    return f"{pct:.1f}" if pct < 1000 else f"{pct:.0f}"


def _uid_text(uid: int) -> str:
    return "root" if uid == 0 else str(uid) if uid < 100_000 else "many"
