"""Where each pane stands, by the size of the terminal. Pure.

Big terminals show everything at once. Smaller ones show the verdict, the resources and one pane to switch; still
smaller ones drop the resources, the tabs, the footer, until at the end only the verdict is left.
"""

from textual.geometry import Region

PANES = ("processes", "flame", "findings", "proposals", "journal", "resources")
"""The panes in the order of the keys 1 to 6."""

WIDE = (110, 32)
"""From this size on everything is shown at once."""

TALL_ROOM = 30
"""In a narrow terminal with this much height two panes stand above each other."""

FULL_VERDICT_ROWS = 4


def arrange(
    width: int, height: int, *, pane: str, zoomed: bool, banner: bool, replay: bool = False
) -> dict[str, Region]:
    """The place of everything that is shown; what is missing is hidden."""
    tops: list[tuple[str, int]] = [("verdict", _verdict_rows(height))]
    tops += [(name, 1) for name, wanted in (("replay", replay), ("banner", banner)) if wanted]
    wide = width >= WIDE[0] and height >= WIDE[1]
    room = height - sum(rows for _, rows in tops)
    footer = room > 7
    room -= footer
    shown_apart = not zoomed and (wide or pane != "resources")
    resources = _resource_rows(room, wide) if shown_apart else 0
    if resources:
        tops.append(("resources", resources))
        room -= resources
    tabs = not wide and room > 6
    if tabs:
        tops.append(("tabs", 1))
        room -= 1
    regions, y = {}, 0
    for name, rows in tops:
        regions[name] = Region(0, y, width, min(rows, max(0, height - y)))
        y += rows
    area = Region(0, y, width, max(0, room))
    if zoomed or not wide:
        regions.update(_few(area, pane, zoomed))
    else:
        regions.update(_all(area))
    if footer:
        regions["footer"] = Region(0, height - 1, width, 1)
    return {name: region for name, region in regions.items() if region.area}


def _verdict_rows(height: int) -> int:
    if height >= 18:
        return FULL_VERDICT_ROWS if height >= 24 else 3
    return 2 if height >= 10 else 1


def _resource_rows(room: int, wide: bool) -> int:
    if wide:
        return 8 if room >= 38 else 6
    if room < 15:
        return 0
    if room >= 26:
        return 6
    return 5 if room >= 20 else 4


def _few(area: Region, pane: str, zoomed: bool) -> dict[str, Region]:
    """One pane, or two where the terminal is tall."""
    if zoomed or area.height < TALL_ROOM:
        return {pane: area}
    top, bottom = area.split_horizontal(area.height * 6 // 10)
    return {pane: top, "findings" if pane != "findings" else "flame": bottom}


def _all(area: Region) -> dict[str, Region]:
    """Processes beside the flame; below them the findings beside proposals and journal."""
    upper, lower = area.split_horizontal(area.height * 11 // 20)
    left = area.width * 2 // 5
    half = area.width // 2
    processes, flame = upper.split_vertical(left)
    findings, right = lower.split_vertical(half)
    proposals, journal = right.split_horizontal(lower.height * 11 // 20)
    gap = (0, 0, 0, 1)
    return {
        "processes": processes,
        "flame": flame.shrink(gap),
        "findings": findings,
        "proposals": proposals.shrink(gap),
        "journal": journal.shrink(gap),
    }
