"""An incident bundle: one file with the last minutes of a session, to be opened elsewhere and offline.

It is a recording whose header says what happened. Command lines and all other texts in it are free of secrets, as far
as ``host.redact`` can tell them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from perftui.errors import StoreError
from perftui.host.redact import redact
from perftui.model.profile import StackProfile
from perftui.model.sample import Sample
from perftui.model.texts import Rewriter
from perftui.store.chunks import Chunk, unpack
from perftui.store.flight import FlightRecorder
from perftui.store.recording import Header, RecordingWriter
from perftui.store.restore import Decoder

ENDING = ".perftui-incident"


def write_bundle(path: Path, header: Header, flight: FlightRecorder, marks: Sequence[tuple[int, str]] = ()) -> None:
    """A new file with what ``flight`` has kept. StoreError when it cannot be written; then there is no file.

    Takes some milliseconds for each sample: not for the tick's thread.
    """
    rewrite = Rewriter(redact)
    writer = RecordingWriter(path, header=rewrite(header))
    try:
        flight.dump(_Redacting(writer, rewrite))
        for wall_ns, text in marks:
            writer.mark(wall_ns, rewrite(text))
        writer.close()
    except StoreError:
        path.unlink(missing_ok=True)
        raise


class _Redacting:
    """Takes the chunks of a flight recorder, and records what is in them without its secrets."""

    def __init__(self, writer: RecordingWriter, rewrite: Rewriter) -> None:
        self._writer = writer
        self._rewrite = rewrite

    def adopt(self, chunks: Sequence[Chunk]) -> None:
        for sample, profiles in _ticks(chunks):
            self._writer.add(self._rewrite(sample), self._rewrite(profiles))


def _ticks(chunks: Sequence[Chunk]) -> Iterator[tuple[Sample, tuple[StackProfile, ...]]]:
    for chunk in chunks:
        decoder = Decoder(unpack(chunk))
        while decoder.advance():
            yield decoder.sample(), tuple(decoder.profiles())
