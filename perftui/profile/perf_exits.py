"""How perf says that it could not, turned into a reason and a remedy."""

import re
from typing import NamedTuple

from perftui.errors import NoData
from perftui.host.text import visible


class _Case(NamedTuple):
    pattern: re.Pattern[str]
    reason: str
    remedy: str


def _case(pattern: str, reason: str, remedy: str) -> _Case:
    return _Case(re.compile(pattern, re.IGNORECASE), reason, remedy)


_CASES = (
    _case(
        r"mlock|permission error mapping pages",
        "perf may not lock the memory it needs",
        "sudo sysctl kernel.perf_event_mlock_kb=2048",
    ),
    _case(
        r"no permission|permission denied|operation not permitted|is limited|paranoid",
        "the kernel does not let perf look at process {pid}",
        "sudo perftui attach {pid}; in a container start it with --cap-add=PERFMON and a seccomp profile that allows "
        "perf_event_open",
    ),
    _case(r"too many (?:open files|events)", "perf needs more open files: one per thread and CPU", "raise ulimit -n"),
    _case(r"no such process|problems finding threads|couldn't|thread map", "process {pid} has ended", ""),
    _case(
        r"not supported|function not implemented|no such device|no such file",
        "this kernel has no perf events that can be used",
        "use a kernel built with CONFIG_PERF_EVENTS",
    ),
    _case(r"unknown option|usage: perf", "this perf is too old", "install the perf of Linux 5.4 or newer"),
)
"""Texts of perf 4.18 to 6.12; the first that matches wins."""


def explain(pid: int, returncode: int, text: str) -> NoData:
    """Why a perf that ended with ``returncode`` (negative: by that signal) and these words gave nothing."""
    if returncode < 0:
        return NoData(f"perf was killed by signal {-returncode}", "dmesg tells whether memory ran out")
    for case in _CASES:
        if case.pattern.search(text):
            return NoData(case.reason.format(pid=pid), case.remedy.format(pid=pid))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = visible(lines[-1], 200) if lines else "it said nothing"
    return NoData(f"perf failed: {said}", f"perf record --event cpu-clock --pid {pid} shows more")
