"""How large a recording gets, and how long it takes to open it and to look something up.

    python -m tests.bench.recording [--hours 24] [--processes 350] [--keep FILE]

Takes real samples of this host, filled up with sleeping children, and of a target with nine threads; then goes on from
them by a synthetic clock: every figure changes by what it was seen to change by, and 12 % of the processes each second.
Exit code 1 when a budget is missed (the size counts for a day).
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from perftui import __version__
from perftui.collect.live import LiveSource
from perftui.errors import StoreError
from perftui.host.procfs import Host
from perftui.host.target import HeldTarget
from perftui.model.sample import Sample
from perftui.store.flight import FlightRecorder
from perftui.store.recording import Header, Recording, RecordingWriter
from perftui.tune.knobs import read_all
from tests.bench.invented import Invention
from tests.bench.ui import crowd

REAL_SAMPLES = 12
DAY_BYTES = 60e6
OPEN_SECONDS = 1.0
SEEK_SECONDS = 0.2
FLIGHT_BYTES = 12 << 20
FLIGHT_FULL = 1000
"""Seconds after which the flight recorder throws away as much as it takes in."""

HOUR_BYTES = 2 << 20
_MIB = 1 << 20


class Looked(NamedTuple):
    """What a process of its own measured that only read the recording."""

    open_seconds: float
    seek_seconds: list[float]
    rss_bytes: int


def real_samples(pid: int) -> list[Sample]:
    """A few seconds of this host and of the process, one sample a second."""
    host = Host()
    held = HeldTarget.open(host, pid)
    source = LiveSource(host, held)
    try:
        samples = []
        for _ in range(REAL_SAMPLES):
            due = time.monotonic() + 1.0
            while time.monotonic() < due:
                source.poll()
                time.sleep(0.05)
            samples.append(source.sample())
        knobs = read_all(host, held, samples[-1])
        return [msgspec.structs.replace(sample, knobs=knobs) for sample in samples[1:]]
    finally:
        source.close()
        held.close()


def rss_bytes() -> int:
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def write(path: Path, samples: Iterator[Sample], count: int) -> tuple[float, int]:
    """Record so many samples; CPU seconds and growth of RSS."""
    header = Header(
        version=__version__,
        wall_ns=time.time_ns(),
        boot_id="",
        hostname="",
        kernel="",
        machine="",
        cpus=1,
        target="bench",
        interval_seconds=1.0,
    )
    writer = RecordingWriter(path, header=header)
    began, before = time.process_time(), 0
    for number, sample in enumerate(samples):
        if number == count:
            break
        if number == min(600, count // 2):
            before = rss_bytes()  # the first two chunks make room that later ones use again
        writer.add(sample)
    grown = rss_bytes() - before
    writer.close()
    return time.process_time() - began, grown


def look(path: Path, seeks: int = 20) -> Looked:
    """Open it and jump to places of all kinds."""
    began = time.perf_counter()
    recording = Recording(path)
    opened = time.perf_counter() - began
    spans = []
    chance = random.Random(1)
    for _ in range(seeks):
        at = chance.randrange(recording.first_ns, recording.last_ns - 2_000_000_000)
        began = time.perf_counter()
        if next(recording.samples(at, recording.last_ns), None) is None:
            raise StoreError("nothing there")
        spans.append(time.perf_counter() - began)
    recording.close()
    return Looked(opened, spans, rss_bytes())


class Flown(NamedTuple):
    """An hour of the flight recorder: what a sample takes, what is kept, how RSS grows until it is full and after."""

    sample_ms: float
    kept_bytes: int
    full_bytes: int
    later_bytes: int


def fly(samples: Iterator[Sample]) -> Flown:
    for _ in range(120):
        next(samples)
    flight = FlightRecorder()
    before, spent, full = rss_bytes(), 0.0, 0
    for number in range(3600):
        sample = next(samples)
        began = time.process_time()
        flight.add(sample)
        spent += time.process_time() - began
        if number == FLIGHT_FULL:
            full = rss_bytes()
    kept = sum(chunk.packed_bytes for chunk in flight._chunks)
    return Flown(1000 * spent / 3600, kept, full - before, rss_bytes() - full)


def main() -> int:
    parser = argparse.ArgumentParser(description="how large a recording gets")
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--processes", type=int, default=350)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--look", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.look:
        print(json.dumps(look(options.look)._asdict()))
        return 0
    with crowd(options.processes, 9) as pid:
        samples = real_samples(pid)
    flown = fly(iter(Invention(samples, options.processes)))
    count = max(700, int(options.hours * 3600))
    with tempfile.TemporaryDirectory(prefix="perftui-bench-") as folder:
        path = options.keep or Path(folder) / "bench.perftui"
        cpu_seconds, grown = write(path, iter(Invention(samples, options.processes)), count)
        argv = [sys.executable, "-m", "tests.bench.recording", "--look", str(path)]
        looked = Looked(**json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout))
        size = path.stat().st_size
    day = size * 86_400 / count
    print(f"{count} samples of {options.processes} processes: {size / 1e6:.1f} MB, a day {day / 1e6:.1f} MB")
    print(
        f"writing: {1000 * cpu_seconds / count:.2f} ms of CPU a sample (inventing it included), "
        f"RSS +{grown / _MIB:.1f} MiB"
    )
    print(f"opening: {looked.open_seconds:.3f} s; RSS of the reader {looked.rss_bytes / _MIB:.1f} MiB")
    print(f"seeking: median {sorted(looked.seek_seconds)[10]:.3f} s, longest {max(looked.seek_seconds):.3f} s")
    print(
        f"flight recorder: {flown.sample_ms:.2f} ms of CPU a sample, {flown.kept_bytes / _MIB:.1f} MiB packed; "
        f"RSS +{flown.full_bytes / _MIB:.1f} MiB until full, then +{flown.later_bytes / _MIB:.1f} MiB up to an hour"
    )
    missed = [
        what
        for what, over in (
            (f"a day takes more than {DAY_BYTES / 1e6:g} MB", day > DAY_BYTES),
            (f"opening takes more than {OPEN_SECONDS:g} s", looked.open_seconds > OPEN_SECONDS),
            (f"a seek takes more than {SEEK_SECONDS:g} s", max(looked.seek_seconds) > SEEK_SECONDS),
            (f"the flight recorder keeps more than {FLIGHT_BYTES // _MIB} MiB", flown.full_bytes > FLIGHT_BYTES),
            (f"an hour grows RSS by more than {HOUR_BYTES // _MIB} MiB", flown.later_bytes > HOUR_BYTES),
        )
        if over
    ]
    print("FAIL: " + "; ".join(missed) if missed else "PASS")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
