"""Start a program, wait for it, and leave nothing of it behind."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from perftui.errors import NoData

_ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


class Completed(NamedTuple):
    """How a program ended. ``returncode`` is negative after a signal, as in subprocess."""

    returncode: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False


def run(argv: Sequence[str], *, deadline_seconds: float, input: bytes = b"") -> Completed:
    """Run a program to its end, in a process group of its own and with a clean environment.

    After ``deadline_seconds`` the whole group is killed and ``timed_out`` is set. ValueError when the
    program's path is not absolute; NoData when it cannot be started.
    """
    if not argv or not argv[0].startswith("/"):
        raise ValueError(f"argv: the program must be an absolute path, not {argv[:1]!r}")
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_ENVIRONMENT,
            cwd="/",
            process_group=0,
        )
    except OSError as error:
        raise NoData(f"{argv[0]} cannot be started: {error.strerror}", f"install {Path(argv[0]).name}") from error
    with process:
        try:
            stdout, stderr = process.communicate(input, timeout=deadline_seconds)
        except subprocess.TimeoutExpired:
            _kill_group(process.pid)
            stdout, stderr = process.communicate()
            return Completed(process.returncode, stdout, stderr, timed_out=True)
        except BaseException:  # also KeyboardInterrupt: nothing we started may outlive us
            _kill_group(process.pid)
            raise
    return Completed(process.returncode, stdout, stderr)


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
