"""Times as people write them."""

from collections.abc import Iterator
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.errors import UsageError
from perftui.model.sample import Sample
from perftui.session.moment import moment_of, range_of
from perftui.store.recording import Recording
from tests.session.tapes import steady, write
from tests.store.support import SECOND


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1e9)


FIRST = ns("2026-03-04T23:50:00")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    """Half an hour, a sample every ten seconds."""
    opened = write(tmp_path_factory.mktemp("tapes") / "r", range(0, 1801, 10), from_first)
    yield opened
    opened.close()


def from_first(second: int) -> Sample:
    return msgspec.structs.replace(steady(second), wall_ns=FIRST + second * SECOND)


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
        ("+1800.7", "2026-03-05T00:20:00"),
        ("23:49:59", "2026-03-04T23:50:00"),
        ("0:20:01", "2026-03-05T00:20:00"),
    ],
)
def test_a_moment(recording: Recording, text: str, moment: str) -> None:
    assert moment_of(text, recording) == ns(moment)


@pytest.mark.parametrize("text", ["12:00", "2030-01-01", "+999999", "-1802", "23:49:58"])
def test_what_is_outside_is_said_with_what_is_inside(recording: Recording, text: str) -> None:
    with pytest.raises(UsageError, match=r"outside .* from 2026-03-04 23:50:00 to 2026-03-05 00:20:00 \(30m00s\)"):
        moment_of(text, recording)


@pytest.mark.parametrize("text", ["", "soon", "25:00", "12:60:00", "12", "+", "--3"])
def test_what_is_no_time_is_said_with_what_is(recording: Recording, text: str) -> None:
    with pytest.raises(UsageError, match="12:03:04"):
        moment_of(text, recording)


@given(st.integers(0, 1800))
def test_a_time_of_day_in_a_recording_is_found(recording: Recording, second: int) -> None:
    wanted = FIRST + second * 10**9
    shown = datetime.fromtimestamp(wanted / 1e9).strftime("%H:%M:%S")
    assert moment_of(shown, recording) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "23:55:00-0:05:00",
        "23:55:00..0:05:00",
        "+300..-900",
        "2026-03-04T23:55:00..2026-03-05T00:05:00",
    ],
)
def test_a_range(recording: Recording, text: str) -> None:
    assert range_of(text, recording) == (ns("2026-03-04T23:55:00"), ns("2026-03-05T00:05:00"))


@pytest.mark.parametrize("text", ["23:55:00", "0:05:00-23:55:00", "-", "12:00:00-", "+5..+5", "+5..+5000"])
def test_what_is_no_range(recording: Recording, text: str) -> None:
    with pytest.raises(UsageError):
        range_of(text, recording)
