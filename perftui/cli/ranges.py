"""Files of a command line: ``FILE@FROM-TO`` of recordings, and stacks of other programs."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from perftui.cli.playback import replay_options
from perftui.config import Config
from perftui.session.compare import Side, StackFile
from perftui.session.flame_file import read_flame
from perftui.session.moment import range_of
from perftui.store.recording import Recording

_SQLITE = b"SQLite format 3\0"


@contextmanager
def compared(spec: str, config: Config) -> Iterator[Side | StackFile]:
    """A side of ``perftui diff``: a recording or a range of one as ``opened``, or the stacks of another program.

    UsageError for a file that is neither, or that holds sizes instead of looks or times.
    """
    if is_recording(spec) or not Path(spec).exists():
        with opened(spec, config) as side:
            yield side
    else:
        yield StackFile.of(spec, read_flame(Path(spec)))


@contextmanager
def opened(spec: str, config: Config) -> Iterator[Side]:
    """A recording, or a range of one. StoreError for what is no recording, UsageError for what is no range."""
    name, separator, wanted = spec.rpartition("@")
    if not separator or Path(spec).exists():
        name, wanted = spec, ""
    with closing(Recording(Path(name))) as recording:
        since_ns, until_ns = recording.first_ns, recording.last_ns
        if wanted:
            since_ns, until_ns = range_of(wanted, recording)
        yield Side(spec, recording, since_ns, until_ns, replay_options(recording, config))


def is_recording(spec: str) -> bool:
    """Whether ``FILE`` or ``FILE@FROM-TO`` names a recording, by what is in it."""
    for name in dict.fromkeys((spec, spec.rpartition("@")[0])):
        with suppress(OSError):
            if Path(name).is_file():  # a pipe is no recording, and what is read from it is gone
                with Path(name).open("rb") as file:
                    return file.read(len(_SQLITE)) == _SQLITE
    return False
