"""Files that somebody made to cost a reader its memory: refused by name, in a process that has little of it."""

import sqlite3
import subprocess
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from perftui.errors import StoreError
from perftui.model.sample import Sample
from perftui.model.target import HOST
from perftui.store import chunks
from perftui.store.chunkfile import ChunkFile
from perftui.store.chunks import Chunk
from perftui.store.delta import TIMES, Encoder
from perftui.store.recording import Recording
from perftui.store.streams import Streams, planes
from tests.store.support import EPOCH, FOREVER, HEADER, SECOND

ROOM_BYTES = 400 << 20
"""Of addresses, for the interpreter with all that a replay loads, too."""

READER = f"""
import resource, sys
from pathlib import Path
from perftui.session.options import SessionOptions
from perftui.session.player import Player
from perftui.store.recording import Recording
from perftui.errors import StoreError
resource.setrlimit(resource.RLIMIT_AS, ({ROOM_BYTES}, {ROOM_BYTES}))
try:
    player = Player(Recording(Path(sys.argv[1]), lenient=True), SessionOptions())
    while player.forward():
        pass
    print(*player.recording.damage)
except StoreError as error:
    print(error)
"""

encode = msgspec.msgpack.encode


def long_list(count: int) -> bytes:
    """The head of a list in MessagePack."""
    return b"\xdd" + count.to_bytes(4, "big")


def column(name: str, counts: list[int], rows: "array[int]", values: "array[int]") -> list[Any]:
    """What changes behind the good sample."""
    return [name, len(counts) + 1, len(rows), planes(array("Q", [0, *counts])), planes(rows), planes(values)]


def records(columns: list[Any], *notes: bytes) -> bytes:
    """The packed form of ``Streams``: a good sample, then records by their notes as they are, a second after each."""
    good = Streams()
    taken = Sample(monotonic_ns=SECOND, wall_ns=EPOCH + SECOND, boot_id="boot", target=HOST)
    Encoder().encode(taken, (), good)
    good.columns[TIMES].counts.extend([1] * len(notes))
    good.columns[TIMES].rows.extend([0] * len(notes))
    good.columns[TIMES].values.extend([2 * SECOND] * len(notes))
    stored = msgspec.msgpack.decode(good.to_bytes(), type=tuple[int, list[Any], msgspec.Raw])
    first = bytes(stored[2])[1:]
    head = long_list(len(notes) + 1)
    return b"\x93" + encode(len(notes) + 1) + encode([*stored[1], *columns]) + head + first + b"".join(notes)


def note(texts: bytes = b"\x90", fresh: bytes = b"\x80", changed: bytes = b"\x80", windows: bytes = b"\x90") -> bytes:
    return b"\x94" + texts + fresh + changed + windows


def shaped(shape: Any) -> bytes:
    return encode({"processes": [shape, []]})


def nested_shape() -> bytes:
    lists = long_list(20 << 20) + b"\x90" * (20 << 20)
    return records([], note(fresh=b"\x81" + encode("processes") + b"\x92" + lists + b"\x90"))


def many_texts() -> bytes:
    return records([], note(texts=long_list(6 << 20) + b"\xa3abc" * (6 << 20)))


def many_dicts() -> bytes:
    return records([], note(changed=encode({"processes": dict.fromkeys(range(4 << 20))})))


def many_rows() -> bytes:
    names = [f"c{number}" for number in range(1000)]
    moves = column("processes/0", [1], array("Q", [0]), array("Q", [1 << 20]))
    return records([moves], note(fresh=shaped(["table", names, []])))


def many_tables() -> bytes:
    tables = ["list", *(["table", [f"c{number}" for number in range(10)], []] for _ in range(300))]
    moves = [column(f"processes/{at}", [1], array("Q", [0]), array("Q", [1 << 17])) for at in range(300)]
    return records(moves, note(fresh=shaped(tables)))


def many_columns() -> bytes:
    return records([], note(fresh=shaped(["table", ["c"] * 300_000, []])))


def many_changes() -> bytes:
    """Four million changes, one for each column in each record: room for all at once would be two gigabytes."""
    ones = [1] * 4096
    zeros = array("Q", bytes(8 * 4096))
    return records([column(f"x{at}", ones, zeros, zeros) for at in range(1000)], *[note()] * 4096)


def window(stacks: list[Any], threads: list[Any], places: int, rows: int) -> list[Any]:
    return ["s", 1.0, (0, 1, 1), 1, 1, "exact", [("f", "f", 1)], stacks, threads, places, rows, [], []]


def stack_columns(places: int, rows: int) -> list[Any]:
    """Of one record: every row is of the same place."""
    zeros = array("Q", bytes(8 * max(places, rows)))
    return [
        column(f"stacks/{name}", [count], zeros[:count], zeros[:count])
        for name, count in (("new", places), ("row", rows), ("look", rows))
    ]


