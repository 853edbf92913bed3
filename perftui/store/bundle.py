"""An incident bundle: one file with the last minutes of a session, to be opened elsewhere and offline.

It is a recording whose header says what happened. Command lines and all other texts in it are free of secrets, as far
as ``host.redact`` can tell them.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from perftui.errors import StoreError
from perftui.host.redact import redact
from perftui.model.texts import Rewriter
from perftui.store.flight import FlightRecorder
from perftui.store.recording import Header, RecordingWriter

ENDING = ".perftui-incident"
_SOON_NS = 5_000_000_000
"""A mark may be so much newer than the last sample."""


def write_bundle(path: Path, header: Header, flight: FlightRecorder, marks: Sequence[tuple[int, str]] = ()) -> None:
    """A new file with what ``flight`` has kept.

    StoreError when it cannot be written, what ``FlightRecorder.ticks`` raises when it cannot be read; then there is no
    file.

    Takes some milliseconds for each sample: not for the tick's thread.
    """
    rewrite = Rewriter(redact)
    writer = RecordingWriter(path, header=rewrite(header))
    shown: list[tuple[int, int]] = []
    try:
        for sample, profiles in flight.ticks():
            writer.add(rewrite(sample), rewrite(profiles))
            shown.append((sample.wall_ns, sample.wall_ns - sample.monotonic_ns))
        for wall_ns, text in marks:
            writer.mark(wall_ns, rewrite(text), _ahead_at(wall_ns, shown))
        writer.close()
    except BaseException:
        with suppress(StoreError):  # its thread ends, and its companions go
            writer.close()
        path.unlink(missing_ok=True)
        raise


def _ahead_at(mark_ns: int, shown: Sequence[tuple[int, int]]) -> int | None:
    """What the wall clock was ahead of the monotonic one when it showed ``mark_ns`` last; None where no sample tells.

    ``shown`` has the wall time of each sample and what it was ahead by.
    """
    newer_ns = shown[-1][0] + _SOON_NS if shown else 0
    for older_ns, ahead_ns in reversed(shown):
        if older_ns <= mark_ns < newer_ns:
            return ahead_ns
        newer_ns = older_ns
    return None
