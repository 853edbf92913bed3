"""``perftui run``: the command is our child and lives at most as long as we do."""

import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from perftui.cli.options import MAX_SECONDS, Options
from perftui.cli.output import notice
from perftui.cli.screen import show_screen
from perftui.cli.watch import measure, present
from perftui.errors import NoSuchTarget, NotPermitted, TargetError
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.update import Update

GRACE_SECONDS = 5.0
"""Between SIGTERM and SIGKILL when perftui is ended before its child."""


def run_plain(command: tuple[str, ...], options: Options) -> int:
    """Watch the command to its end (or for ``--for``), print the diagnosis; the command's exit code.

    With ``--json`` the command's stdout goes to stderr: ours carries one document.
    """
    last: list[Update] = []
    with _started(command, stdout=sys.stderr if options.as_json else None) as child:
        try:
            _watch(child, options, last)
        except TargetError as error:
            notice(str(error))
        except SystemExit:  # a signal: what was measured is still worth printing
            _end(child)
            raise
        finally:
            if last and last[0].diagnosis is not None:
                present(last[0], options)
        return _code(child.wait())


def run_on_screen(command: tuple[str, ...], options: Options) -> int:
    """Show the screen until it is left; the command's output comes after it. The command's exit code."""
    with tempfile.TemporaryFile() as output, _started(command, stdout=output, stdin=subprocess.DEVNULL) as child:
        try:
            ended_by_signal = _screen(child, options)
            if ended_by_signal:
                return ended_by_signal
            if child.poll() is None:
                notice(f"waiting for {command[0]} (PID {child.pid}) to end; Ctrl+C ends it")
            return _code(child.wait())
        finally:
            with suppress(OSError):  # the terminal may be gone by now
                output.seek(0)
                shutil.copyfileobj(output, sys.stdout.buffer)
                sys.stdout.buffer.flush()


def _screen(child: "subprocess.Popen[bytes]", options: Options) -> int:
    """0, or 128+N when signal N ended the screen."""
    config = options.config()
    host = Host()
    try:
        held = HeldTarget.open(host, child.pid, with_children=not options.no_children)
    except TargetError as error:
        notice(str(error))
        return 0
    return show_screen(host, held, config, options)


def _watch(child: "subprocess.Popen[bytes]", options: Options, last: list[Update]) -> None:
    host = Host()

    def keep(update: Update) -> None:
        last[:] = [update]

    measure(
        host,
        HeldTarget.open(host, child.pid, with_children=not options.no_children),
        options,
        seconds=options.seconds or MAX_SECONDS,
        window_seconds=options.seconds or options.config().window_seconds,
        on_update=keep,
    )


@contextmanager
def _started(
    command: tuple[str, ...], *, stdout: IO[bytes] | IO[str] | None, stdin: int | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """The child, ended on the way out if it still runs. NoSuchTarget or NotPermitted when it cannot be started."""
    stderr = subprocess.STDOUT if stdin is not None else None
    try:
        child = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr)
    except PermissionError as error:
        raise NotPermitted(f"{command[0]}: may not be run: {error.strerror}") from error
    except OSError as error:
        raise NoSuchTarget(f"{command[0]}: cannot be started: {error.strerror}") from error
    try:
        yield child
    finally:
        _end(child)


def _end(child: "subprocess.Popen[bytes]") -> None:
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _code(returncode: int) -> int:
    """As a shell tells it: 128+N for a child that signal N ended."""
    return 128 + signal.Signals(-returncode) if returncode < 0 else returncode
