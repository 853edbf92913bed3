"""asyncio tasks: the table that CPython 3.14 prints, and real loops where there is such an interpreter."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.collect.scope import Scope
from perftui.collect.tasks import FIRST_VERSION, TaskCollector, TaskRow, parse_row, parse_tasks
from perftui.errors import NoData
from perftui.host.procfs import Host
from perftui.model.task_section import MOST_TASKS
from tests.collect.held import NO_TARGET, held_child, python_child
from tests.host.test_target import wait_for

HEADER = (
    f"{'tid':<10} {'task id':<20} {'task name':<20} {'coroutine stack':<50} {'awaiter chain':<50} "
    f"{'awaiter name':<15} {'awaiter id':<15}\n{'-' * 180}\n"
)
CAPTURED = (
    "3426       0x7f77b07d4b90       Task-1               TaskGroup._aexit -> TaskGroup.__aexit__ -> main"
    "                                                                       0x0            \n"
    "3426       0x7f77b07d4d70       Sundowning           TaskGroup._aexit -> TaskGroup.__aexit__ -> album   "
    "TaskGroup._aexit -> TaskGroup.__aexit__ -> main    Task-1          0x7f77b07d4b90 \n"
    "3426       0x7f77b073e6d0       a track with quite a long name and spaces sleep -> play"
    "                                      TaskGroup._aexit -> TaskGroup.__aexit__ -> album   "
    "Sundowning      0x7f77b07d4d70 \n"
)
"""Of CPython 3.14.10."""

LOOP = """
import asyncio
async def leaf():
    await asyncio.sleep(1000)
async def main():
    async with asyncio.TaskGroup() as group:
        group.create_task(leaf(), name="a leaf with a name that is long")
        group.create_task(leaf(), name="short\\x1b[2J")
        await asyncio.sleep(0)
        print("up", flush=True)