def deep_stacks() -> bytes:
    """Twenty thousand stacks of 100,000 frames: each is the one before it."""
    stacks = [(0, [0] * 100_000), *[(100_000, [])] * 20_000]
    return records([], note(windows=encode([window(stacks, [], 0, 0)])))


def many_windows() -> bytes:
    deep = window([(0, [0] * 500_000)], [(1, 1)], 1, 1)
    again = window([], [], 0, 1)
    return records(stack_columns(1, 200), note(windows=encode([deep, *[again] * 199])))


def more_rows_than_there_are() -> bytes:
    return records(stack_columns(1, 1), note(windows=encode([window([(0, [0])], [(1, 1)], 1, 1 << 40)])))


def no_end() -> bytes:
    return bytes(1 << 30)


def no_such_length() -> bytes:
    return b"\x93\x01\x90\xdd\xff\xff\xff\xff"


FORGERIES: tuple[Callable[[], bytes], ...] = (
    nested_shape, many_texts, many_dicts, many_rows, many_tables, many_columns, deep_stacks, many_windows,
    more_rows_than_there_are, no_end, no_such_length,
)  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "forged.perftui"


def forge(path: Path, data: bytes, samples: int = 5000) -> None:
    """``samples``: it may say that it has more than it has."""
    body = chunks._zstd().compress(data, 1)
    last_ns = SECOND * samples
    file = ChunkFile.create(path, HEADER)
    file.add_chunk(0, (SECOND, last_ns), Chunk(EPOCH + SECOND, EPOCH + last_ns, samples, body))
    file.finish()
    file.close()


def read_with_little_memory(path: Path) -> str:
    done = subprocess.run([sys.executable, "-c", READER, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("data", FORGERIES)
def test_what_would_take_all_memory_is_refused_by_name(path: Path, data: Callable[[], bytes]) -> None:
    forge(path, data())
    assert str(path) in read_with_little_memory(path)


@pytest.mark.parametrize("data", [lambda: records([], note()), many_changes])
def test_what_is_in_order_is_read_with_little_memory(path: Path, data: Callable[[], bytes]) -> None:
    forge(path, data())
    assert read_with_little_memory(path) == "\n"


def test_a_frame_that_asks_for_a_huge_window_is_refused(path: Path) -> None:
    zstd = chunks._zstd()
    packer = zstd.ZstdCompressor(options={zstd.CompressionParameter.window_log: 27})
    body = packer.compress(records([], note())) + packer.flush()
    with pytest.raises(ValueError, match="memory"):
        chunks.unpack(Chunk(EPOCH, EPOCH, 1, body))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO part VALUES (NULL, 0, 1000000000, 1000000000, 1, 2, 1, zeroblob(100000000))",
        "UPDATE header SET document = zeroblob(100000000)",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
        "INSERT INTO mark SELECT i, '' FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) "
        "INSERT INTO chunk SELECT i, i, i, i, i, 1, '' FROM n",
        "DROP TABLE mark; CREATE VIEW mark AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i AS monotonic_ns, 'x' AS text FROM n",
        "INSERT INTO chunk VALUES (0, -1, 1, 1, 1, 1, '')",
        "INSERT INTO chunk VALUES (0, 2, 1, 1, 1, 1, '')",
        "INSERT INTO chunk VALUES (0, 1, 1, 1, 1, 0, '')",
        "INSERT INTO chunk VALUES (0, 1, 5, 1, 1, 1, ''), (1, 5, 6, 1, 1, 1, '')",
        "INSERT INTO mark VALUES (-1, '')",
    ],
)
def test_a_forged_table_is_refused_by_name(path: Path, statement: str) -> None:
    file = ChunkFile.create(path, HEADER)
    file.finish()
    file.close()
    database = sqlite3.connect(path)
    database.executescript(statement.replace("''", "x''") if "INTO chunk" in statement else statement)
    database.close()
    assert str(path) in read_with_little_memory(path)


@pytest.mark.parametrize("index", [(2, 3), (1, 3)])
def test_samples_at_other_times_than_the_index_says_are_refused(path: Path, index: tuple[int, int]) -> None:
    first_ns, wall_ns = SECOND * index[0], EPOCH + SECOND * index[1]
    file = ChunkFile.create(path, HEADER)
    body = chunks._zstd().compress(records([], note()), 1)
    file.add_chunk(0, (first_ns, 9 * SECOND), Chunk(wall_ns, wall_ns, 1, body))
    file.close()
    found = Recording(path)
    with pytest.raises(StoreError, match="index"):
        list(found.samples(0, FOREVER))
    found.close()
