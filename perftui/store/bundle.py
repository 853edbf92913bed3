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


def write_bundle(path: Path, header: Header, flight: FlightRecorder, marks: Sequence[tuple[int, str]] = ()) -> None:
    """A new file with what ``flight`` has kept.

    StoreError when it cannot be written, what ``FlightRecorder.ticks`` raises when it cannot be read; then there is no
    file.

    Takes some milliseconds for each sample: not for the tick's thread.
    """
    rewrite = Rewriter(redact)
    writer = RecordingWriter(path, header=rewrite(header))
    try:
        for sample, profiles in flight.ticks():
            writer.add(rewrite(sample), rewrite(profiles))
        for wall_ns, text in marks:
            writer.mark(wall_ns, rewrite(text))
        writer.close()
    except BaseException:
        with suppress(StoreError):  # its thread ends, and its companions go
            writer.close()
        path.unlink(missing_ok=True)
        raise
