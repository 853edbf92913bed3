"""Lines of /proc/PID/autogroup."""

from pathlib import Path

import pytest

from perftui.host.autogroup import parse_autogroup


def test_a_line_of_the_kernel() -> None:
    assert parse_autogroup("/autogroup-12 nice -5\n") == ("/autogroup-12", "-5")
    assert parse_autogroup(Path("/proc/self/autogroup").read_text()) is not None


@pytest.mark.parametrize(
    "text", ["", "/autogroup-12", "/autogroup-x nice 0", "/autogroup-1 nice 0\n/autogroup-2 nice 0"]
)
def test_what_is_no_such_line(text: str) -> None:
    assert parse_autogroup(text) is None
