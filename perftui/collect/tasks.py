"""asyncio tasks of the target, from ``python -m asyncio ps`` of its own interpreter (Python 3.14 and later)."""

import re
from typing import NamedTuple

from perftui.collect.scope import Collector, Scope
from perftui.errors import NoData
from perftui.host.clock import monotonic_ns
from perftui.host.interpreter import Interpreter, interpreter_in, program_of, runs_as
from perftui.host.procfs import Host
from perftui.host.run import Completed, run
from perftui.host.text import visible
from perftui.model.sample import Sample
from perftui.model.table import Table
from perftui.model.task_section import MOST_TASKS, TaskSection

FIRST_VERSION = (3, 14)
MOST_PROCESSES = 2
"""Each look starts an interpreter, which takes 0.09 s of CPU (twice that where its library is not precompiled)."""

_DEADLINE_SECONDS = 4.0
"""For all processes of one look."""

_REST_NS = 60_000_000_000
_TEXT_LIMIT = 256
_LINE_LIMIT = 1024
_TID_WIDTH, _ID_WIDTH, _NAME_WIDTH, _STACK_WIDTH = 10, 20, 20, 50
_HEADER = re.compile(r"tid +task id +task name +coroutine stack +awaiter chain +awaiter name +awaiter id *")
_IDS = re.compile(r"(\d+) +(0x[0-9a-f]+) +")
_STACK = re.compile(r"[^ ]+(?: -> [^ ]+)*")


class TaskRow(NamedTuple):
    """A task, and one of those that await it (``awaiter`` 0: none)."""

    tid: int
    task: int
    name: str
    stack: str
    awaiter_stack: str
    awaiter_name: str
    awaiter: int


class _Lasting(NoData):
    """It would be no different the next time."""


class TaskCollector(Collector):
    """A process without asyncio, or one that may not be read, is asked again after a minute; others get its turn."""

    name = "tasks"
    section = "tasks"

    def __init__(self) -> None:
        self._interpreters: dict[tuple[int, str], Interpreter | None] = {}
        self._refusals: dict[int, tuple[int, NoData]] = {}

    def collect(self, host: Host, scope: Scope, previous: Sample | None) -> TaskSection:
        now = monotonic_ns()
        if scope.target is None or not host.is_live:
            raise NoData("asyncio tasks are those of a target", "attach to a process")
        listable = self._listable(host, scope.pids)
        self._refusals = {pid: kept for pid, kept in self._refusals.items() if now - kept[0] < _REST_NS}
        asked = [pid for pid in listable if pid not in self._refusals][:MOST_PROCESSES]
        answers: dict[int, tuple[list[TaskRow], set[int]]] = {}
        refusal: NoData | None = None
        for pid in asked:
            try:
                answers[pid] = parse_tasks(_listed(host, pid, _DEADLINE_SECONDS / len(asked)))
            except NoData as error:
                refusal = error
                if isinstance(error, _Lasting):
                    self._refusals[pid] = (now, error)
        if not answers:
            told = refusal or next(error for _, error in self._refusals.values())
            raise NoData(told.reason, told.remedy)
        return TaskSection(
            monotonic_ns=now,
            tasks=_table([(pid, row) for pid, (rows, _) in answers.items() for row in rows][:MOST_TASKS]),
            total=sum(len(ids) for _, ids in answers.values()),
            processes=tuple(answers),
            skipped=len(listable) - len(answers),
        )

    def _listable(self, host: Host, pids: tuple[int, ...]) -> tuple[int, ...]:
        """Processes whose Python is new enough; NoData, with what there is instead, when there is none."""
        known = self._interpreters
        self._interpreters = {}
        hidden = 0
        for pid in pids:
            try:
                key = (pid, host.link(f"/proc/{pid}/exe"))
                self._interpreters[key] = known[key] if key in known else interpreter_in(host.read(f"/proc/{pid}/maps"))
            except NoData:
                hidden += 1
        found = {pid: python for (pid, _), python in self._interpreters.items() if python and not python.pypy}
        listable = tuple(pid for pid, python in found.items() if python.number >= FIRST_VERSION)
        if listable:
            return listable
        version = next((python.version for python in found.values() if python.version), "")
        if not found and hidden:
            raise NoData(
                f"the memory maps of {hidden} of the target's processes are hidden, and no other one runs Python",
                "run as the target's user or as root, or give CAP_SYS_PTRACE",
            )
        if not found:
            raise NoData("the target is not a Python process: asyncio tasks are Python's", "")
        raise NoData(
            f"asyncio tasks can be seen from Python 3.14 on; the target runs {version or 'another version'}",
            "run it on Python 3.14 or later",
        )


