"""What each wish keeps, and that wishes add up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.errors import UsageError
from perftui.model.origin import OWN, origin
from perftui.model.profile import Frame, StackProfile, StackRow
from perftui.model.stack_filter import StackFilter
from tests.model.stacks import profile_of, profiles

VIEWS, JSON = "/srv/app/views.py", "/usr/lib/python3.11/json/encoder.py"


def filters() -> st.SearchStrategy[StackFilter]:
    return st.builds(
        StackFilter,
        pattern=st.sampled_from(["", "f", "!parse", "json", "^g$"]),
        file_prefix=st.sampled_from(["", "/srv/app/", VIEWS]),
        tid=st.sampled_from([None, 1, 11]),
        pid=st.sampled_from([None, 1, 2]),
        own_only=st.booleans(),
        fold_recursion=st.booleans(),
        hide_idle=st.booleans(),
    )


def names(profile: StackProfile) -> dict[tuple[str, ...], int]:
    """Samples by the functions of a stack."""
    found: dict[tuple[str, ...], int] = {}
    for row in profile.rows:
        stack = tuple(profile.frames[index].function for index in profile.stacks[row.stack])
        found[stack] = found.get(stack, 0) + row.samples
    return found


def example() -> StackProfile:
    frames = (
        Frame(function="main", file=VIEWS, line=1),
        Frame(function="walk", file=VIEWS, line=5),
        Frame(function="dumps", file=JSON, line=9),
        Frame(function="walk", file=VIEWS, line=6),
        Frame(function="default", file=VIEWS, line=20),
    )
    stacks = ((0, 1, 3, 1), (0, 2), (0, 2, 4), (2,))
    rows = (
        StackRow(pid=1, tid=1, stack=0, samples=10, on_cpu=10),
        StackRow(pid=1, tid=1, stack=1, samples=20, on_cpu=0.5),
        StackRow(pid=1, tid=2, stack=2, samples=30, on_cpu=30),
        StackRow(pid=2, tid=3, stack=3, samples=40, on_cpu=40),
    )
    return profile_of(stacks, rows, frames)


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        (StackFilter(pattern="wal"), {("main", "walk", "walk", "walk"): 10}),
        (StackFilter(pattern="!main"), {("dumps",): 40}),
        (StackFilter(pattern="json/"), {("main", "dumps"): 20, ("main", "dumps", "default"): 30, ("dumps",): 40}),
        (StackFilter(file_prefix=JSON, tid=1), {("main", "dumps"): 20}),
        (StackFilter(pid=2), {("dumps",): 40}),
        (
            StackFilter(own_only=True),
            {("main", "walk", "walk", "walk"): 10, ("main",): 20, ("main", "default"): 30, (): 40},
        ),
        (StackFilter(fold_recursion=True, tid=1), {("main", "walk"): 10, ("main", "dumps"): 20}),
        (StackFilter(hide_idle=True, tid=1), {("main", "walk", "walk", "walk"): 10}),
        (StackFilter(own_only=True, pattern="dumps", tid=2), {("main", "default"): 30}),
    ],
)
def test_each_wish(wanted: StackFilter, kept: dict[tuple[str, ...], int]) -> None:
    assert names(wanted.apply(example())) == kept


def test_a_folded_function_keeps_its_innermost_line() -> None:
    folded = StackFilter(fold_recursion=True).apply(example())
    assert (0, 1) in folded.stacks


@given(profiles())
def test_without_a_wish_nothing_is_made_anew(profile: StackProfile) -> None:
    assert StackFilter().apply(profile) is profile


@given(profiles(), filters())
def test_kept_samples_are_samples_of_what_was_there(profile: StackProfile, wanted: StackFilter) -> None:
    kept = wanted.apply(profile)
    was = {(row.pid, row.tid): 0 for row in profile.rows}
    for row in profile.rows:
        was[row.pid, row.tid] += row.samples
    for row in kept.rows:
        assert 0 <= row.on_cpu <= row.samples
        was[row.pid, row.tid] -= row.samples
    assert all(left >= 0 for left in was.values())
    used = {index for stack in kept.stacks for index in stack}
    assert not wanted.own_only or all(origin(kept.frames[index].file) == OWN for index in used)


@given(profiles(), filters())
def test_twice_is_once(profile: StackProfile, wanted: StackFilter) -> None:
    # What own code was called through is gone afterwards, so only the other wishes can be asked again.
    # An idle stack that joins a busy one when shortened is not there to be dropped again either.
    wanted = replace(wanted, own_only=False, hide_idle=False)
    once = wanted.apply(profile)
    assert names(wanted.apply(once)) == names(once)


@given(profiles(), st.booleans(), st.booleans())
def test_taking_frames_out_loses_no_sample(profile: StackProfile, own: bool, fold: bool) -> None:
    kept = StackFilter(own_only=own, fold_recursion=fold).apply(profile)
    assert kept.samples == profile.samples
    assert kept.on_cpu == pytest.approx(profile.on_cpu)


def test_a_pattern_and_its_inverse_share_all_stacks() -> None:
    profile = example()
    parts = [StackFilter(pattern=pattern).apply(profile).samples for pattern in ("walk|default", "!walk|default")]
    assert sum(parts) == profile.samples


def test_what_is_no_regular_expression_is_told() -> None:
    with pytest.raises(UsageError, match="unterminated"):
        StackFilter(pattern="!(a")
    with pytest.raises(UsageError):
        replace(StackFilter(), pattern="[")
