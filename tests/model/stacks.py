"""Profiles for property tests of what is worked out from stacks."""

from hypothesis import strategies as st

from perftui.model.profile import Frame, StackProfile, StackRow

FILES = ("/srv/app/views.py", "/srv/app/db.py", "/usr/lib/python3.11/json/encoder.py", "/v/site-packages/flask.py", "")

FRAMES = tuple(
    Frame(function=name, file=file, line=line) for file in FILES for name in ("f", "g", "parse") for line in (1, 2)
)


@st.composite
def profiles(draw: st.DrawFn) -> StackProfile:
    """Up to eight stacks of a few functions in own code and others', with recursion; two processes, three threads."""
    stacks = draw(st.lists(st.lists(st.integers(0, len(FRAMES) - 1), min_size=1, max_size=6), min_size=1, max_size=8))
    rows = []
    for at in range(len(stacks)):
        for pid, tid in draw(st.sets(st.sampled_from([(1, 1), (1, 11), (2, 2)]), min_size=1)):
            samples = draw(st.integers(1, 50))
            rows.append(StackRow(pid=pid, tid=tid, stack=at, samples=samples, on_cpu=draw(st.floats(0, samples))))
    return profile_of(tuple(tuple(stack) for stack in stacks), tuple(rows), FRAMES)


def profile_of(
    stacks: tuple[tuple[int, ...], ...], rows: tuple[StackRow, ...], frames: tuple[Frame, ...]
) -> StackProfile:
    return StackProfile(
        sampler="py-spy", rate_hz=100, started_ns=0, ended_ns=10**9, covered_ns=10**9, attempts=100, frames=frames,
        stacks=stacks, rows=rows,
    )  # fmt: skip
