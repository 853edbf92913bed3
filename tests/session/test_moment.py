"""Times as people write them."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.errors import UsageError
from perftui.session.moment import moment_of, range_of


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1e9)


FIRST, LAST = ns("2026-03-04T23:50:00"), ns("2026-03-05T00:20:00")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("23:55:00", "2026-03-04T23:55:00"),
        ("23:55", "2026-03-04T23:55:00"),
        ("0:10:30", "2026-03-05T00:10:30"),
        ("2026-03-05T00:01:02", "2026-03-05T00:01:02"),
        ("+90", "2026-03-04T23:51:30"),
        ("+1.5s", "2026-03-04T23:50:01.500000"),
        ("-60", "2026-03-05T00:19:00"),
        ("12:00", "2026-03-04T23:50:00"),
        ("2030-01-01", "2026-03-05T00:20:00"),
        ("+999999", "2026-03-05T00:20:00"),
    ],
)
def test_a_moment(text: str, moment: str) -> None:
    assert moment_of(text, FIRST, LAST) == ns(moment)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "12:60:00", "12", "+", "--3"])
def test_what_is_no_time_is_said_with_what_is(text: str) -> None:
    with pytest.raises(UsageError, match="12:03:04"):
        moment_of(text, FIRST, LAST)


@given(st.integers(0, 1800))
def test_a_time_of_day_in_a_recording_is_found(second: int) -> None:
    wanted = FIRST + second * 10**9
    shown = datetime.fromtimestamp(wanted / 1e9).strftime("%H:%M:%S")
    assert moment_of(shown, FIRST, LAST) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "23:55:00-0:05:00",
        "23:55:00..0:05:00",
        "+300..-900",
        "2026-03-04T23:55:00..2026-03-05T00:05:00",
    ],
)
def test_a_range(text: str) -> None:
    assert range_of(text, FIRST, LAST) == (ns("2026-03-04T23:55:00"), ns("2026-03-05T00:05:00"))


@pytest.mark.parametrize("text", ["23:55:00", "0:05:00-23:55:00", "-", "12:00:00-", "+5..+5"])
def test_what_is_no_range(text: str) -> None:
    with pytest.raises(UsageError):
        range_of(text, FIRST, LAST)
