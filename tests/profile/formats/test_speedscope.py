"""speedscope files: what speedscope's importer wants, and every count back."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given

from perftui.errors import UsageError
from perftui.model.profile import StackProfile
from perftui.profile.formats.about import About
from perftui.profile.formats.speedscope import SCHEMA, parse, recognizes, write
from tests.profile.formats.profiles import known, profiles, seen


def written(profile: StackProfile, about: About) -> dict[str, Any]:
    document = json.loads(write(profile, about))
    assert isinstance(document, dict)
    return document


def test_threads_are_profiles_in_nanoseconds() -> None:
    document = written(known(), About(title="app.py"))
    assert document["$schema"] == SCHEMA
    assert document["name"] == "app.py"
    assert [one["name"] for one in document["profiles"]] == ["MainThread (TID 42, PID 42)", "worker (TID 43, PID 42)"]
    for one in document["profiles"]:
        assert one["unit"] == "nanoseconds"
        assert one["type"] == "sampled"
        assert sum(one["weights"]) == one["endValue"] - one["startValue"] == 3_000_000_000


def test_looks_stand_in_their_order() -> None:
    main = written(known(), About())["profiles"][0]
    assert main["samples"] == [[0, 1], [0, 1, 2], [0, 1]]
    assert main["weights"] == [1.5e9, 1e9, 0.5e9]


def test_the_cpu_view_weighs_what_ran() -> None:
    main, worker = written(known(), About(view="cpu"))["profiles"]
    assert main["weights"] == [1.5e9, 0.5e9, 0.5e9]
    assert worker["weights"] == []


def test_without_times_the_weights_are_counts() -> None:
    timeless = msgspec.structs.replace(known(), rate_hz=0.0, attempts=0, covered_ns=0)
    main = written(timeless, About())["profiles"][0]
    assert (main["unit"], main["endValue"]) == ("none", 300)


@given(profiles())
def test_every_count_comes_back(profile: StackProfile) -> None:
    raw = write(profile, About())
    assert recognizes(raw)
    read = parse(raw)
    assert read.unit == "samples"
    assert seen(read.profile) == seen(profile)


@given(profiles())
def test_the_cpu_view_comes_back_as_time(profile: StackProfile) -> None:
    if profile.on_cpu < 1:
        return
    read = parse(write(profile, About(view="cpu")))
    assert read.unit == "nanoseconds"
    assert abs(read.profile.samples - profile.on_cpu * 10_000_000) <= len(profile.threads) * 0.5 + 1


def foreign(**changed: object) -> bytes:
    """Two frames, one of them in the other, as a tracer writes them."""
    profile = {
        "type": "evented", "name": "main", "unit": "milliseconds", "startValue": 0, "endValue": 10,
        "events": [
            {"type": "O", "frame": 0, "at": 0}, {"type": "O", "frame": 1, "at": 2},
            {"type": "C", "frame": 1, "at": 9}, {"type": "C", "frame": 0, "at": 10},
        ],
    }  # fmt: skip
    frames = [{"name": "a", "col": 3}, {"name": "b", "file": "b.js", "line": 7}]
    return json.dumps({"$schema": SCHEMA, "shared": {"frames": frames}, "profiles": [profile | changed]}).encode()


def test_events_become_stacks() -> None:
    read = parse(foreign())
    assert read.unit == "nanoseconds"
    times = {tuple(frame.function for frame in stack): ns for (_, _, stack), ns in seen(read.profile).items()}
    assert times == {("a",): 3_000_000, ("a", "b"): 7_000_000}
    assert [thread.name for thread in read.profile.threads] == ["main"]


def test_an_edited_file_of_ours_is_read_as_times() -> None:
    document = written(known(), About())
    document["profiles"][0]["weights"][0] += 1
    assert parse(json.dumps(document).encode()).unit == "nanoseconds"


def test_bytes_stay_bytes() -> None:
    sizes = {"type": "sampled", "samples": [[0, 1]], "weights": [4096], "unit": "bytes", "events": None}
    read = parse(foreign(**sizes))
    assert (read.unit, read.profile.samples, read.profile.rate_hz) == ("bytes", 4096, 0.0)


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (b'{"shared": 3}', r"\$\.shared"),
        (b"{" * 100_000, "not a speedscope file"),
        (b'{"shared": {"frames": []}, "profiles": []}', "no stacks"),
        (foreign(unit="fortnights"), "fortnights"),
        (foreign(type="sampled", samples=[[5]], weights=[1]), "profile 0: a frame that is not in"),
        (foreign(type="sampled", samples=[[-1]], weights=[1]), "not a speedscope file"),
        (foreign(type="sampled", samples=[[0]], weights=[]), "1 samples with 0 weights"),
        (foreign(type="sampled", samples=[[0]], weights=[-1]), "a weight of -1"),
        (foreign(type="sampled", samples=[[0]], weights=[1e300]), "a weight of"),
        (foreign(events=[{"type": "C", "frame": 0, "at": 0}]), "closes"),
        (foreign(events=[{"type": "O", "frame": 0, "at": 0}]), "never closes"),
        (foreign(events=[{"type": "O", "frame": 0, "at": 5}, {"type": "C", "frame": 0, "at": 4}]), "after one at 5"),
    ],
)
def test_what_is_wrong_is_said(raw: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        parse(raw)
