"""Callers and callees of a function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.profile import Frame, StackProfile, StackRow
from perftui.model.sandwich import ITSELF, ROOT, sandwich
from tests.model.stacks import FRAMES, profile_of, profiles


@given(profiles(), st.sampled_from(FRAMES), st.booleans())
def test_either_side_adds_up_to_the_function(profile: StackProfile, frame: Frame, on_cpu: bool) -> None:
    function = (frame.function, frame.file)
    parts = sandwich(profile, function, on_cpu=on_cpu)
    seen = sum(
        row.on_cpu if on_cpu else row.samples
        for row in profile.rows
        if any(
            (profile.frames[index].function, profile.frames[index].file) == function
            for index in profile.stacks[row.stack]
        )
    )
    assert parts.total == pytest.approx(seen)
    assert sum(value for _, value in parts.callers) == pytest.approx(parts.total)
    assert sum(value for _, value in parts.callees) == pytest.approx(parts.total)
    for side in (parts.callers, parts.callees):
        assert [value for _, value in side] == sorted((value for _, value in side), reverse=True)


def test_recursion_is_one_visit() -> None:
    frames = tuple(Frame(function=name, file="app.py") for name in ("main", "walk", "leaf"))
    rows = (
        StackRow(pid=1, tid=1, stack=0, samples=6, on_cpu=6),
        StackRow(pid=1, tid=1, stack=1, samples=3, on_cpu=0),
        StackRow(pid=1, tid=1, stack=2, samples=1, on_cpu=1),
    )
    profile = profile_of(((0, 1, 1, 2), (0, 1), (1, 1, 1)), rows, frames)
    parts = sandwich(profile, ("walk", "app.py"), on_cpu=False)
    assert parts.callers == ((("main", "app.py"), 9.0), (ROOT, 1.0))
    assert parts.callees == ((("leaf", "app.py"), 6.0), (ITSELF, 4.0))
    assert sandwich(profile, ("walk", "app.py"), on_cpu=True).total == 7.0


def test_of_a_function_that_was_not_seen_there_is_nothing() -> None:
    profile = profile_of((), (), ())
    assert sandwich(profile, ("f", ""), on_cpu=False).callers == ()
