"""A recording: samples and stack windows on disk, to be replayed.

Every 5 s of samples are written at once, so no more than that is lost when perftui is killed; 300 s together become
one chunk, a quarter of the size. All of it happens in a thread of its own, off the tick.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice, pairwise, zip_longest
from pathlib import Path

import msgspec

from perftui.config import INTERVAL_SECONDS
from perftui.errors import StoreError
from perftui.host import clock
from perftui.host.text import visible
from perftui.model.profile import StackProfile
from perftui.model.sample import Sample
from perftui.model.texts import Rewriter
from perftui.store.chunkfile import ChunkFile, Entry, Header, Mark, as_store_errors
from perftui.store.chunks import FAST, SMALL, Chunk, join, pack
from perftui.store.delta import Encoder
from perftui.store.restore import Decoder, times
from perftui.store.streams import Streams

__all__ = ["Header", "Mark", "Recording", "RecordingWriter"]

PART_NS = 5_000_000_000
CHUNK_NS = 300_000_000_000
_RECENT_CHUNKS = 2
"""A replay looks back four minutes: often over the border between two."""

_MOST_WAITING = 120
"""Samples (84 KiB each at 350 processes) that may wait for a disk that does not answer."""

_PATIENCE_NS = 20_000_000_000
"""So long the disk may take for one step while samples have to wait outside; a full queue then ends the recording.

A live session gets there after two minutes without an answer, and is not held up even then."""

_WINDOW_SECONDS = (0.1, 3600.0)
_LOOK_SECONDS = 0.1
_NEVER = (1 << 63, 1 << 63)
_CLOSING_SECONDS = 10.0
_PAUSE_SECONDS = 0.001
"""Between two parts that are joined: the tick's thread gets the interpreter."""


class RecordingWriter:
    """Writes a new recording. Any thread may call it; samples are recorded in the order they are added."""

    def __init__(self, path: Path, *, header: Header) -> None:
        """StoreError when there is a file of that name, or it cannot be made."""
        self.path = path
        self._file = ChunkFile.create(path, header)
        self._tasks: queue.Queue[Callable[[], None] | None] = queue.Queue(_MOST_WAITING)
        self._failure: StoreError | None = None
        self._reported = False
        self._progress_ns = clock.monotonic_ns()
        self._encoder = Encoder()
        self._part = Streams()
        self._number = 0
        self._chunk_since_ns: int | None = None
        self._part_since_ns = 0
        self._last_ns: int | None = None
        self._ahead_ns = clock.wall_ns() - clock.monotonic_ns()
        self._thread = threading.Thread(target=self._work, name="perftui-recording", daemon=True)
        self._thread.start()

    def add(self, sample: Sample, profiles: Sequence[StackProfile] = ()) -> None:
        """Record one tick.

        StoreError once when recording has stopped (a full disk, one that does not answer): what was written can be
        replayed. After that nothing is recorded and nothing raised.
        """
        self._hand_over(partial(self._record, sample, tuple(profiles)))

    def mark(self, wall_ns: int, text: str, ahead_ns: int | None = None) -> None:
        """Note a moment. StoreError as ``add``.

        ``ahead_ns``: what the wall clock was ahead of the monotonic one then; without it as at the last sample.
        """
        self._hand_over(partial(self._mark, wall_ns, visible(text), ahead_ns))

    def close(self) -> None:
        """Write what is left and leave one plain file. StoreError as ``add``; may be called twice."""
        ends = self._put(None)
        self._thread.join(_CLOSING_SECONDS if ends else _LOOK_SECONDS)
        if ends and self._thread.is_alive():
            self._failure = self._failure or self._too_slow()
        self._report()

    def _hand_over(self, task: Callable[[], None]) -> None:
        self._report()
        if not self._put(task):
            self._report()

    def _put(self, task: Callable[[], None] | None) -> bool:
        """False when recording has stopped. Waits while there is no room and the disk makes progress."""
        while self._failure is None and self._thread.is_alive():
            try:
                self._tasks.put(task, timeout=_LOOK_SECONDS)
            except queue.Full:
                if clock.monotonic_ns() - self._progress_ns > _PATIENCE_NS:
                    self._failure = self._too_slow()
            else:
                return True
        return False

    def _report(self) -> None:
        if self._failure is not None and not self._reported:
            self._reported = True
            raise self._failure

    def _too_slow(self) -> StoreError:
        return StoreError(f"{self.path}: the disk does not keep up: recording has stopped")

    # ---- in its own thread

    def _work(self) -> None:
        try:
            while (task := self._next()) is not None and self._failure is None:
                task()
                self._progress_ns = clock.monotonic_ns()
            if self._failure is None:
                self._end_chunk()
                self._file.finish()
        except StoreError as error:
            self._failure = StoreError(f"{error}: recording has stopped, what was written before can be replayed")
        except Exception as error:  # noqa: BLE001 (a fault here must not pass for a recording that goes on)
            self._failure = StoreError(f"{self.path}: recording has stopped: {type(error).__name__}: {error}")
        finally:
            self._file.close()

    def _next(self) -> Callable[[], None] | None:
        """The next task; samples that nobody followed up for 5 s are not kept waiting."""
        try:
            return self._tasks.get(timeout=PART_NS / 1e9)
        except queue.Empty:
            return self._write_part

    def _mark(self, wall_ns: int, text: str, ahead_ns: int | None) -> None:
        monotonic_ns = wall_ns - (self._ahead_ns if ahead_ns is None else ahead_ns)
        self._file.add_mark(Mark(max(0, monotonic_ns), text))

    def _record(self, sample: Sample, profiles: Sequence[StackProfile]) -> None:
        now = sample.monotonic_ns
        gap = PART_NS if self._last_ns is None else min(PART_NS, max(0, now - self._last_ns))
        # Ticks are a little early or late: a fourth of the gap between them is allowed.
        if self._chunk_since_ns is not None and (
            now + gap // 4 - self._chunk_since_ns >= CHUNK_NS or self._encoder.full
        ):
            self._end_chunk()
        if self._chunk_since_ns is None:
            self._chunk_since_ns = now
        if not self._part.records:
            self._part_since_ns = now
        self._last_ns, self._ahead_ns = now, sample.wall_ns - now
        self._encoder.encode(sample, profiles, self._part)
        # Would the next sample, as far away as the last one was, come too late for this part?
        if now + gap + gap // 4 - self._part_since_ns >= PART_NS:
            self._write_part()

    def _write_part(self) -> None:
        part, self._part = self._part, Streams()
        if part.records and self._last_ns is not None:
            self._file.add_part(self._number, (self._part_since_ns, self._last_ns), pack(part, FAST))

    def _end_chunk(self) -> None:
        """Join the parts of the chunk, and begin the next one."""
        self._write_part()
        whole = join(_unhurried(self._file.parts(self._number)))
        if whole.records and self._chunk_since_ns is not None and self._last_ns is not None:
            self._file.add_chunk(self._number, (self._chunk_since_ns, self._last_ns), pack(whole, SMALL))
            self._number += 1
        self._encoder.begin_chunk()
        self._chunk_since_ns = None


