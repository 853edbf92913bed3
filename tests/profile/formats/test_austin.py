"""austin's text, in the forms that its documentation gives."""

import pytest

from perftui.errors import UsageError
from perftui.profile.formats.austin import parse, recognizes
from tests.profile.formats.profiles import seen


def times(raw: bytes) -> dict[tuple[int, int, str], int]:
    """Microseconds by process, thread and stack."""
    profile = parse(raw).profile
    return {
        (pid, tid, ";".join(f"{frame.function}@{frame.file}:{frame.line}" for frame in stack)): ns // 1000
        for (pid, tid, stack), ns in seen(profile).items()
    }


def test_the_usual_form() -> None:
    raw = (
        b"# austin: 3.6.0\n# interval: 100\n# mode: wall\n"
        b"P42;T1a2b;/srv/app.py:<module>:3;/srv/app.py:parse:9 100\n"
        b"P42;T1a2b;/srv/app.py:<module>:3;/srv/app.py:parse:9 120\n"
        b"P42;T1a2b 50\n"
        b"# duration: 300\n"
    )
    assert recognizes(raw)
    assert times(raw) == {
        (42, 0x1A2B, "<module>@/srv/app.py:3;parse@/srv/app.py:9"): 220,
        (42, 0x1A2B, ""): 50,
    }
    assert not parse(raw).knows_cpu


def test_lines_as_frames_of_their_own() -> None:
    raw = b"P42;T43;app.py:main;L3;C:\\srv\\app.py:parse;L9 100\n"
    assert times(raw) == {(42, 43, "main@app.py:3;parse@C:\\srv\\app.py:9"): 100}


def test_the_full_metrics_tell_what_ran() -> None:
    raw = b"P42;T0:43;app.py:main:3 100,0,0\nP42;T0:43;app.py:wait:9 300,1,-4096\n"
    read = parse(raw)
    assert read.knows_cpu
    assert (read.profile.samples, read.profile.on_cpu) == (400_000, 100_000.0)


def test_without_processes() -> None:
    assert times(b"T43;app.py:main:3;:GC: 7\n") == {(0, 43, "main@app.py:3;:GC:@:0"): 7}


def test_samples_that_ran_only() -> None:
    assert parse(b"# mode: cpu\nP1;T1;a.py:f:1 5\n").profile.on_cpu == 5000.0


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b"P1;T1;a.py:f:1 5\nnonsense\n", "line 2"),
        (b"# mode: memory\nP1;T1;a.py:f:1 5\n", "line 2: bytes of memory"),
        (b"P1;T1;a.py:f:1 -5\n", "line 1: -5 is no time"),
        (b"P1;T1;a.py:f:1 1,2\n", "line 1: 1,2 is no time"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(raw: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        parse(raw)
