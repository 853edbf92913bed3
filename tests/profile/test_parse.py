"""The speedscope format as py-spy writes it: several versions, hostile names, broken files."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.errors import NoData
from perftui.model.profile import Frame
from perftui.profile import parse as parse_module
from perftui.profile.parse import KnownFrames, RawStacks, parse

Written = tuple[str, str, int]


def written(*threads: tuple[str, list[list[Written]]]) -> bytes:
    """What py-spy would write of these threads (name, looks; root first): frames are numbered as they come."""
    frames: dict[Written, int] = {}
    profiles = [
        {
            "type": "sampled",
            "name": "Thread",
            "unit": "seconds",
            "startValue": 0.0,
            "endValue": 1.0,
            "samples": [[frames.setdefault(frame, len(frames)) for frame in [(name, "", 0), *look]] for look in looks],
            "weights": [0.01] * len(looks),
        }
        for name, looks in threads
    ]
    shared = [{"name": name, "file": file, "line": line, "col": None} for name, file, line in frames]
    return json.dumps({"$schema": "x", "profiles": profiles, "shared": {"frames": shared}}).encode()


def stacks_of(raw: RawStacks) -> list[tuple[int, list[Written], int]]:
    return [
        (
            row.ident,
            [(raw.frames[at].function, raw.frames[at].file, raw.frames[at].line) for at in raw.stacks[row.stack]],
            row.samples,
        )
        for row in raw.rows
    ]


F, G = ("f", "a.py", 1), ("g", "a.py", 2)


def test_a_thread_of_cpython_3_11_and_later() -> None:
    raw = parse(
        b'{"$schema":"https://www.speedscope.app/file-format-schema.json","profiles":[{"type":"sampled","name":"Thread '
        b'23931 \\"w\\"","unit":"seconds","startValue":0.0,"endValue":0.95,"samples":[[2,1,0],[2,1,3],[2,1,0]],'
        b'"weights":[0.05,0.05,0.05]}],"shared":{"frames":[{"name":"leaf","file":"/srv/app.py","line":3,"col":null},'
        b'{"name":"Thread.run","file":"/lib/x y/threading.py","line":9,"col":null},'
        b'{"name":"thread (23931): w","file":"","line":0,"col":null},'
        b'{"name":"leaf","file":"/srv/app.py","line":5,"col":null}]},"activeProfileIndex":null,'
        b'"exporter":"py-spy@0.4.3","name":"py-spy profile"}'
    )

    run = ("Thread.run", "/lib/x y/threading.py", 9)
    assert stacks_of(raw) == [
        (23931, [run, ("leaf", "/srv/app.py", 3)], 2),
        (23931, [run, ("leaf", "/srv/app.py", 5)], 1),
    ]
    assert raw.names == {23931: "w"}
    assert raw.looks == {23931: (0, 1, 0)}
    assert not raw.by_address


def test_before_3_11_a_thread_is_named_by_address() -> None:
    raw = parse(written(("thread (0x7F150F0556C0): acc (0x12): y", [[F]])))

    assert raw.names == {0x7F150F0556C0: "acc (0x12): y"}
    assert raw.by_address == {0x7F150F0556C0}


def test_a_thread_without_a_name() -> None:
    raw = parse(written(("thread (0x7FA94FE216C0)", [[F]]), ("thread (26270)", [[F]])))

    assert raw.names == {0x7FA94FE216C0: "", 26270: ""}


def test_names_with_separators_and_escapes_come_through_visible() -> None:
    raw = parse(
        written(('thread (9505): a;b" (x) 3\n\x1b[31mred', [[('q"u;o(te', "we;ird (p) 7\n\x1b]0;x\x07.py", 3), G]]))
    )

    assert raw.names == {9505: 'a;b" (x) 3^J^[[31mred'}
    assert stacks_of(raw) == [(9505, [('q"u;o(te', "we;ird (p) 7^J^[]0;x^G.py", 3), G], 1)]


def test_native_code_without_a_file_or_a_line() -> None:
    raw = parse(
        b'{"profiles":[{"samples":[[0,1]]}],"shared":{"frames":[{"name":"thread (1): M","file":"","line":0},'
        b'{"name":"0x7f","file":null,"line":null}]}}'
    )

    assert stacks_of(raw) == [(1, [("0x7f", "", 0)], 1)]


def test_equal_stacks_are_one_and_frames_are_shared() -> None:
    raw = parse(written(("thread (1): A", [[F, G], [F], [F, G]]), ("thread (2): B", [[F, G]])))

    assert raw.frames == (Frame(function="f", file="a.py", line=1), Frame(function="g", file="a.py", line=2))
    assert raw.stacks == ((0, 1), (0,))
    assert [(row.ident, row.stack, row.samples) for row in raw.rows] == [(1, 0, 2), (1, 1, 1), (2, 0, 1)]
    assert raw.looks == {1: (0, 1, 0), 2: (2,)}


def test_frames_known_from_an_earlier_window_are_used_again() -> None:
    known: KnownFrames = {}
    first = parse(written(("thread (1): A", [[F, G]])), known)
    again = parse(written(("thread (1): A", [[G], [F]])), known)

    assert {id(frame) for frame in again.frames} == {id(frame) for frame in first.frames}

    known.update({parse_module._Frame(str(at)): first.frames[0] for at in range(30_000)})
    assert parse(written(("thread (1): A", [[F, G]])), known) == first
    assert len(known) == 2


def test_nothing_was_seen() -> None:
    raw = parse(b'{"profiles":[],"shared":{"frames":[]},"activeProfileIndex":null}')

    assert (raw.rows, raw.looks, raw.names) == ((), {}, {})


def test_looks_of_something_else_than_a_thread_are_left_out() -> None:
    assert parse(written(("process 7", [[F]]), ("thread (1): A", [[]]))).looks == {1: (0,)}


def test_depth_is_bounded() -> None:
    raw = parse(written(("thread (1): A", [[("f", "a.py", line) for line in range(1, 10_001)]])))

    assert len(raw.stacks[0]) == parse_module.MAX_DEPTH
    assert raw.frames[raw.stacks[0][0]].line == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        written(("thread (1): A", [[F, G]]))[:-20],
        b'{"profiles":[{"samples":[[0,7]]}],"shared":{"frames":[{"name":"thread (1): M"}]}}',
        b'{"profiles":[{"samples":[[]]}],"shared":{"frames":[]}}',
        b'{"profiles":[{"samples":[' + b"[" * 100_000,
        b'{"profiles":[{"samples":["x"]}],"shared":{"frames":[]}}',
        b'{"profiles":[{"samples":[[0]]}],"shared":{"frames":[{"name":7}]}}',
    ],
)
def test_a_broken_file_is_no_data(raw: bytes) -> None:
    with pytest.raises(NoData, match="not a profile"):
        parse(raw)


@given(st.binary(max_size=400))
def test_any_bytes_are_no_data(raw: bytes) -> None:
    with pytest.raises(NoData):
        parse(raw)


_NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
_FRAMES = st.tuples(_NAMES, _NAMES, st.integers(1, 99_999))


@given(
    st.dictionaries(
        st.integers(1, 4_000_000),
        st.tuples(_NAMES, st.lists(st.lists(_FRAMES, min_size=1, max_size=6), min_size=1, max_size=10)),
        max_size=6,
    )
)
def test_what_py_spy_would_write_is_read_back_and_harmless(threads: dict[int, tuple[str, list[list[Written]]]]) -> None:
    raw = parse(written(*((f"thread ({tid}): {name}", looks) for tid, (name, looks) in threads.items())))

    shown = [*raw.names.values(), *(frame.function + frame.file for frame in raw.frames)]
    assert all(text.isprintable() for text in shown)
    assert {tid: len(rows) for tid, rows in raw.looks.items()} == {
        tid: len(looks) for tid, (_, looks) in threads.items()
    }
    for tid, (_, looks) in threads.items():
        depths = [len(raw.stacks[raw.rows[row].stack]) for row in raw.looks[tid]]
        assert depths == [len(look) for look in looks]
    for tid, rows in raw.looks.items():
        assert sum(row.samples for row in raw.rows if row.ident == tid) == len(rows)
