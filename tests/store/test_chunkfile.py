"""Files that are no recordings, or not any more. What a good one does is in ``test_recording``."""

import os
import shutil
import sqlite3
from pathlib import Path

import msgspec
import pytest

from perftui.errors import StoreError
from perftui.store import chunkfile
from perftui.store.chunkfile import VERSION, ChunkFile
from perftui.store.chunks import Chunk
from perftui.store.recording import Recording, RecordingWriter
from tests.store.support import EPOCH, FOREVER, HEADER, SECOND, sample_at
from tests.store.test_recording import opened, path, record

__all__ = ["path"]


def test_no_file_and_no_plain_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="No such file"):
        Recording(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="not a plain file"):
        Recording(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(StoreError, match="not a plain file"):
        Recording(tmp_path / "fifo")


@pytest.mark.parametrize("content", [b"", b"x", b"PNG and a lot more of it" * 400])
def test_a_foreign_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"night\.perftui"):
        Recording(path)
    assert path.read_bytes() == content


def test_a_foreign_database(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE chunk (number INTEGER)")
    database.close()
    with pytest.raises(StoreError, match=r"night\.perftui: not a recording"):
        Recording(path)


def test_a_newer_format(path: Path) -> None:
    record(path, range(3))
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA user_version={VERSION + 1}")
    database.close()
    with pytest.raises(StoreError, match=rf"newer perftui \(format {VERSION + 1}\)"):
        Recording(path)


def test_one_that_was_cut_off_and_cannot_be_opened_here_names_the_remedy(path: Path, tmp_path: Path) -> None:
    writer = RecordingWriter(path, header=HEADER)
    there = tmp_path / "there"
    there.mkdir()
    for file in (path, Path(f"{path}-wal")):
        shutil.copy(file, there)
    writer.close()
    (there / "night.perftui-shm").symlink_to("nowhere")  # as on a read-only disk: it cannot be made
    with pytest.raises(StoreError, match=r"copy it with night\.perftui-wal to a folder you can write to"):
        Recording(there / "night.perftui")
    (there / "night.perftui-shm").unlink()
    with opened(there / "night.perftui") as found:
        assert found.header == HEADER


@pytest.mark.parametrize("kept", [0.05, 0.3, 0.6, 0.95])
def test_a_truncated_file(path: Path, kept: float) -> None:
    record(path, range(700))
    with open(path, "r+b") as file:
        file.truncate(int(path.stat().st_size * kept))
    with pytest.raises(StoreError, match=r"night\.perftui"), opened(path) as found:
        list(found.ticks(0, FOREVER))


def damage(path: Path, number: int) -> None:
    """Put zeros into one chunk."""
    database = sqlite3.connect(path)
    (body,) = database.execute("SELECT body FROM chunk WHERE number = ?", (number,)).fetchone()
    database.execute("UPDATE chunk SET body = ? WHERE number = ?", (body[:200] + bytes(8) + body[208:], number))
    database.commit()
    database.close()


def test_a_damaged_chunk_is_named_and_the_others_can_be_read(path: Path) -> None:
    record(path, range(700))
    damage(path, 1)
    with opened(path) as found:
        assert len(list(found.samples(0, EPOCH + 300 * SECOND - 1))) == 300
        with pytest.raises(StoreError, match=r"night\.perftui: damaged"):
            list(found.samples(0, FOREVER))
        assert len(list(found.samples(EPOCH + 600 * SECOND, FOREVER))) == 100


def test_texts_of_a_forged_header_are_made_visible(path: Path) -> None:
    file = ChunkFile.create(path, msgspec.structs.replace(HEADER, hostname="\x1b[2J", facts={"\x07": "\x07"}))
    file.finish()
    file.close()
    with opened(path) as found:
        assert (found.header.hostname, found.header.facts) == ("^[[2J", {"^G": "^G"})


@pytest.mark.parametrize(
    ("name", "number"),
    [*(("interval_seconds", number) for number in (0.0, 1e-9, -1.0, float("nan"), 1e9)), ("window_seconds", 1e18)],
)
def test_a_forged_header_with_numbers_that_no_session_has(path: Path, name: str, number: float) -> None:
    file = ChunkFile.create(path, msgspec.structs.replace(HEADER, **{name: number}))
    file.finish()
    file.close()
    with pytest.raises(StoreError, match=rf"night\.perftui: damaged.*{name}"):
        Recording(path)


def test_a_file_that_cannot_be_prepared_is_not_left(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(chunkfile, "_SCHEMA", "no statement")
        with pytest.raises(StoreError, match="syntax"):
            ChunkFile.create(path, HEADER)
    assert not list(path.parent.iterdir())
    ChunkFile.create(path, HEADER).close()


def test_a_name_that_sqlite_takes_for_memory_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    record(Path(":memory:"), range(3))
    with opened(tmp_path / ":memory:") as found:
        assert found.count == 3


def test_parts_that_become_a_chunk_are_read_from_one_state_of_the_file(path: Path) -> None:
    """Between two statements they may have gone."""
    file = ChunkFile.create(path, HEADER)
    part = Chunk(1, 2, 3, b"part")
    file.add_part(0, (1, 2), part)
    file.add_part(0, (1, 2), part)
    asked: list[str] = []
    reader = ChunkFile.open(path)
    reader._database.set_trace_callback(asked.append)
    assert list(reader.parts(0)) == [part, part]
    assert len(asked) == 1
    file.add_chunk(0, (1, 2), part._replace(body=b"whole"))
    assert list(reader.parts(0)) == [part._replace(body=b"whole")]
    reader.close()
    file.close()


def test_a_lenient_reader_goes_on_behind_a_damaged_chunk(path: Path) -> None:
    record(path, range(700))
    damage(path, 1)
    found = Recording(path, lenient=True)
    seconds = [(sample.wall_ns - EPOCH) // SECOND for sample in found.samples(0, FOREVER)]
    assert seconds == [*range(300), *range(600, 700)]
    assert [text.rpartition(": ")[2] for text in found.damage] == ["300 samples are left out"]
    assert found.last_before(EPOCH + 500 * SECOND) == found.time_of(sample_at(299))
    found.close()
