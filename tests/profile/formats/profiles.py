"""Profiles to be written: any that a sampler or a file could yield, and one that is known."""

from hypothesis import strategies as st

from perftui.host.text import visible
from perftui.model.profile import Frame, StackProfile, StackRow, ThreadName
from perftui.model.table import Table

TEXTS = st.text(max_size=12).map(visible)
"""Whatever others chose; a profile holds nothing that did not pass ``visible``."""

_FRAMES = st.builds(
    lambda function, file, line: Frame(function=function, file=file, line=line if file else 0),
    TEXTS,
    TEXTS,
    st.integers(0, 10_000),
)


@st.composite
def profiles(draw: st.DrawFn, *, rate_hz: float = 100.0) -> StackProfile:
    """Some threads of one or two processes; each row is of a thread and stack of its own."""
    frames = tuple(draw(st.lists(_FRAMES, min_size=1, max_size=6, unique=True)))
    indices = st.integers(0, len(frames) - 1)
    stacks = tuple(
        draw(st.lists(st.lists(indices, min_size=1, max_size=5).map(tuple), min_size=1, max_size=6, unique=True))
    )
    threads = draw(
        st.lists(st.tuples(st.sampled_from([7, 8]), st.integers(1, 99)), min_size=1, max_size=3, unique=True)
    )
    keys = draw(
        st.lists(
            st.tuples(st.sampled_from(threads), st.integers(0, len(stacks) - 1)), min_size=1, max_size=8, unique=True
        )
    )
    rows = []
    for (pid, tid), stack in keys:
        samples = draw(st.integers(1, 1_000_000))
        on_cpu = samples * draw(st.floats(0, 1))
        rows.append(StackRow(pid=pid, tid=tid, stack=stack, samples=samples, on_cpu=on_cpu))
    attempts = sum(row.samples for row in rows)
    return StackProfile(
        sampler="py-spy",
        rate_hz=rate_hz,
        started_ns=5_000_000_000,
        ended_ns=5_000_000_000 + attempts * 10_000_000,
        covered_ns=attempts * 10_000_000,
        attempts=attempts,
        frames=frames,
        stacks=stacks,
        rows=tuple(rows),
        threads=tuple(ThreadName(pid=pid, tid=tid, name=draw(TEXTS)) for pid, tid in threads),
    )


MAIN = Frame(function="main", file="/srv/app.py", line=3)
PARSE = Frame(function="parse", file="/srv/app.py", line=9)
MEMCPY = Frame(function="memcpy")


def known() -> StackProfile:
    """3 s at 100 Hz: ``main`` calls ``parse`` (200 of 300 looks, all on a CPU), the worker waits in ``main``."""
    return StackProfile(
        sampler="py-spy",
        rate_hz=100.0,
        started_ns=1_000_000_000,
        ended_ns=4_000_000_000,
        covered_ns=3_000_000_000,
        attempts=300,
        frames=(MAIN, PARSE, MEMCPY),
        stacks=((0, 1), (0,), (0, 1, 2)),
        rows=(
            StackRow(pid=42, tid=42, stack=0, samples=200, on_cpu=200.0),
            StackRow(pid=42, tid=42, stack=2, samples=100, on_cpu=50.0),
            StackRow(pid=42, tid=43, stack=1, samples=300, on_cpu=0.0),
        ),
        threads=(ThreadName(pid=42, tid=42, name="MainThread"), ThreadName(pid=42, tid=43, name="worker")),
        slots=Table.of({"row": [2, 0, 1, 0], "slot": [0, 1, 2, 3], "samples": [300, 150, 100, 50]}),
    )


def seen(profile: StackProfile) -> dict[tuple[int, int, tuple[Frame, ...]], int]:
    """Samples by thread and stack, whatever the numbers of frames and stacks are."""
    found: dict[tuple[int, int, tuple[Frame, ...]], int] = {}
    for row in profile.rows:
        key = (row.pid, row.tid, tuple(profile.frames[index] for index in profile.stacks[row.stack]))
        found[key] = found.get(key, 0) + row.samples
    return found
