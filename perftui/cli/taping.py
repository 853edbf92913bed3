"""Recording headless."""

import sys
import time
from contextlib import suppress
from pathlib import Path

from perftui.cli.journal import usable_journal
from perftui.cli.options import Options
from perftui.cli.output import notice
from perftui.cli.target import open_target
from perftui.cli.watch import session_options
from perftui.errors import StoreError, TargetEnded, UsageError
from perftui.host.procfs import Host
from perftui.model.units import bytes_text, duration_text
from perftui.model.update import RecordingStatus, Update
from perftui.session import Session

UNTIL_INTERRUPTED = 1e9
QUIET_SECONDS = 60.0
"""Between two lines of progress where they cannot be written over each other."""


def record_into(path: Path, target: str | None, options: Options) -> None:
    """Watch and record. UsageError when ``path`` cannot be begun; StoreError when the disk is full later on;
    TargetEnded when there was nothing to record."""
    config = options.config()
    host = Host()
    held = open_target(host, target, options)
    progress = _Progress(path)
    ended = False

    def shown(update: Update) -> None:
        nonlocal ended
        ended = held is not None and held.ended
        progress.show(update)

    with usable_journal() as (journal, _):
        session = Session(host, held, session_options(config, config.window_seconds), journal)
        try:
            _begin(session, path)
            notice(f"recording {session.target.label} into {path}; Ctrl+C ends it")
            session.run(options.seconds or UNTIL_INTERRUPTED, shown)
        except TargetEnded:
            if session.tape.ended is None or session.tape.ended.samples < 2:
                raise
        finally:
            session.stop()
            progress.end(session.tape.ended)
    if ended:
        notice("the target has ended")


def _begin(session: Session, path: Path) -> None:
    """A file of that name, or no folder for it, is a wrong argument, as for every other -o."""
    try:
        session.tape.start(session.target, path)
    except StoreError as error:
        raise UsageError(f"-o {error}") from error


class _Progress:
    """How much is recorded: one line that is written anew on a terminal, else a line a minute."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._live = sys.stderr.isatty()
        self._began = time.monotonic()
        self._due = self._began + (0 if self._live else QUIET_SECONDS)

    def show(self, update: Update) -> None:
        """StoreError when recording has ended by itself: then there is nothing to watch for."""
        status = update.recording
        if status is None or status.error:
            raise StoreError(status.error if status else "the recording has ended")
        if time.monotonic() < self._due:
            return
        if self._live:
            sys.stderr.write(f"\r{self._text(status)}  ")
            sys.stderr.flush()
        else:
            notice(self._text(status))
            self._due += QUIET_SECONDS

    def end(self, status: RecordingStatus | None) -> None:
        """The last word. StoreError when what was left could not be written."""
        if status is None:
            return
        if self._live:
            sys.stderr.write("\r")
        notice(f"{self._path}: {self._text(status)}")
        if status.error:
            raise StoreError(status.error)

    def _text(self, status: RecordingStatus) -> str:
        size = 0
        for path in (self._path, Path(f"{self._path}-wal")):
            with suppress(OSError):
                size += path.stat().st_size
        return f"{status.samples} samples, {duration_text(time.monotonic() - self._began)}, {bytes_text(size)}"
