"""What is said of frames without a name."""

import pytest

from perftui.model.profile import Frame
from perftui.profile.perf_names import lacks_map, nameless
from perftui.profile.perf_script import ScriptSample, profile

NAMED = Frame(function="main", file="/srv/app")


def window_of(*stacks: tuple[Frame, ...]) -> str:
    samples = [ScriptSample(pid=1, tid=1, comm="app", time_ns=at, stack=stack) for at, stack in enumerate(stacks)]
    made = profile(samples, rate_hz=99, started_ns=0, ended_ns=10**9, covered_ns=10**9)
    said = nameless(made)
    assert lacks_map(made) == (said is not None and "compiled" in said.reason)
    return said.reason if said else ""


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("/usr/sbin/nginx", "/usr/sbin/nginx has no symbols"),
        ("/tmp/perf-7.map", "code that was compiled at run time has no names"),
        ("", ""),
    ],
)
def test_a_file_without_symbols_is_told_when_half_of_the_samples_go_through_it(file: str, reason: str) -> None:
    unknown = Frame(function="[unknown]", file=file)

    assert window_of((NAMED, unknown, NAMED), (NAMED,)) == reason
    assert window_of((unknown,), (NAMED,), (NAMED,)) == ""


def test_nothing_is_said_of_nothing() -> None:
    assert window_of() == ""
    assert window_of((NAMED,)) == ""
