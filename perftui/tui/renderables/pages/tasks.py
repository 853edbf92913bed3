"""The asyncio tasks of the target: what they wait in, and who waits for them."""

from collections import Counter

from textual.strip import Strip

from perftui.model.task_section import TaskSection
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.cells import title_strip
from perftui.tui.renderables.pages.layout import Column, Row, not_visible, table, text_lines

PLACES_SHOWN = 10
TASKS_SHOWN = 200
_PLACES = (Column("tasks", 7),)
_TASKS = (Column("task", 24), Column("PID", 9, 70), Column("awaited by", 20, 60))


def tasks_page(update: Update, width: int, palette: Palette) -> list[Strip]:
    """Where most tasks are first, then task by task."""
    section = update.sample.tasks
    if update.sample.target.kind == "host":
        return text_lines("Tasks are those of a target: choose a process in the list.", width, palette)
    if section is None:
        return not_visible(update.sample, "tasks", width, palette)
    lines = text_lines(_summary(section), width, palette, palette.text)
    if not section.total:
        return lines
    # A task that several others await has a row for each of them.
    places = Counter(dict(zip(_ids(section), section.tasks.text("stack"), strict=True)).values())
    lines += [Strip.blank(width, palette.text), title_strip("Where they are (innermost first)", "", width, palette)]
    rows = [Row((str(count),), stack or "not started") for stack, count in places.most_common(PLACES_SHOWN)]
    lines += table(_PLACES, rows, width, palette)
    lines += [Strip.blank(width, palette.text), title_strip("Tasks", "", width, palette)]
    return lines + table(_TASKS, _rows(section), width, palette)


def _summary(section: TaskSection) -> str:
    processes = len(section.processes)
    text = f"{section.total} tasks in {processes} {'process' if processes == 1 else 'processes'}"
    return f"{text}; {section.skipped} more processes were not asked" if section.skipped else text


def _ids(section: TaskSection) -> list[tuple[int, ...]]:
    return list(section.tasks.rows("pid", "task"))


def _rows(section: TaskSection) -> list[Row]:
    tasks = section.tasks
    names = zip(tasks.text("name"), tasks.text("awaiter_name"), tasks.text("stack"), strict=True)
    rows = [
        Row((name, str(pid), awaiter or "-"), stack or "not started")
        for (pid, _), (name, awaiter, stack) in zip(_ids(section), names, strict=True)
    ]
    if len(rows) <= TASKS_SHOWN:
        return rows
    return [*rows[:TASKS_SHOWN], Row((f"… {len(rows) - TASKS_SHOWN} more", "", ""))]
