"""``FILE@FROM-TO`` of a command line."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from perftui.cli.playback import replay_options
from perftui.config import Config
from perftui.session.compare import Side
from perftui.session.moment import range_of
from perftui.store.recording import Recording


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
