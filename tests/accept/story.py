"""What the stories share: conditions with a deadline, and looks at the kernel that perftui has no hand in."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

Got = TypeVar("Got")


class Failed(Exception):
    """The claim does not hold; the message says what was seen instead."""


def check(holds: bool, what: str) -> None:
    """Failed, with ``what`` was expected, unless ``holds``."""
    if not holds:
        raise Failed(what)


def wait_for(look: Callable[[], Got | None], what: str, seconds: float = 20.0, every: float = 0.2) -> Got:
    """The first true result of ``look``; Failed after ``seconds``."""
    until = time.monotonic() + seconds
    while True:
        got = look()
        if got:
            return got
        if time.monotonic() > until:
            raise Failed(f"{what}: not within {seconds:g} s")
        time.sleep(every)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cores(pid: int, seconds: float = 3.0) -> float:
    """CPU seconds per second of one process, over ``seconds`` from now."""
    started, before = time.monotonic(), cpu_seconds(pid)
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - started)


def autogroup_nice(pid: int) -> int:
    return int(Path(f"/proc/{pid}/autogroup").read_text().split()[-1])


def nice(pid: int) -> int:
    return os.getpriority(os.PRIO_PROCESS, pid)


def state(pid: int) -> str:
    """One letter, ``X`` when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def descendants(pid: int) -> set[int]:
    """Every process below ``pid`` now."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            parents[int(name)] = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    grew = {pid}
    while grew:
        grew = {child for child, parent in parents.items() if parent in grew} - found
        found |= grew
    return found


def commands(pattern: str) -> dict[int, str]:
    """pid → command line of every process whose command line matches."""
    found = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            raw = Path(f"/proc/{name}/cmdline").read_bytes()
            line = raw.replace(b"\0", b" ").decode(errors="replace").strip()
            if int(name) != os.getpid() and re.search(pattern, line):
                found[int(name)] = line
    return found


def samplers_of(pid: int) -> dict[int, str]:
    return commands(rf"py-spy record.* {pid}\b")


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


@contextmanager
def ended(pid: int) -> Iterator[int]:
    """Kill the child ``pid`` and reap it at the end of the block."""
    try:
        yield pid
    finally:
        kill(pid)
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
