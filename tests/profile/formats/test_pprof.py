"""pprof's bytes, read by the public field numbers of profile.proto."""

import gzip

import msgspec
from hypothesis import given

from perftui.model.profile import StackProfile
from perftui.profile.formats.about import About
from perftui.profile.formats.pprof import write
from tests.profile.formats.profiles import known, profiles
from tests.profile.formats.wire import fields, messages, numbers


def samples(raw: bytes) -> tuple[list[str], list[tuple[list[str], list[int]]]]:
    """The kinds of values, and each sample as function names, leaf first, and values."""
    profile = fields(gzip.decompress(raw))
    strings = [text.decode() for text in messages(profile, 6)]
    assert strings[0] == ""
    functions = {}
    for raw_function in messages(profile, 5):
        function = fields(raw_function)
        functions[function[1][0]] = strings[int(function[2][0])]
    locations = {}
    for raw_location in messages(profile, 4):
        location = fields(raw_location)
        locations[location[1][0]] = functions[fields(messages(location, 4)[0])[1][0]]
    kinds = [fields(kind) for kind in messages(profile, 1)]
    names = [f"{strings[int(kind[1][0])]}/{strings[int(kind[2][0])]}" for kind in kinds]
    found = []
    for raw_sample in messages(profile, 2):
        sample = fields(raw_sample)
        stack = [locations[at] for at in numbers(messages(sample, 1)[0])]
        found.append((stack, numbers(messages(sample, 2)[0])))
    return names, found


def test_counts_and_times() -> None:
    names, found = samples(write(known(), About()))
    assert names == ["samples/count", "cpu/nanoseconds", "wall/nanoseconds"]
    assert found == [
        (["parse", "main"], [200, 2_000_000_000, 2_000_000_000]),
        (["memcpy", "parse", "main"], [100, 500_000_000, 1_000_000_000]),
        (["main"], [300, 0, 3_000_000_000]),
    ]


def test_what_goes_with_it() -> None:
    profile = fields(gzip.decompress(write(known(), About(wall_ns=1_700_000_000_000_000_000))))
    strings = [text.decode() for text in messages(profile, 6)]
    assert profile[9] == [1_700_000_000_000_000_000]
    assert profile[10] == [3_000_000_000]
    assert profile[12] == [10_000_000]
    labels = [fields(label) for sample in messages(profile, 2) for label in messages(fields(sample), 3)]
    threads = {strings[int(label[2][0])] for label in labels if strings[int(label[1][0])] == "thread"}
    assert threads == {"MainThread", "worker"}
    assert {int(label[3][0]) for label in labels if strings[int(label[1][0])] == "thread_id"} == {42, 43}


@given(profiles())
def test_every_count_is_in_it(profile: StackProfile) -> None:
    _, found = samples(write(profile, About()))
    assert [values[0] for _, values in found] == [row.samples for row in profile.rows]
    assert abs(sum(values[1] for _, values in found) - profile.on_cpu * 10_000_000) <= 1
    for (stack, _), row in zip(found, profile.rows, strict=True):
        assert stack == [profile.frames[index].function for index in reversed(profile.stacks[row.stack])]


def test_without_times_there_are_only_counts() -> None:
    timeless = msgspec.structs.replace(known(), rate_hz=0.0, attempts=0, covered_ns=0)
    names, found = samples(write(timeless, About()))
    assert names == ["samples/count"]
    assert sum(values[0] for _, values in found) == 600


def test_sizes_are_sizes() -> None:
    names, _ = samples(write(known(), About(unit="bytes")))
    assert names == ["space/bytes"]


def test_the_same_profile_is_the_same_file() -> None:
    assert write(known(), About()) == write(known(), About())
