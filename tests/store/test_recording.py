import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from perftui.errors import StoreError
from perftui.store import delta, recording
from perftui.store.chunkfile import ChunkFile, Mark
from perftui.store.chunks import Chunk
from perftui.store.recording import Recording, RecordingWriter
from tests.host.test_target import wait_for
from tests.store.support import EPOCH, FOREVER, HEADER, SECOND, sample_at, window_at

KILLS = 8
CHILD = """
import sys, time
from pathlib import Path
from perftui.store.recording import RecordingWriter
from tests.store.support import HEADER, sample_at, window_at
writer = RecordingWriter(Path(sys.argv[1]), header=HEADER)
for tick in range(1_000_000):
    writer.add(sample_at(tick, processes=5), [window_at(tick)])
    while writer._tasks.qsize():
        time.sleep(0.0005)
    print(tick, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "night.perftui"


def record(path: Path, ticks: range) -> None:
    writer = RecordingWriter(path, header=HEADER)
    for tick in ticks:
        writer.add(sample_at(tick), [window_at(tick)] if tick % 2 else [])
    writer.close()


@contextmanager
def opened(path: Path) -> Iterator[Recording]:
    found = Recording(path)
    try:
        yield found
    finally:
        found.close()


def test_what_was_recorded_is_replayed(path: Path) -> None:
    record(path, range(700))
    with opened(path) as found:
        assert found.header == HEADER
        assert (found.first_wall_ns, found.last_wall_ns, found.count) == (EPOCH, EPOCH + 699 * SECOND, 700)
        assert (found.first_ns, found.last_ns) == (EPOCH, EPOCH + 699 * SECOND + 699 % 7)
        assert list(found.samples(0, FOREVER)) == [sample_at(tick) for tick in range(700)]
        assert list(found.profiles(0, FOREVER)) == [window_at(tick) for tick in range(1, 700, 2)]


def test_chunks_of_300_seconds_take_the_place_of_their_parts(path: Path) -> None:
    record(path, range(700))
    with opened(path) as found:
        assert [entry.samples for entry in found._index] == [300, 300, 100]
    database = sqlite3.connect(path)
    assert database.execute("SELECT count(*) FROM part").fetchone() == (0,)
    database.close()


def test_a_chunk_ends_early_when_there_is_too_much_to_remember(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta, "MOST_KEPT", 40)
    record(path, range(100))
    with opened(path) as found:
        assert len(found._index) > 3
        assert list(found.samples(0, FOREVER)) == [sample_at(tick) for tick in range(100)]


@pytest.mark.parametrize(("since", "until"), [(0, 0), (250, 350), (299, 299), (300, 300), (690, 800), (-5, 1)])
def test_any_part_can_be_had(path: Path, since: int, until: int) -> None:
    record(path, range(700))
    with opened(path) as found:
        wanted = [tick for tick in range(700) if since <= tick <= until]
        got = list(found.ticks(EPOCH + since * SECOND, EPOCH + until * SECOND + 9))  # samples come some ns late
        assert [sample for sample, _ in got] == [sample_at(tick) for tick in wanted]
        assert [list(windows) for _, windows in got] == [[window_at(tick)] if tick % 2 else [] for tick in wanted]
        assert list(found.samples(FOREVER, 0)) == []


@pytest.mark.parametrize(
    ("interval_ns", "samples"), [(SECOND // 2, 10), (SECOND, 5), (2 * SECOND, 3), (10 * SECOND, 1)]
)
def test_a_part_holds_less_than_five_seconds_whatever_the_interval(
    path: Path, monkeypatch: pytest.MonkeyPatch, interval_ns: int, samples: int
) -> None:
    sizes: list[int] = []
    add_part = ChunkFile.add_part

    def noted(file: ChunkFile, number: int, span: tuple[int, int], part: Chunk) -> None:
        sizes.append(part.samples)
        add_part(file, number, span, part)

    monkeypatch.setattr(ChunkFile, "add_part", noted)
    writer = RecordingWriter(path, header=HEADER)
    for tick in range(61):
        late_ns = tick * 7_654_321 % (interval_ns // 20)
        writer.add(msgspec.structs.replace(sample_at(tick), monotonic_ns=SECOND + tick * interval_ns + late_ns))
    writer.close()
    assert sizes[0] == 1  # the first sample is on disk at once
    assert set(sizes[1:-1]) == {samples}
    assert max(sizes) == samples


def test_marks_are_kept_in_order_of_time(path: Path) -> None:
    writer = RecordingWriter(path, header=HEADER)
    writer.add(sample_at(0))
    writer.mark(EPOCH + 5, "second\x1b[2J")
    writer.mark(EPOCH + 1, "first")
    writer.close()
    with opened(path) as found:
        assert found.marks == (Mark(EPOCH + 1, "first"), Mark(EPOCH + 5, "second^[[2J"))


def test_one_without_a_sample(path: Path) -> None:
    record(path, range(0))
    with opened(path) as found:
        assert (found.first_ns, found.last_ns, found.count) == (EPOCH, EPOCH, 0)
        assert list(found.samples(0, FOREVER)) == []


def test_one_private_file_is_left(path: Path) -> None:
    record(path, range(3))
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_companions_are_private_too(path: Path) -> None:
    writer = RecordingWriter(path, header=HEADER)
    try:
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert len(list(path.parent.iterdir())) == 3
    finally:
        writer.close()


def test_a_file_that_is_there_is_never_overwritten(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(StoreError, match="there already"):
        RecordingWriter(path, header=HEADER)
    assert path.read_text() == "precious"


def test_a_link_is_not_followed(path: Path) -> None:
    path.symlink_to(path.parent / "elsewhere")
    with pytest.raises(StoreError, match="there already"):
        RecordingWriter(path, header=HEADER)
    assert not (path.parent / "elsewhere").exists()


def test_companions_of_another_recording_are_refused(path: Path) -> None:
    Path(f"{path}-wal").write_bytes(b"planted")
    with pytest.raises(StoreError, match=r"night\.perftui-wal"):
        RecordingWriter(path, header=HEADER)
    assert not path.exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere"):
        RecordingWriter(tmp_path / "nowhere" / "a.perftui", header=HEADER)


def test_it_can_be_read_from_a_folder_without_write_permission(path: Path) -> None:
    record(path, range(10))
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        with opened(path) as found:
            assert found.count == 10
    finally:
        path.parent.chmod(0o755)


def test_a_recording_can_be_read_while_it_is_written(path: Path) -> None:
    writer = RecordingWriter(path, header=HEADER)
    try:
        for tick in range(320):
            writer.add(sample_at(tick))
        wait_for(lambda: count_of(path) == 320)
        with opened(path) as found:
            for tick in range(320, 700):
                writer.add(sample_at(tick))
            writer.close()
            assert list(found.samples(0, FOREVER)) == [sample_at(tick) for tick in range(320)]
    finally:
        writer.close()
    with opened(path) as found:
        assert found.count == 700


def count_of(path: Path) -> int:
    with opened(path) as found:
        return found.count


def test_samples_that_nothing_follows_are_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "PART_NS", SECOND // 10)
    writer = RecordingWriter(path, header=HEADER)
    monkeypatch.setattr(recording, "CHUNK_NS", FOREVER)
    try:
        writer.add(sample_at(0))
        wait_for(lambda: count_of(path) == 1)
    finally:
        writer.close()


def test_a_wall_clock_that_is_set_back_loses_nothing(path: Path) -> None:
    writer = RecordingWriter(path, header=HEADER)
    for tick in range(10):
        back_ns = 3600 * SECOND if tick >= 5 else 0
        writer.add(msgspec.structs.replace(sample_at(tick), wall_ns=EPOCH + tick * SECOND - back_ns))
    writer.close()
    with opened(path) as found:
        assert found.first_wall_ns == EPOCH - 3595 * SECOND
        got = list(found.samples(found.first_ns, found.last_ns))
        assert [sample.monotonic_ns for sample in got] == [sample_at(tick).monotonic_ns for tick in range(10)]


def test_killed_at_any_moment_it_loses_at_most_five_seconds(tmp_path: Path) -> None:
    """A second of samples takes about a millisecond here, so the kills hit parts and chunks being joined alike."""
    chance = random.Random(5)
    for number in range(KILLS):
        path = tmp_path / f"{number}.perftui"
        with subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            wanted = chance.randrange(10, 700)
            for line in child.stdout:
                if int(line) >= wanted:
                    break
            os.kill(child.pid, signal.SIGKILL)
            told = [wanted, *map(int, child.stdout.read().split())][-1]
        with opened(path) as found:
            got = list(found.ticks(0, FOREVER))
        # The last sample that was added may not have been taken up; of those before, less than five are missing.
        assert len(got) >= told - 4
        assert [sample for sample, _ in got] == [sample_at(tick, processes=5) for tick in range(len(got))]
        assert [windows for _, windows in got] == [(window_at(tick),) for tick in range(len(got))]


def test_a_full_disk_is_told_once_and_leaves_what_was_written(path: Path) -> None:
    writer = RecordingWriter(path, header=HEADER)
    wait_for(lambda: not writer._tasks.qsize())
    writer._file._database.execute("PRAGMA max_page_count=20")
    assert_stops(writer, path, "full")


@pytest.mark.root
def test_a_real_full_disk(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(tmp_path)], check=True)
    try:
        path = tmp_path / "night.perftui"
        assert_stops(RecordingWriter(path, header=HEADER), path, "full|I/O")
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def add_many(writer: RecordingWriter) -> None:
    for tick in range(100_000):
        writer.add(sample_at(tick, processes=200), [window_at(tick)])


def assert_stops(writer: RecordingWriter, path: Path, reason: str) -> None:
    with pytest.raises(StoreError, match=rf"{path}: .*({reason}).*stopped.* can be replayed"):
        add_many(writer)
    writer.add(sample_at(0))
    writer.mark(EPOCH, "too late")
    writer.close()
    with opened(path) as found:
        got = list(found.samples(0, FOREVER))
    assert len(got) >= 5
    assert got == [sample_at(tick, processes=200) for tick in range(len(got))]


def test_a_disk_that_does_not_answer_does_not_hold_up_the_tick(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_PATIENCE_NS", SECOND // 20)
    answers = threading.Event()
    monkeypatch.setattr(ChunkFile, "add_part", lambda *_: answers.wait(60))
    writer = RecordingWriter(path, header=HEADER)
    try:
        with pytest.raises(StoreError, match="does not keep up"):
            add_many(writer)
        writer.add(sample_at(0))
    finally:
        answers.set()
        writer.close()


def test_a_fault_of_ours_is_told_and_does_not_pass_for_a_recording(path: Path) -> None:
    writer = RecordingWriter(path, header=HEADER)
    writer.add("no sample")  # type: ignore[arg-type]  # what must not happen
    with pytest.raises(StoreError, match="AttributeError"):
        writer.close()
    writer.close()


def test_several_threads_may_add(path: Path) -> None:
    writer = RecordingWriter(path, header=HEADER)
    ticks = iter(range(200))
    lock = threading.Lock()

    def add() -> None:
        for _ in range(50):
            with lock:
                writer.add(sample_at(next(ticks)))
            writer.mark(EPOCH, "x")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    with opened(path) as found:
        assert list(found.samples(0, FOREVER)) == [sample_at(tick) for tick in range(200)]
        assert len(found.marks) == 200