asyncio.run(main())
"""


def new_python() -> str:
    """An interpreter that can list tasks; skips the test where there is none."""
    found = sys.executable if sys.version_info >= FIRST_VERSION else shutil.which("python3.14")
    if not found:
        pytest.skip("no Python 3.14 here")
    return os.path.realpath(found)


def line(row: TaskRow) -> str:
    return (
        f"{row.tid:<10} {row.task:<#20x} {row.name:<20} {row.stack:<50} {row.awaiter_stack:<50} "
        f"{row.awaiter_name:<15} {row.awaiter:<#15x}"
    )


def test_the_table_of_cpython() -> None:
    rows, ids = parse_tasks(HEADER + CAPTURED)
    assert rows == [
        TaskRow(3426, 0x7F77B07D4B90, "Task-1", "TaskGroup._aexit -> TaskGroup.__aexit__ -> main", "", "", 0),
        TaskRow(
            3426,
            0x7F77B07D4D70,
            "Sundowning",
            "TaskGroup._aexit -> TaskGroup.__aexit__ -> album",
            "TaskGroup._aexit -> TaskGroup.__aexit__ -> main",
            "Task-1",
            0x7F77B07D4B90,
        ),
        TaskRow(
            3426,
            0x7F77B073E6D0,
            "a track with quite a long name and spaces",
            "sleep -> play",
            "TaskGroup._aexit -> TaskGroup.__aexit__ -> album",
            "Sundowning",
            0x7F77B07D4D70,
        ),
    ]
    assert ids == {0x7F77B07D4B90, 0x7F77B07D4D70, 0x7F77B073E6D0}


def test_another_table_is_no_data() -> None:
    for text in ("", "Error retrieving tasks: x\n", HEADER.replace("awaiter id", "waits for")):
        with pytest.raises(NoData, match="does not know"):
            parse_tasks(text)


def test_many_tasks_are_counted_and_cut() -> None:
    many = "\n".join(line(TaskRow(1, at + 1, f"Task-{at}", "sleep", "", "", 0)) for at in range(MOST_TASKS + 5))
    rows, ids = parse_tasks(HEADER + many)
    assert (len(rows), len(ids)) == (MOST_TASKS, MOST_TASKS + 5)


functions = st.lists(st.from_regex(r"[a-zA-Z_<>.]{1,20}", fullmatch=True), max_size=6).map(" -> ".join)
names = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
ids = st.integers(1, 2**47)


@given(st.integers(1, 10**12), ids, names, functions, functions, names, ids)
def test_rows_come_back(
    tid: int, task: int, name: str, stack: str, chain: str, awaiter_name: str, awaiter: int
) -> None:
    row = TaskRow(tid, task, name, stack, chain, awaiter_name, awaiter)
    assert parse_row(line(row)) == row


@given(st.lists(st.from_regex(r"[a-z]{1,12}", fullmatch=True), min_size=1, max_size=4).map(" ".join), ids)
def test_names_with_spaces_come_back(name: str, awaiter: int) -> None:
    row = TaskRow(7, 8, name, "sleep -> play", "gather -> main", "its awaiter", awaiter)
    assert parse_row(line(row)) == row


@given(st.text(max_size=300))
def test_any_line_is_a_row_or_none(text: str) -> None:
    parse_row(text)
    parse_row(f"1          0x10                 {text} 0x0")


def test_no_target_is_no_data() -> None:
    with pytest.raises(NoData):
        TaskCollector().collect(Host(), NO_TARGET, None)


@pytest.mark.skipif(sys.version_info >= FIRST_VERSION, reason="this interpreter can list tasks")
def test_an_older_python_says_from_which_version_on() -> None:
    with held_child("print('up', flush=True)\nimport time; time.sleep(1000)") as (host, held):
        collector = TaskCollector()
        for _ in range(2):
            with pytest.raises(NoData, match=r"from Python 3\.14 on"):
                collector.collect(host, Scope(held, (held.process.pid,)), None)


def test_what_is_no_python_and_what_is_hidden_are_two_things() -> None:
    with (
        held_child("print('up', flush=True)\nimport time; time.sleep(1000)") as (host, held),
        subprocess.Popen(["sleep", "1000"]) as other,
        subprocess.Popen(["true"]) as gone,
    ):
        try:
            wait_for(lambda: Path(f"/proc/{other.pid}/comm").read_text() == "sleep\n")
            wait_for(lambda: " Z " in Path(f"/proc/{gone.pid}/stat").read_text())
            with pytest.raises(NoData, match="not a Python process") as seen:
                TaskCollector().collect(host, Scope(held, (other.pid,)), None)
            assert seen.value.remedy == ""
            with pytest.raises(NoData, match="maps of 1 of the target's processes are hidden") as hidden:
                TaskCollector().collect(host, Scope(held, (other.pid, gone.pid)), None)
            assert "CAP_SYS_PTRACE" in hidden.value.remedy
        finally:
            other.kill()


def test_tasks_of_a_real_loop() -> None:
    with held_child(LOOP, new_python()) as (host, held):
        pid = held.process.pid
        section = TaskCollector().collect(host, Scope(held, (pid,)), None)
        assert (section.total, section.processes, section.skipped) == (3, (pid,), 0)
        names = section.tasks.text("name")
        assert {"a leaf with a name that is long", "short^[[2J"} < set(names)
        leaf = names.index("short^[[2J")
        assert section.tasks.text("stack")[leaf] == "sleep -> leaf"
        assert section.tasks.ints("pid")[leaf] == pid
        assert section.tasks.ints("awaiter")[leaf] in section.tasks.ints("task")


WITHOUT = "print('up', flush=True)\nimport time; time.sleep(1000)"


def test_a_new_python_without_a_loop_is_asked_once_a_minute() -> None:
    with held_child(WITHOUT, new_python()) as (host, held):
        collector, scope = TaskCollector(), Scope(held, (held.process.pid,))
        with pytest.raises(NoData, match="has not loaded asyncio"):
            collector.collect(host, scope, None)
        spent = children_cpu()
        with pytest.raises(NoData, match="has not loaded asyncio"):
            collector.collect(host, scope, None)
        assert children_cpu() == spent


def test_processes_without_a_loop_leave_their_turn_to_others() -> None:
    """As with a server whose first process only watches over its workers."""
    python = new_python()
    with (
        held_child(WITHOUT, python) as (host, held),
        python_child(WITHOUT, python) as second,
        python_child(LOOP, python) as third,
        python_child(LOOP, python) as fourth,
    ):
        collector = TaskCollector()
        scope = Scope(held, (held.process.pid, second.pid, third.pid, fourth.pid))
        with pytest.raises(NoData, match="has not loaded asyncio"):
            collector.collect(host, scope, None)
        section = collector.collect(host, scope, None)
        assert (section.processes, section.total, section.skipped) == ((third.pid, fourth.pid), 6, 2)


def children_cpu() -> float:
    times = os.times()
    return times.children_user + times.children_system
