"""Recordings for the tests: made up, tick by tick, or of a real scenario."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from perftui.model.profile import StackProfile
from perftui.model.sample import Sample
from perftui.store.recording import Header, Recording, RecordingWriter
from tests.session.test_pipeline import sample
from tests.store.support import EPOCH, HEADER, SECOND

START = EPOCH


def host_sample(second: int, busy_ticks: int) -> Sample:
    """One sample of a host with one CPU, ``second`` seconds after ``START``."""
    return msgspec.structs.replace(sample(second, busy_ticks), wall_ns=START + second * SECOND)


def steady(second: int) -> Sample:
    """The CPU is half busy."""
    return host_sample(second, 50 * second)


def write(
    path: Path,
    seconds: Sequence[int],
    make: Callable[[int], Sample] = steady,
    *,
    marks: Sequence[tuple[int, str]] = (),
    profiles: Callable[[int], Sequence[StackProfile]] = lambda _: (),
    header: Header = HEADER,
) -> Recording:
    """Record ``make(second)`` for each second, and open it. The caller closes it."""
    writer = RecordingWriter(path, header=header)
    for second in seconds:
        writer.add(make(second), profiles(second))
    for wall_ns, text in marks:
        writer.mark(wall_ns, text)
    writer.close()
    return Recording(path)
