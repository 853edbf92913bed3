"""Every way out leaves the terminal sane, no sampler and no child behind, and the target running."""

import os
import signal
import sys
from collections.abc import Iterator

from tests.accept.story import check, descendants, samplers_of, state, wait_for
from tests.accept.terminals import Pty, fresh_state, modes_left, on_pty
from tests.scenarios.play import playing

BROKEN_COLLECTOR = """
import sys
from perftui.collect.memory import MemoryCollector
def broken(*_arguments):
    raise RuntimeError("a planted fault")
MemoryCollector.collect = broken
from perftui.__main__ import main
sys.exit(main())
"""

BROKEN_WIDGET = """
import sys
from perftui.tui.widgets.resources import Resources
drawn = []
intact = Resources.draw
def broken(self, width, height):
    drawn.append(1)
    if len(drawn) > 4:
        raise RuntimeError("a planted fault")
    return intact(self, width, height)
Resources.draw = broken
from perftui.__main__ import main
sys.exit(main())
"""


def stories() -> Iterator[str]:
    """Yields a line for each way out that is clean. Failed for the first that is not."""
    with playing("tests.scenarios.s06_one_core") as target:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with fresh_state() as environment, on_pty(_attach(target), environment) as terminal:
                left = _watching(terminal, target)
                os.kill(terminal.pid, number)
                code = terminal.wait_exit()
                check(code == 128 + number, f"{number.name}: exit code {code}, not {128 + number}")
                _clean(number.name, terminal, target, left)
            yield f"{number.name}: exit code {128 + number}, terminal sane, nothing left behind"

        with fresh_state() as environment, on_pty(_attach(target), environment) as terminal:
            left = _watching(terminal, target)
            terminal.hang_up()
            terminal.wait_exit()
            _nothing_left("a closed pty", target, left)
        yield "a closed pty: it ended, nothing left behind"

        with fresh_state() as environment, on_pty(_attach(target, BROKEN_COLLECTOR), environment) as terminal:
            left = _watching(terminal, target)
            terminal.keys(b"q")
            code = terminal.wait_exit()
            check(code == 0, f"a broken collector: exit code {code} after q, not 0")
            _clean("a broken collector", terminal, target, left)
        yield "an exception in a collector: the screen goes on, q ends it cleanly"

        with fresh_state() as environment, on_pty(_attach(target, BROKEN_WIDGET), environment) as terminal:
            code = terminal.wait_exit(20)
            _clean("a broken widget", terminal, target, set())
            check(code not in (0, 1), f"a broken widget: terminal sane, but exit code {code}: 1 is for failed checks")
        yield "an exception in a widget: ended with a message, terminal sane, nothing left behind"


def _attach(pid: int, code: str = "") -> list[str]:
    how = ["-c", code] if code else ["-m", "perftui"]
    return [sys.executable, *how, "attach", str(pid)]


def _watching(terminal: Pty, target: int) -> set[int]:
    """Wait for the screen and for a sampler; returns every child perftui has."""
    wait_for(lambda: b"\x1b[?1049h" in terminal.output, "the alternate screen")
    wait_for(lambda: samplers_of(target), "a running sampler", 20)
    return descendants(terminal.pid)


def _clean(how: str, terminal: Pty, target: int, children: set[int]) -> None:
    left = modes_left(bytes(terminal.output))
    check(not left, f"{how}: terminal modes left on: {sorted(left)}")
    _nothing_left(how, target, children)


def _nothing_left(how: str, target: int, children: set[int]) -> None:
    wait_for(lambda: not samplers_of(target), f"{how}: the sampler ended", 5)
    wait_for(lambda: all(state(pid) in "XZ" for pid in children), f"{how}: every child ended", 5)
    check(state(target) in "RS", f"{how}: the target is in state {state(target)}")
