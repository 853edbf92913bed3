"""What an hour of stacks takes: 50 threads looked at 100 times a second, windows of a second with slots.

    python -m tests.bench.stacks [--minutes 60]

Recorded to a file, kept for 15 minutes in memory (``store.stacks``), and in the flight recorder. Exit code 1 when a
budget is missed; the size counts for an hour.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from perftui.store.flight import MOST_BYTES, FlightRecorder
from perftui.store.recording import Recording, RecordingWriter
from perftui.store.stacks import StackStore
from tests.bench.sampled import SECOND, Crowd
from tests.store.support import FOREVER, HEADER, sample_at

HOUR_BYTES = 20e6
_MIB = 1 << 20


class Spent:
    """CPU seconds of this thread, by what it was for."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def on(self, name: str, step: Callable[[], object]) -> None:
        began = time.thread_time()
        step()
        self.seconds[name] = self.seconds.get(name, 0.0) + time.thread_time() - began


def main() -> int:
    parser = argparse.ArgumentParser(description="what an hour of stacks takes")
    parser.add_argument("--minutes", type=float, default=60.0)
    count = round(60 * parser.parse_args().minutes)
    store, flight, spent = StackStore(), FlightRecorder(), Spent()
    rows = slots = 0
    with tempfile.TemporaryDirectory(prefix="perftui-bench-") as folder:
        path = Path(folder) / "stacks.perftui"
        writer = RecordingWriter(path, header=HEADER)
        for tick, window in zip(range(count), Crowd().windows(), strict=False):
            sample = sample_at(tick, processes=5)
            rows, slots = rows + len(window.rows), slots + len(window.slots)
            writer.add(sample, [window])
            spent.on("store", partial(store.add, window))
            spent.on("flight", partial(flight.add, sample, [window]))
            while not writer._tasks.empty():  # a second has passed otherwise
                time.sleep(0.001)
        writer.close()
        hour = path.stat().st_size * 3600 / count
        recording = Recording(path)
        began = time.thread_time()
        read = sum(1 for _ in recording.profiles(0, FOREVER))
        read_seconds = time.thread_time() - began
        recording.close()
    print(f"{count} windows, on average {rows / count:.0f} rows and {slots / count:.0f} counts by slot")
    print(f"recording: an hour takes {hour / 1e6:.1f} MB; {1000 * read_seconds / read:.1f} ms of CPU to read a window")
    last = store.last_ns
    for name, step in (
        ("span of 10 s", lambda: store.span(last - 10 * SECOND - SECOND // 3, last - SECOND // 3)),
        ("span of all", lambda: store.span(0, last)),
        ("heat of all in 120 columns", lambda: store.heat(last - 900 * SECOND, last, 120)),
        ("windows of a minute", lambda: store.windows(last - 60 * SECOND, last)),
    ):
        spent.on(name, step)
    print(
        f"store: {1000 * spent.seconds['store'] / count:.2f} ms of CPU a window, "
        f"{store.size_bytes / _MIB:.1f} MiB in {(last - store.first_ns) / SECOND:.0f} s; "
        + ", ".join(f"{name} {1000 * spent.seconds[name]:.0f} ms" for name in list(spent.seconds)[2:])
    )
    kept = sum(chunk.packed_bytes for chunk in flight._chunks)
    minutes = sum(len(chunk.parts) for chunk in flight._chunks) / 60
    print(
        f"flight recorder: {1000 * spent.seconds['flight'] / count:.2f} ms of CPU a window, "
        f"{kept / _MIB:.1f} MiB packed for the last {minutes:.0f} minutes"
    )
    missed = [
        what
        for what, over in (
            (f"an hour takes more than {HOUR_BYTES / 1e6:g} MB", hour > HOUR_BYTES),
            ("the flight recorder keeps more than it may", kept > MOST_BYTES),
            ("a window was lost", read != count),
        )
        if over
    ]
    print("FAIL: " + "; ".join(missed) if missed else "PASS")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
