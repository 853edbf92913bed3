"""Lines of /proc/PID/autogroup."""

import subprocess
from pathlib import Path

import pytest

from perftui.host.autogroup import parse_autogroup


def test_a_line_of_the_kernel() -> None:
    assert parse_autogroup("/autogroup-12 nice -5\n") == ("/autogroup-12", "-5")


def test_the_line_of_a_session() -> None:
    """A new session has a group; a process that never had one (from the start of the machine on) has none."""
    with subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True) as child:
        try:
            found = parse_autogroup(Path(f"/proc/{child.pid}/autogroup").read_text())
        finally:
            child.kill()
    assert found is not None
    assert found[1] == "0"


@pytest.mark.parametrize(
    "text", ["", "/autogroup-12", "/autogroup-x nice 0", "/autogroup-1 nice 0\n/autogroup-2 nice 0"]
)
def test_what_is_no_such_line(text: str) -> None:
    assert parse_autogroup(text) is None
