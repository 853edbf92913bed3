"""The raw format: real lines of several versions, hostile names, sizes."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import Frame
from perftui.profile import parse as parse_module
from perftui.profile.parse import RawStacks, parse


def stacks_of(raw: RawStacks) -> list[tuple[int, list[tuple[str, str, int]], int]]:
    return [
        (
            row.ident,
            [(raw.frames[at].function, raw.frames[at].file, raw.frames[at].line) for at in raw.stacks[row.stack]],
            row.samples,
        )
        for row in raw.rows
    ]


def test_a_line_of_cpython_3_11_and_later() -> None:
    raw = parse(b"thread (9491): MainThread;<module> (/srv/app.py:21);Thread.run (/usr/lib/x y/threading.py:9) 99\n")

    assert stacks_of(raw) == [
        (9491, [("<module>", "/srv/app.py", 21), ("Thread.run", "/usr/lib/x y/threading.py", 9)], 99)
    ]
    assert raw.names == {9491: "MainThread"}
    assert not raw.by_address


def test_a_line_of_cpython_before_3_11_names_the_thread_by_address() -> None:
    raw = parse(b"thread (0x7F150F0556C0): acc (0x12): y;_bootstrap (threading.py:890) 7")

    assert raw.names == {0x7F150F0556C0: "acc (0x12): y"}
    assert raw.by_address == {0x7F150F0556C0}


def test_a_thread_without_a_name() -> None:
    raw = parse(b"thread (0x7F3E2463BB80);<module> (t2.py:25) 3\n")

    assert raw.names == {0x7F3E2463BB80: ""}
    assert stacks_of(raw) == [(0x7F3E2463BB80, [("<module>", "t2.py", 25)], 3)]


def test_a_thread_name_with_separators_and_escapes_is_put_together_again() -> None:
    raw = parse(
        b"thread (9505): a;b (x) 3\n\x1b[31mred;Thread.run (/lib/threading.py:992);work (t.py:7) 99\n"
        b"thread (9503): MainThread;main (t.py:1) 1\n"
    )

    assert raw.names == {9505: "a;b (x) 3^J^[[31mred", 9503: "MainThread"}
    assert [(ident, len(frames), count) for ident, frames, count in stacks_of(raw)] == [(9505, 2, 99), (9503, 1, 1)]


def test_a_file_name_with_separators_and_escapes_is_put_together_again() -> None:
    raw = parse(b"thread (1): M;<module> (/t.py:21);f (we;ird (p) 7\n\x1b]0;x\x07.py:3);g (t.py:4) 99")

    assert stacks_of(raw) == [
        (1, [("<module>", "/t.py", 21), ("f", "we;ird (p) 7^J^[]0;x^G.py", 3), ("g", "t.py", 4)], 99)
    ]


def test_a_frame_without_a_line_or_without_a_file() -> None:
    raw = parse(b"thread (1): M;main (a.py:1);native_call;f (b.py) 5")

    assert stacks_of(raw) == [(1, [("main", "a.py", 1), ("native_call", "", 0), ("f", "b.py", 0)], 5)]


def test_equal_stacks_are_one_and_frames_are_shared() -> None:
    raw = parse(
        b"thread (1): A;f (a.py:1);g (a.py:2) 5\nthread (2): B;f (a.py:1);g (a.py:2) 6\n"
        b"thread (1): A;f (a.py:1);g (a.py:2) 1\n"
    )

    assert raw.frames == (Frame(function="f", file="a.py", line=1), Frame(function="g", file="a.py", line=2))
    assert raw.stacks == ((0, 1),)
    assert [(row.ident, row.samples) for row in raw.rows] == [(1, 6), (2, 6)]


def test_frames_known_from_an_earlier_window_are_used_again() -> None:
    known: parse_module.KnownFrames = {}
    first = parse(b"thread (1): A;f (a.py:1);g 5", known)
    again = parse(b"thread (1): A;f (a.py:1);g 6", known)

    assert again.frames[0] is first.frames[0]
    assert [len(again.stacks), again.rows[0].samples] == [1, 6]

    known.update({b"%d" % at: None for at in range(30_000)})
    assert parse(b"thread (1): A;f (a.py:1);g 5", known) == first
    assert len(known) < 10


def test_half_a_record_is_left_out() -> None:
    raw = parse(b"thread (1): A;f (a.py:1) 5\nthread (2): B;f (a.")

    assert [row.ident for row in raw.rows] == [1]
    assert parse(b"").rows == ()


def test_depth_is_bounded() -> None:
    deep = b";".join(b"f (a.py:%d)" % line for line in range(1, 10_001))
    raw = parse(b"thread (1): A;" + deep + b" 5")

    assert len(raw.stacks[0]) == parse_module.MAX_DEPTH
    assert raw.frames[raw.stacks[0][0]].line == 1


def test_the_number_of_stacks_is_bounded_and_the_rest_is_counted() -> None:
    limit = parse_module.MAX_STACKS
    raw = parse(b"\n".join(b"thread (1): A;f (a.py:1);g (a.py:%d) 2" % line for line in range(limit + 10)))

    assert len(raw.stacks) == limit
    assert raw.dropped == 20


def test_a_long_hostile_piece_is_cut_in_one_pass() -> None:
    raw = parse(b"thread (1): A;f (a.py:1);" + b"x (" * 200_000 + b" 5")

    assert [row.samples for row in raw.rows] == [5]
    assert all(len(frame.function) <= 512 for frame in raw.frames)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_error(raw: bytes) -> None:
    parse(raw)


_NAMES = st.text(st.characters(exclude_characters=";\n()", codec="utf-8"), min_size=1, max_size=12)
_FRAMES = st.tuples(_NAMES.map(str.strip).filter(bool), _NAMES.map(str.strip).filter(bool), st.integers(1, 99_999))


@given(
    st.lists(
        st.tuples(st.integers(1, 4_000_000), st.lists(_FRAMES, min_size=1, max_size=6), st.integers(1, 10_000)),
        max_size=8,
    )
)
def test_what_py_spy_would_write_is_read_back(records: list[tuple[int, list[tuple[str, str, int]], int]]) -> None:
    text = "".join(
        f"thread ({tid}): worker;{';'.join(f'{function} ({file}:{line})' for function, file, line in frames)} {count}\n"
        for tid, frames, count in records
    )
    raw = parse(text.encode())

    assert sum(row.samples for row in raw.rows) == sum(count for _, _, count in records)
    assert {row.ident for row in raw.rows} == {tid for tid, _, _ in records}
    assert {len(raw.stacks[row.stack]) for row in raw.rows} == {len(frames) for _, frames, _ in records}


@given(
    st.lists(st.sampled_from(["thread (1): x", "f (a.py:1)", "\x1b[0m", "(", ")", ";", "\n", " 3", " "]), max_size=30)
)
def test_no_control_character_comes_through(pieces: list[str]) -> None:
    raw = parse("".join(pieces).encode())

    shown = [*raw.names.values(), *(frame.function + frame.file for frame in raw.frames)]
    assert all(text.isprintable() for text in shown)
