"""How py-spy says that it could not, turned into a reason and a remedy."""

import re
from collections.abc import Callable
from typing import NamedTuple

from perftui.errors import NoData
from perftui.host.text import visible

_ENDED = "Stopped sampling because process exited"
_PANIC = 101


class _Case(NamedTuple):
    pattern: re.Pattern[str]
    reason: Callable[[int], str]
    remedy: Callable[[int], str]


def _case(pattern: str, reason: str, remedy: str) -> _Case:
    return _Case(
        re.compile(pattern, re.IGNORECASE), lambda pid: reason.format(pid=pid), lambda pid: remedy.format(pid=pid)
    )


_CASES = (
    # Before all others: without the right to look, py-spy also says that there is no such process.
    _case(
        r"failed to get process executable name(?:.*\n)*.*os error 13\b",
        "not permitted to look at process {pid}: root without CAP_SYS_PTRACE, as is usual in a container",
        "start the container with --cap-add=SYS_PTRACE",
    ),
    _case(
        r"permission denied|os error 13\b|requires root|(?:failed to (?:copy|open|read)[^\n]*).*os error 1\b",
        "not permitted to read process {pid}",
        "sudo perftui attach {pid}",
    ),
    _case(r"unexpected waitpid result", "process {pid} is stopped", "kill -CONT {pid}"),
    _case(
        r"failed to suspend process",
        "process {pid} is traced by another program, such as a debugger or strace",
        "detach that program, or sample without pausing the target",
    ),
    _case(
        r"no python processes found",
        "neither process {pid} nor any of its children is a Python process that py-spy may read",
        "sudo perftui attach {pid}, or attach to the child that runs Python",
    ),
    _case(
        r"failed to find (?:a )?python (?:version|interpreter)",
        "process {pid} is not a Python process that py-spy can read",
        "resources and rules work without stacks",
    ),
    _case(
        r"failed to get process executable name|no such process|os error 3\b",
        "there is no process {pid}, or it has ended",
        "perftui (without a target) lists those that run",
    ),
    _case(
        r"no such file or directory|no space left|read-only file system",
        "py-spy could not write its result",
        "free some memory: the result is kept there",
    ),
)
"""Texts of py-spy 0.4; the first that matches wins. Its whole output is looked at, every "Caused by" included."""


def ended_by_target(text: str) -> bool:
    """True when sampling stopped because the target ended; what was sampled until then is valid."""
    return _ENDED in text


def explain(pid: int, returncode: int, text: str) -> NoData:
    """Why a py-spy that ended with ``returncode`` (negative: by that signal) and this output gave nothing."""
    if returncode < 0:
        return NoData(f"py-spy was killed by signal {-returncode}", "dmesg tells whether memory ran out")
    if returncode == _PANIC:
        return NoData(f"py-spy crashed: {_last_words(text)}", "upgrade py-spy: pip install -U py-spy")
    for case in _CASES:
        if case.pattern.search(text):
            return NoData(case.reason(pid), case.remedy(pid))
    return NoData(f"py-spy failed: {_last_words(text)}", f"py-spy dump --pid {pid} --nonblocking shows more")


def _last_words(text: str) -> str:
    """The innermost cause: the last line that says something."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("py-spy>")]
    return visible(lines[-1].removeprefix("Error: "), 200) if lines else "it said nothing"
