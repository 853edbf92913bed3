"""The page of asyncio tasks."""

from hypothesis import given
from msgspec.structs import replace

from perftui.model.sample import CollectorStatus
from perftui.model.table import Table
from perftui.model.task_section import TaskSection
from perftui.model.update import Update
from perftui.tui.palette import Palette
from perftui.tui.renderables.pages import PAGES
from perftui.tui.renderables.pages.tasks import TASKS_SHOWN, tasks_page
from tests.tui.fixtures import START_NS, build_update
from tests.tui.screening import COLOURED, HOSTILE, PALETTES, WIDTHS, checked


def section(*rows: tuple[int, str, str, str], skipped: int = 0) -> TaskSection:
    """Task, name, stack, name of the awaiter."""
    return TaskSection(
        monotonic_ns=START_NS,
        tasks=Table.of(
            {
                "pid": [7] * len(rows),
                "tid": [7] * len(rows),
                "task": [row[0] for row in rows],
                "awaiter": [0] * len(rows),
            },
            {
                "name": [row[1] for row in rows],
                "stack": [row[2] for row in rows],
                "awaiter_name": [row[3] for row in rows],
                "awaiter_stack": [""] * len(rows),
            },
        ),
        total=len({row[0] for row in rows}),
        processes=(7,),
        skipped=skipped,
    )


def page(tasks: TaskSection | None, width: int = 100, palette: Palette = COLOURED) -> list[str]:
    update = build_update(2)
    return checked(tasks_page(replace(update, sample=replace(update.sample, tasks=tasks)), width, palette), width)


def test_it_is_a_page_of_the_sheet() -> None:
    assert ("Tasks", tasks_page) in PAGES


def test_where_most_tasks_are_comes_first() -> None:
    lines = page(
        section(
            (1, "Task-1", "TaskGroup._aexit -> main", ""),
            (2, "a", "sleep -> play", "Task-1"),
            (2, "a", "sleep -> play", "other"),
            (3, "b", "sleep -> play", "Task-1"),
            skipped=2,
        )
    )
    assert lines[0].rstrip() == "3 tasks in 1 process; 2 more processes were not asked"
    heads = [line.split() for line in lines]
    assert ["2", "sleep", "->", "play"] in heads
    assert heads.index(["2", "sleep", "->", "play"]) < heads.index(["1", "TaskGroup._aexit", "->", "main"])
    assert ["a", "7", "other", "sleep", "->", "play"] in heads
    assert ["Task-1", "7", "-", "TaskGroup._aexit", "->", "main"] in heads


def test_a_crowd_is_cut_and_counted() -> None:
    lines = page(section(*((at, f"t{at}", "sleep", "") for at in range(TASKS_SHOWN + 7))))
    assert "… 7 more" in lines[-1]


def test_no_tasks_at_all() -> None:
    assert [line.rstrip() for line in page(section())] == ["0 tasks in 1 process"]


def test_an_older_python_says_why() -> None:
    update = build_update(2)
    status = CollectorStatus(name="tasks", state="no_data", reason="from Python 3.14 on", remedy="run it on that")
    sample = replace(update.sample, collectors=(*update.sample.collectors, status))
    (line,) = checked(tasks_page(replace(update, sample=sample), 100, COLOURED), 100)
    assert "tasks not visible: from Python 3.14 on; run it on that" in line


def test_without_a_target() -> None:
    update: Update = build_update(2, target=False)
    assert "choose a process" in checked(tasks_page(update, 100, COLOURED), 100)[0]


@given(WIDTHS, PALETTES, HOSTILE)
def test_every_width_and_name(width: int, palette: Palette, name: str) -> None:
    page(section((1, name, name, name), (2, "x", "", ""), skipped=1), width, palette)
