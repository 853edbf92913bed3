"""The screen on this terminal with made-up updates: ``python -m tests.tui.program [MODE]``."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import msgspec

from perftui.config import Config
from perftui.model.sample import ProcessSection
from perftui.model.table import Table
from perftui.model.target import ProcessId, Target
from perftui.model.update import Update
from perftui.tui import app as screen
from perftui.tui.run import run_app
from perftui.tui.widgets.verdict import VerdictLine
from tests.tui.fixtures import build_update
from tests.tui.seam import TickingSession

HOSTILE = "[red]$(x)\x1b]0;pwn\x07\x9b31m\u202eevil\x00[@click=app.quit]x[/]"


def hostile_update(tick: int) -> Update:
    """Names and commands full of what a terminal would obey, as if nobody had made them visible before."""
    update = build_update(tick)
    section = update.sample.processes
    assert section is not None
    count = len(section.processes)
    table = Table(
        columns=section.processes.columns,
        texts={"name": (HOSTILE,) * count, "command": (HOSTILE * 50,) * count},
    )
    target = Target(kind="process", process=ProcessId(pid=4242, start_ticks=991), command=HOSTILE * 20)
    processes = ProcessSection(
        monotonic_ns=section.monotonic_ns, ticks_per_second=section.ticks_per_second, processes=table
    )
    sample = msgspec.structs.replace(update.sample, processes=processes, target=target)
    return msgspec.structs.replace(update, sample=sample, interval=None)


def main(mode: str = "") -> int:
    """``MODE``: ``hostile``, or what raises after some ticks: ``crash`` (a widget), ``callback``, ``session``."""
    builders: dict[str, Callable[[int], Update]] = {"hostile": hostile_update, "session": _crash}
    session = TickingSession(builders.get(mode, build_update))
    if mode == "crash":
        VerdictLine.draw = _crash  # type: ignore[method-assign,assignment]  # the point of it
    if mode == "callback":
        screen.PerftuiApp.on_ticked = _crash  # type: ignore[method-assign,assignment]  # the point of it
    code = run_app(lambda: session, Config(), ascii_only="ascii" in sys.argv)
    if session.child is not None:
        Path(sys.argv[-1]).write_text(f"{session.child.pid} {session.child.returncode}")
    return code


def _crash(*_: object) -> NoReturn:
    told = " ".join(("secret", "of", "the", "caller"))
    assert told
    raise RuntimeError("planted")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