def _listed(host: Host, pid: int, seconds: float) -> str:
    """What the target's own interpreter prints of it, at the second try where its memory moved under the first one.

    It runs as the target's user, isolated from its files, and leaves no compiled ones behind.
    """
    argv = [program_of(host, pid), "-I", "-S", "-B", "-m", "asyncio", "ps", str(pid)]
    user = runs_as(host, pid)
    done = run(argv, deadline_seconds=seconds / 2, user=user)
    if done.returncode != 0 and not isinstance(_refusal(pid, done), _Lasting):
        done = run(argv, deadline_seconds=seconds / 2, user=user)
    if done.returncode != 0:
        raise _refusal(pid, done)
    return done.stdout.decode("utf-8", "surrogateescape")


def _refusal(pid: int, done: Completed) -> NoData:
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    said = visible(next((line for line in lines if line.startswith(b"Error")), lines[-1] if lines else b""), 200)
    if done.timed_out:
        return NoData(f"python -m asyncio ps {pid} does not answer", "the machine or the target may be too busy")
    if "AsyncioDebug" in said:
        return _Lasting(f"process {pid} has not loaded asyncio")
    if "permission" in said.lower():
        remedy = "sudo sysctl kernel.yama.ptrace_scope=0"
        return _Lasting(f"the owner of process {pid} may not read its memory", remedy)
    return NoData(f"python -m asyncio ps {pid}: {said}", "its memory changed while it was read: the next look may do")


def parse_tasks(text: str) -> tuple[list[TaskRow], set[int]]:
    """The rows of the table that can be told apart, at most ``MOST_TASKS``, and the ids of all tasks in it.

    Columns are padded, not cut: a long name pushes the rest to the right. NoData when it is another table.
    """
    header, _, body = text.partition("\n")
    if not _HEADER.fullmatch(header):
        raise NoData("python -m asyncio ps prints a table that this version of perftui does not know")
    rows: list[TaskRow] = []
    ids: set[int] = set()
    for line in body.split("\n"):
        match = _IDS.match(line)
        if match:
            ids.add(int(match[2], 16))
            row = parse_row(line) if len(rows) < MOST_TASKS else None
            rows += [row] if row else []
    return rows, ids


def parse_row(line: str) -> TaskRow | None:
    """One line; None for one that is not of the table (a task's name may hold a newline)."""
    match = _IDS.match(line)
    front, _, awaiter = line.rstrip().rpartition(" ")
    if not match or len(line) > _LINE_LIMIT or not re.fullmatch(r"0x[0-9a-f]{1,15}", awaiter):
        return None
    tid, task = match[1], match[2]
    start = max(_TID_WIDTH, len(tid)) + 1 + max(_ID_WIDTH, len(task)) + 1
    if len(tid) > 18 or len(task) > 17:
        return None
    for end in _name_ends(front, start):
        parts = _split_stacks(front[end + 1 :])
        if parts:
            stack, awaiter_stack, awaiter_name = parts
            return TaskRow(
                tid=int(tid),
                task=int(task, 16),
                name=visible(front[start:end].rstrip(), _TEXT_LIMIT),
                stack=visible(stack, _TEXT_LIMIT),
                awaiter_stack=visible(awaiter_stack, _TEXT_LIMIT),
                awaiter_name=visible(awaiter_name.rstrip(), _TEXT_LIMIT),
                awaiter=int(awaiter, 16),
            )
    return None


def _name_ends(text: str, start: int) -> list[int]:
    """Where the name can end: at its column's width or, for a longer one, at any space after that."""
    first = start + _NAME_WIDTH
    return [at for at in range(first, len(text)) if text[at] == " "]


def _split_stacks(text: str) -> tuple[str, str, str] | None:
    """The coroutine stack, the awaiter's, and the rest of a line; None when it does not start with two such columns."""
    stack, rest = _split_stack(text)
    awaiter_stack, name = _split_stack(rest) if rest is not None else ("", None)
    return None if name is None else (stack, awaiter_stack, name)


def _split_stack(text: str) -> tuple[str, str | None]:
    """Functions joined by arrows, padded to the column, and what comes after it (None: this is no such column)."""
    match = _STACK.match(text)
    stack = match[0] if match else ""
    width = max(_STACK_WIDTH, len(stack))
    padding, rest = text[len(stack) : width + 1], text[width + 1 :]
    aligned = len(padding) == width + 1 - len(stack) and not padding.strip(" ")
    return stack, rest if aligned else None


def _table(rows: list[tuple[int, TaskRow]]) -> Table:
    return Table.of(
        {
            "pid": [pid for pid, _ in rows],
            **{name: [getattr(row, name) for _, row in rows] for name in ("tid", "task", "awaiter")},
        },
        {name: [getattr(row, name) for _, row in rows] for name in ("name", "stack", "awaiter_name", "awaiter_stack")},
    )
