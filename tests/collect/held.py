"""Real children to look at."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from perftui.collect.scope import Scope
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget

NO_TARGET = Scope(None, ())


@contextmanager
def python_child(program: str, interpreter: str = sys.executable) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that has printed its first line; it is killed at the end."""
    argv = [interpreter, "-c", program]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline()
            yield child
        finally:
            child.kill()


@contextmanager
def held_child(program: str, interpreter: str = sys.executable) -> Iterator[tuple[Host, HeldTarget]]:
    with python_child(program, interpreter) as child:
        host = Host()
        held = HeldTarget.open(host, child.pid)
        try:
            yield host, held
        finally:
            held.close()
