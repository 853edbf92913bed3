"""Collapsed stacks keep every count."""

from collections import Counter

import pytest
from hypothesis import given

from perftui.errors import UsageError
from perftui.model.profile import Frame, StackProfile
from perftui.profile.formats.about import About
from perftui.profile.formats.collapsed import parse, recognizes, write
from tests.profile.formats.profiles import known, profiles, seen


def test_a_line_for_each_stack() -> None:
    assert write(known(), About()).decode().splitlines() == [
        "thread (42): MainThread;main (/srv/app.py:3);parse (/srv/app.py:9) 200",
        "thread (42): MainThread;main (/srv/app.py:3);parse (/srv/app.py:9);memcpy 100",
        "thread (43): worker;main (/srv/app.py:3) 300",
    ]


def test_the_cpu_view_leaves_out_what_did_not_run() -> None:
    lines = write(known(), About(view="cpu")).decode().splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == ["200", "50"]


def test_what_was_written_is_read_back() -> None:
    read = parse(write(known(), About()))
    assert not read.knows_cpu
    expected = {(0, tid, stack): samples for (_, tid, stack), samples in seen(known()).items()}
    assert seen(read.profile) == expected
    assert {thread.name for thread in read.profile.threads} == {"MainThread", "worker"}


@given(profiles())
def test_counts_survive_any_names(profile: StackProfile) -> None:
    written = write(profile, About())
    assert recognizes(written)
    read = parse(written).profile
    by_thread: Counter[int] = Counter()
    for row in profile.rows:
        by_thread[row.tid] += row.samples
    again: Counter[int] = Counter()
    for row in read.rows:
        again[row.tid] += row.samples
    assert again == by_thread
    assert write(read, About()).count(b"\n") <= written.count(b"\n")


@given(profiles())
def test_the_cpu_view_keeps_its_sum(profile: StackProfile) -> None:
    total = sum(int(line.rpartition(b" ")[2]) for line in write(profile, About(view="cpu")).splitlines())
    assert abs(total - profile.on_cpu) <= 0.5 + 1e-6


def test_semicolons_and_newlines_in_names_take_no_part() -> None:
    frames = (Frame(function="a;b 7", file="x;y.py", line=1), Frame(function="c\nd"))
    profile = StackProfile(
        sampler="", rate_hz=0, started_ns=0, ended_ns=0, covered_ns=0, attempts=0,
        frames=frames, stacks=((0, 1),), rows=known().rows[:1],
    )  # fmt: skip
    assert write(profile, About()) == b"thread (42);a:b 7 (x:y.py:1);c d 200\n"


def test_stacks_of_other_tools() -> None:
    read = parse(b"java;[libjvm.so];void std::f<void (int)>() (f.cc:12);start_thread_[k] 17\n\nmain 3\r\n").profile
    functions = [read.frames[index] for index in read.stacks[0]]
    assert functions[2] == Frame(function="void std::f<void (int)>()", file="f.cc", line=12)
    assert [frame.function for frame in functions] == ["java", "[libjvm.so]", functions[2].function, "start_thread_[k]"]
    assert read.samples == 20
    assert {(row.pid, row.tid) for row in read.rows} == {(0, 0)}


def test_escape_sequences_in_a_file_become_harmless() -> None:
    read = parse(b"main;\x1b]0;title\x07 3\n").profile
    assert all(frame.function.isprintable() for frame in read.frames)


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"main 3\nno count here\n", "line 2"),
        (b"main 3\nmain -1\n", "line 2"),
        (b"main " + b"9" * 18 + b"\n", "line 1"),
        (b";".join([b"f"] * 5000) + b" 1\n", "line 1"),
        (b"main 0\n", "no stacks"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(raw: bytes, place: str) -> None:
    with pytest.raises(UsageError, match=place):
        parse(raw)