class Recording:
    """A recording to be replayed, also one that was cut off or is still being written (as it was when opened).

    Its times (all but those called wall times) run as the monotonic clock did, so that they are in order whatever was
    done to the wall clock meanwhile; up to then they are what the wall clock showed. ``first_ns`` and ``last_ns`` are
    those of the first and the last sample, both when it began for one without samples; ``first_wall_ns`` and
    ``last_wall_ns`` the earliest and the latest that the wall clock showed.

    StoreError, naming the file, when it is none, is damaged, or was made by another version of perftui. A ``lenient``
    one leaves out a chunk that cannot be read, and says so in ``damage``.
    """

    def __init__(self, path: Path, *, lenient: bool = False) -> None:
        self.path = path
        self.damage: list[str] = []
        self._lenient = lenient
        self._lock = threading.Lock()
        self._file = ChunkFile.open(path)
        try:
            with as_store_errors(path):
                self.header = _checked(_shown(self._file.header()))
            entries = self._file.index()
            began_ns = self.header.wall_ns
            self._ahead_ns = entries[0].first_wall_ns - entries[0].first_ns if entries else 0
            self._index = [entry.later(self._ahead_ns) for entry in entries]
            self.marks = tuple(mark.later(self._ahead_ns) for mark in self._file.marks())
        except BaseException:
            self._file.close()
            raise
        self.first_ns = self._index[0].first_ns if entries else began_ns
        self.last_ns = self._index[-1].last_ns if entries else began_ns
        self.first_wall_ns = min((entry.first_wall_ns for entry in entries), default=began_ns)
        self.last_wall_ns = max((entry.last_wall_ns for entry in entries), default=began_ns)
        self.count = sum(entry.samples for entry in self._index)
        self.sample_bytes = 0
        """What the tables of the largest sample read so far take."""

        self._recent: dict[int, Streams] = {}

    def time_of(self, sample: Sample) -> int:
        """When it was taken, on the line of this recording's times."""
        return sample.monotonic_ns + self._ahead_ns

    def ticks(self, since_ns: int, until_ns: int) -> Iterator[tuple[Sample, tuple[StackProfile, ...]]]:
        """Samples from ``since_ns`` to ``until_ns`` (both included) and the windows that came with each, in order."""
        for entry in self._between(since_ns, until_ns):
            with self._reading(entry):
                for decoder in self._records(entry, since_ns, until_ns):
                    yield decoder.sample(), tuple(decoder.profiles())

    def samples(self, since_ns: int, until_ns: int) -> Iterator[Sample]:
        """The samples of ``ticks``."""
        for entry in self._between(since_ns, until_ns):
            with self._reading(entry):
                for decoder in self._records(entry, since_ns, until_ns):
                    yield decoder.sample()

    def profiles(self, since_ns: int, until_ns: int) -> Iterator[StackProfile]:
        """The stack windows of ``ticks``."""
        for entry in self._between(since_ns, until_ns):
            with self._reading(entry):
                for decoder in self._records(entry, since_ns, until_ns):
                    yield from decoder.profiles()

    def last_before(self, time_ns: int) -> int | None:
        """The time of the last sample that is not newer than ``time_ns``; None when there is none."""
        for entry in reversed(tuple(self._index)):
            if entry.last_ns <= time_ns:
                return entry.last_ns
            if entry.first_ns <= time_ns:
                with self._reading(entry):
                    return max(taken_ns for taken_ns, _ in self._times(entry) if taken_ns <= time_ns)
        return None

    def when(self, wall_ns: int) -> int:
        """The time at which the wall clock showed ``wall_ns``: the first one where it was set back and did so twice.

        Where it never did (it was set forward, nothing was recorded) the last moment before that.
        """
        found = self.first_ns
        for entry, following in zip_longest(tuple(self._index), self._index[1:]):
            if entry.first_wall_ns <= wall_ns <= entry.last_wall_ns:
                with self._reading(entry):
                    for (taken_ns, shown_ns), (next_ns, later_ns) in pairwise((*self._times(entry), _NEVER)):
                        if shown_ns <= wall_ns < later_ns:
                            return min(taken_ns + wall_ns - shown_ns, next_ns - 1)
            elif entry.last_wall_ns < wall_ns:
                found = entry.last_ns + wall_ns - entry.last_wall_ns
                found = min(found, following.first_ns - 1) if following else found
        return found

    def close(self) -> None:
        with self._lock:
            self._file.close()

    @contextmanager
    def _reading(self, entry: Entry) -> Iterator[None]:
        try:
            with as_store_errors(self.path):
                yield
        except StoreError as error:
            if not self._lenient:
                raise
            with self._lock:
                if entry in self._index:
                    self._index.remove(entry)
                    self.damage.append(f"{error}: {entry.samples} samples are left out")

    def _between(self, since_ns: int, until_ns: int) -> list[Entry]:
        return [entry for entry in self._index if entry.last_ns >= since_ns and entry.first_ns <= until_ns]

    def _records(self, entry: Entry, since_ns: int, until_ns: int) -> Iterator[Decoder]:
        decoder, last_ns = Decoder(self._streams(entry)), entry.first_ns - 1
        for _ in range(entry.samples):  # a chunk that is being written has more by now
            if not decoder.advance():
                break
            taken_ns = decoder.monotonic_ns + self._ahead_ns
            if not last_ns < taken_ns <= entry.last_ns:
                raise ValueError("a time that is not in its index")
            if not entry.first_wall_ns <= decoder.wall_ns <= entry.last_wall_ns:
                raise ValueError("a wall time that is not in its index")
            last_ns = taken_ns
            self.sample_bytes = max(self.sample_bytes, 8 * decoder.cells)
            if since_ns <= taken_ns <= until_ns:
                yield decoder

    def _times(self, entry: Entry) -> Iterator[tuple[int, int]]:
        """The times of its samples, and what the wall clock showed then."""
        taken = islice(times(self._streams(entry)), entry.samples)
        return ((monotonic_ns + self._ahead_ns, wall_ns) for monotonic_ns, wall_ns in taken)

    def _streams(self, entry: Entry) -> Streams:
        """Those read last are kept: a replay that steps to and fro asks for them again and again."""
        with self._lock:
            found = self._recent.pop(entry.number, None)
            if found is None:
                found = join(self._file.parts(entry.number))
            self._recent[entry.number] = found
            if len(self._recent) > _RECENT_CHUNKS:
                del self._recent[next(iter(self._recent))]
            return found


def _unhurried(parts: Iterable[Chunk]) -> Iterator[Chunk]:
    for part in parts:
        yield part
        time.sleep(_PAUSE_SECONDS)


def _checked(header: Header) -> Header:
    """ValueError for numbers that no session has: a replay makes room and waits by them."""
    limits = {"interval_seconds": INTERVAL_SECONDS, "window_seconds": _WINDOW_SECONDS}
    for name, (least, most) in limits.items():
        if not least <= getattr(header, name) <= most:  # NaN is not
            raise ValueError(f"{name} in its header")
    return header


def _shown(header: Header) -> Header:
    """A recording may come from elsewhere: no text of it reaches a terminal as it is."""
    facts = {visible(name): text for name, text in header.facts.items()}
    return Rewriter(visible)(msgspec.structs.replace(header, facts=facts))
