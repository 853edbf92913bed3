"""What of a live session is kept: the recording that is on, and the last minutes for when something happens."""

import os
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from perftui import __version__
from perftui.errors import Refused, StoreError
from perftui.host import clock
from perftui.host.facts import facts_of
from perftui.host.procfs import Host
from perftui.model.incident import Incident
from perftui.model.profile import StackProfile
from perftui.model.sample import Sample
from perftui.model.target import Target
from perftui.model.update import RecordingStatus
from perftui.session.options import SessionOptions
from perftui.session.past import past_of
from perftui.store.bundle import ENDING, write_bundle
from perftui.store.files import state_dir
from perftui.store.flight import FlightRecorder
from perftui.store.recording import Header, RecordingWriter

FLIGHT_SECONDS = 900
MAX_MARKS = 1000


class Tape:
    """``add`` and ``mark`` never fail: a recording that cannot go on says so in ``status``. For several threads.

    ``ended`` is the last recording that is over, ``lost`` says why the last minutes are no longer kept.
    """

    def __init__(self, host: Host, options: SessionOptions) -> None:
        self._host = host
        self._options = options
        self._flight = FlightRecorder(FLIGHT_SECONDS) if options.flight_recorder else None
        self._marks: deque[tuple[int, str]] = deque(maxlen=MAX_MARKS)
        self._writer: RecordingWriter | None = None
        self._lock = threading.Lock()
        self._starting = threading.Lock()
        self.status: RecordingStatus | None = None
        self.ended: RecordingStatus | None = None
        self.lost: RecordingStatus | None = None

    @property
    def recording(self) -> bool:
        """Whether a recording is on."""
        return self._writer is not None

    def add(self, sample: Sample, profiles: Sequence[StackProfile]) -> None:
        """Keep one tick."""
        self._remember(sample, profiles)
        with self._lock:
            if self._writer is None or self.status is None:
                return
            try:
                self._writer.add(sample, profiles)
                self.status = msgspec.structs.replace(self.status, samples=self.status.samples + 1)
            except StoreError as error:
                self._give_up(error)

    def mark(self, text: str) -> None:
        """Note the present moment."""
        moment = (clock.wall_ns(), text)
        self._marks.append(moment)
        with self._lock:
            if self._writer is not None:
                try:
                    self._writer.mark(*moment)
                except StoreError as error:
                    self._give_up(error)

    def start(self, target: Target, path: Path | None = None) -> Path:
        """Record into a new file, without ``path`` one in the state folder. StoreError when it cannot be made."""
        if not self._starting.acquire(blocking=False):
            raise Refused("a recording is being started already")
        try:
            if self._writer is not None:
                raise Refused("a recording is on already")
            path = path or _new_file("recordings", target, ".perftui")
            writer = RecordingWriter(path, header=self._header(target))  # a disk may hang here: ticks go on
            with self._lock:
                self._writer = writer
                self.status = RecordingStatus(path=str(path), started_wall_ns=clock.wall_ns())
        finally:
            self._starting.release()
        return path

    def stop(self) -> None:
        """End the recording and write what is left; ``ended`` says how that went. Takes up to seconds."""
        with self._lock:
            ended, writer = self.status, self._writer
            self._writer = self.status = None
        if ended is None:
            return
        if writer is not None:
            try:
                writer.close()
            except StoreError as error:
                ended = msgspec.structs.replace(ended, error=str(error))
        self.ended = ended

    def past_of(self, target: Target) -> list[tuple[int, dict[str, float]]]:
        """What the last minutes know of a process that was not watched yet. StoreError.

        Takes a second or two: not for the tick.
        """
        if (flight := self._flight) is None:
            return []
        with _readable():
            return list(past_of(target, (sample for sample, _ in flight.ticks())))

    def save_incident(self, target: Target, incident: Incident) -> Path:
        """Write the last minutes to a bundle in the state folder. StoreError; Refused where they are not kept."""
        if (flight := self._flight) is None:
            raise Refused(self.lost.error if self.lost else "the last minutes are not kept in this session")
        path = _new_file("incidents", target, ENDING)
        header = msgspec.structs.replace(self._header(target), incident=incident)
        oldest_ns = incident.wall_ns - FLIGHT_SECONDS * 10**9
        self.mark(f"incident: {incident.text}".rstrip(": "))
        marks = [mark for mark in tuple(self._marks) if mark[0] >= oldest_ns]
        with _readable():
            write_bundle(path, header, flight, marks)
        return path

    def _remember(self, sample: Sample, profiles: Sequence[StackProfile]) -> None:
        """Hand a tick to the flight recorder; after a fault none, for minutes with holes in them mislead."""
        try:
            if self._flight is not None:
                self._flight.add(sample, profiles)
        except Exception as error:  # noqa: BLE001  (whatever it is, the target is watched on)
            self._flight = None
            said = f"the last minutes are no longer kept: {type(error).__name__}: {error}"
            self.lost = RecordingStatus(path="", started_wall_ns=clock.wall_ns(), error=said)

    def _give_up(self, error: StoreError) -> None:
        """The file stays as far as it was written; its writer has ended, or ends when the disk answers."""
        if self.status is not None:
            self.status = msgspec.structs.replace(self.status, error=str(error))
        self._writer = None

    def _header(self, target: Target) -> Header:
        system = os.uname()
        return Header(
            version=__version__,
            wall_ns=clock.wall_ns(),
            boot_id=self._host.boot_id,
            hostname=system.nodename,
            kernel=f"{system.sysname} {system.release}",
            machine=system.machine,
            cpus=os.cpu_count() or 0,
            target=target.label,
            interval_seconds=self._options.interval_seconds,
            window_seconds=self._options.window_seconds,
            facts=facts_of(self._host),
        )


@contextmanager
def _readable() -> Iterator[None]:
    """What decoding the last minutes raises becomes a StoreError."""
    try:
        yield
    except (LookupError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise StoreError(f"the last minutes cannot be read: {type(error).__name__}: {error}") from error


def _new_file(folder: str, target: Target, ending: str) -> Path:
    """A name in a folder of the state folder that tells when and whom."""
    place = state_dir() / folder
    try:
        place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{place}: {error.strerror}") from error
    moment = f"{datetime.now():%Y%m%d-%H%M%S.%f}"[:-3]
    return place / f"{moment}-{target.pid or target.kind}{ending}"
