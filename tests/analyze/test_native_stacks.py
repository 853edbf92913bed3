"""Whose code a stack of a program that is not Python points to."""

import pytest

from perftui.analyze.stacks import StackReader
from perftui.model.profile import Frame, StackProfile, StackRow

MAIN = Frame(function="main", file="/usr/lib/postgresql/15/bin/postgres")
SORT = Frame(function="tuplesort", file="/usr/lib/postgresql/15/bin/postgres")
COPY = Frame(function="memmove", file="/usr/lib/x86_64-linux-gnu/libc.so.6")
KERNEL = Frame(function="tcp_sendmsg", file="[kernel]")
NAMELESS = Frame(function="[unknown]", file="/opt/app/server")


@pytest.mark.parametrize(
    ("stack", "blamed"),
    [
        ((MAIN, SORT, COPY), SORT),
        ((MAIN, COPY, KERNEL), MAIN),
        ((NAMELESS, COPY, KERNEL), KERNEL),
        ((MAIN, NAMELESS), MAIN),
        ((NAMELESS,), NAMELESS),
    ],
)
def test_the_innermost_frame_of_the_program_is_blamed(stack: tuple[Frame, ...], blamed: Frame) -> None:
    profile = StackProfile(
        sampler="perf",
        rate_hz=99.0,
        started_ns=0,
        ended_ns=10**9,
        covered_ns=10**9,
        attempts=99,
        frames=stack,
        stacks=(tuple(range(len(stack))),),
        rows=(StackRow(pid=1, tid=1, stack=0, samples=9, on_cpu=9.0),),
    )

    assert [place.frame for place in StackReader(profile).running_places()] == [blamed]
