"""Samples by line of a file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.line_heat import line_heat, process_in
from perftui.model.profile import Frame, StackProfile, StackRow
from tests.model.stacks import FILES, profile_of, profiles


@given(profiles(), st.sampled_from(FILES), st.booleans())
def test_lines_hold_what_ended_in_the_file(profile: StackProfile, file: str, on_cpu: bool) -> None:
    heat = line_heat(profile, file, on_cpu=on_cpu)
    ended = sum(
        row.on_cpu if on_cpu else row.samples
        for row in profile.rows
        if profile.frames[profile.stacks[row.stack][-1]].file == file
    )
    assert sum(line.self_value for line in heat.values()) == pytest.approx(ended)
    assert all(line.self_value <= line.total + 1e-9 for line in heat.values())


def test_a_line_counts_once_a_stack() -> None:
    frames = (Frame(function="f", file="a.py", line=3), Frame(function="g", file="b.py", line=7))
    rows = (
        StackRow(pid=5, tid=5, stack=0, samples=4, on_cpu=4),
        StackRow(pid=6, tid=6, stack=1, samples=2, on_cpu=0),
    )
    profile = profile_of(((0, 0, 1), (0, 0)), rows, frames)
    (line,) = line_heat(profile, "a.py", on_cpu=False).items()
    assert (line[0], line[1].self_value, line[1].total) == (3, 2, 6)
    assert line_heat(profile, "c.py", on_cpu=False) == {}


def test_the_process_that_is_in_a_file_most() -> None:
    frames = (Frame(function="f", file="a.py", line=3), Frame(function="g", file="b.py", line=7))
    rows = (
        StackRow(pid=5, tid=5, stack=0, samples=4, on_cpu=4),
        StackRow(pid=6, tid=6, stack=1, samples=9, on_cpu=0),
        StackRow(pid=7, tid=7, stack=0, samples=5, on_cpu=0),
    )
    profile = profile_of(((0, 1), (1,)), rows, frames)
    assert process_in(profile, "a.py") == 7
    assert process_in(profile, "b.py") == 6
    assert process_in(profile, "c.py") is None
