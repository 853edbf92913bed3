"""The lists of formats, and files that may hold anything."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.errors import UsageError
from perftui.model.profile import Frame, StackProfile
from perftui.model.table import Table
from perftui.profile import formats
from perftui.profile.formats import EXPORTS, IMPORTS, About, builder, export, read
from tests.profile.formats import test_mojo, test_perf_script
from tests.profile.formats.profiles import known

PARTS = {"__init__", "about", "builder", "weigh"}
READABLE = {
    "austin-binary": test_mojo.mojo(
        test_mojo.STACK_1, test_mojo.NAMES, test_mojo.MAIN, test_mojo.refs(10), test_mojo.event(test_mojo.TIME, 1)
    ),
    "speedscope": export("speedscope").write(known(), About()),
    "austin": b"P1;T1;a.py:f:1 5\n",
    "perf-script": test_perf_script.PRINTED,
    "collapsed": export("collapsed").write(known(), About()),
}


def test_every_file_is_listed_and_has_its_test() -> None:
    here, there = Path(__file__).parent, Path(formats.__file__).parent
    listed = {one.write.__module__ for one in EXPORTS} | {one.parse.__module__ for one in IMPORTS}
    names = {path.stem for path in there.glob("*.py")} - PARTS
    assert {name.rpartition(".")[2] for name in listed} == names
    assert {f"test_{name}.py" for name in names} <= {path.name for path in here.glob("test_*.py")}


@pytest.mark.parametrize("name", [one.name for one in IMPORTS])
def test_a_format_is_known_by_its_content(name: str) -> None:
    assert read(READABLE[name], "file").format == name


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"hello", b"SQLite format 3\0", b"\x7fELF", b"%PDF-1.7\n"])
def test_what_is_in_no_format_is_said_with_the_name(raw: bytes) -> None:
    with pytest.raises(UsageError, match=r"strange\.bin: no stacks in a format that is known"):
        read(raw, "strange.bin")


def test_pprof_can_be_written_only() -> None:
    with pytest.raises(UsageError, match="can be written, not read"):
        read(export("pprof").write(known(), About()), "x.pb.gz")


def test_an_error_names_the_file_and_its_format() -> None:
    with pytest.raises(UsageError, match=r"x\.txt \(collapsed\): line 2: "):
        read(b"main 3\n???\n", "x.txt")


def with_row(samples: int, on_cpu: float) -> StackProfile:
    row = msgspec.structs.replace(known().rows[0], samples=samples, on_cpu=on_cpu)
    return msgspec.structs.replace(known(), rows=(row,), slots=Table())


@pytest.mark.parametrize("name", [one.name for one in EXPORTS])
@pytest.mark.parametrize(
    "forged",
    [
        with_row(10, float("nan")),
        with_row(10, float("inf")),
        with_row(1 << 62, 0.0),
        msgspec.structs.replace(with_row(10, 1.0), rate_hz=1e-300, attempts=0),
        msgspec.structs.replace(known(), frames=(Frame(function="f", line=-1),) * len(known().frames)),
    ],
)
def test_figures_that_no_file_has_room_for_are_said(name: str, forged: StackProfile) -> None:
    with pytest.raises(UsageError):
        export(name).write(forged, About(view="cpu"))


def test_no_such_format() -> None:
    with pytest.raises(UsageError, match="there are collapsed, speedscope, svg, pprof"):
        export("pdf")


@given(st.sampled_from(sorted(READABLE)), st.integers(0, 400), st.binary(max_size=8))
def test_a_damaged_file_is_read_or_refused(name: str, at: int, garbage: bytes) -> None:
    raw = READABLE[name]
    try:
        imported = read(raw[:at] + garbage + raw[at + 1 :], "file")
    except UsageError:
        return
    for frame in imported.profile.frames:
        assert frame.function.isprintable()
        assert frame.file.isprintable()


@pytest.mark.parametrize(("limit", "raw"), [
    ("MAX_FRAMES", b"".join(b"f%d 1\n" % at for at in range(9))),
    ("MAX_STACKS", b"".join(b"%s 1\n" % b";".join([b"f"] * at) for at in range(1, 9))),
    ("MAX_THREADS", b"".join(b"thread (%d);f 1\n" % at for at in range(1, 9))),
    ("MAX_TOTAL", b"f 9\n"),
])  # fmt: skip
def test_counts_are_bounded(limit: str, raw: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, limit, 5)
    with pytest.raises(UsageError, match="more than 5 "):
        read(raw, "file")


def test_deep_stacks_that_cost_a_byte_each_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "MAX_CELLS", 100)
    grow = (
        test_mojo.STACK_1 + test_mojo.refs(10) + test_mojo.event(test_mojo.REPEAT) + test_mojo.event(test_mojo.TIME, 1)
    )
    with pytest.raises(UsageError, match="100 frames in them"):
        read(test_mojo.mojo(test_mojo.STACK_1, test_mojo.NAMES, test_mojo.MAIN, *[grow] * 20), "file")


def test_size_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "MAX_BYTES", 5)
    with pytest.raises(UsageError, match="more than 0 MiB"):
        read(b"main 100\n", "file")


def deep_looks() -> dict[str, bytes]:
    """Files of which each look says little, and costs as much as its stack is deep."""
    first = test_mojo.STACK_1 + test_mojo.NAMES + test_mojo.MAIN + test_mojo.refs(*[10] * 50)
    again = test_mojo.STACK_1 + test_mojo.event(test_mojo.REPEAT)
    timed = test_mojo.event(test_mojo.TIME, 1)
    opened = [{"type": "O", "frame": 0, "at": 0} for _ in range(50)]
    flips = [{"type": kind, "frame": 0, "at": at} for at in range(1, 100) for kind in "CO"]
    closed = [{"type": "C", "frame": 0, "at": 100} for _ in range(50)]
    evented = {"type": "evented", "name": "t", "unit": "none", "startValue": 0, "endValue": 100}
    scope = {"shared": {"frames": [{"name": "f"}]}, "profiles": [evented | {"events": [*opened, *flips, *closed]}]}
    return {
        "repeated": test_mojo.mojo(first, timed, *[again + timed] * 100),
        "repeated without a time": test_mojo.mojo(first, timed, *[again] * 100),
        "opened and closed": json.dumps(scope).encode(),
    }


@pytest.mark.parametrize("name", deep_looks())
def test_looks_that_cost_more_than_they_say_are_bounded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = deep_looks()[name]
    assert read(raw, "file").profile.samples > 0
    monkeypatch.setattr(builder, "MAX_LOOKED", 1000)
    with pytest.raises(UsageError, match="1000 frames in all looks"):
        read(raw, "file")
