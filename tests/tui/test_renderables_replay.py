"""The row of a replay fits every width."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.update import ReplayStatus
from perftui.tui.palette import Palette
from perftui.tui.renderables.replay import replay_strip, track_parts
from tests.tui.screening import COLOURED, HOSTILE, PALETTES, PLAIN, WIDTHS, checked

HOUR_NS = 3600 * 10**9
STATUS = ReplayStatus(
    first_ns=HOUR_NS, last_ns=2 * HOUR_NS, at_ns=HOUR_NS * 3 // 2, wall_ns=HOUR_NS * 3 // 2, speed=1.0, playing=True
)

STATES = st.builds(
    ReplayStatus,
    first_ns=st.just(HOUR_NS),
    last_ns=st.integers(HOUR_NS, 2 * HOUR_NS),
    at_ns=st.integers(0, 3 * HOUR_NS),
    wall_ns=st.integers(0, 3 * HOUR_NS),
    speed=st.sampled_from([0.25, 1.0, 60.0]),
    playing=st.booleans(),
    marks=st.lists(st.tuples(st.integers(0, 3 * HOUR_NS), HOSTILE), max_size=5).map(tuple),
    searched_ratio=st.none() | st.floats(0, 1),
    said=HOSTILE,
)


@given(STATES, WIDTHS, PALETTES)
def test_it_fits(status: ReplayStatus, width: int, palette: Palette) -> None:
    checked([replay_strip(status, width, palette)], width)


def test_the_track_has_the_moment_and_the_marks_where_they_belong() -> None:
    status = msgspec.structs.replace(STATUS, marks=((HOUR_NS, "a"), (2 * HOUR_NS, "b")))
    text = "".join(part for part, _ in track_parts(status, 21, COLOURED))
    assert text == "▲" + "─" * 9 + "▶" + "─" * 9 + "▲"


def test_what_was_said_is_shown_even_at_80_columns() -> None:
    status = msgspec.structs.replace(STATUS, playing=False, said="the end of the recording")
    (text,) = checked([replay_strip(status, 80, PLAIN)], 80)
    assert "STILL 1x" in text
    assert "the end of the recording" in text
    (text,) = checked([replay_strip(msgspec.structs.replace(STATUS, searched_ratio=0.4), 80, PLAIN)], 80)
    assert "40 % (w stops)" in text


def test_where_there_is_room_the_keys_are_named() -> None:
    (text,) = checked([replay_strip(STATUS, 160, PLAIN)], 160)
    assert "w worst" in text
