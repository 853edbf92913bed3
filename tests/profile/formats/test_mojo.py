"""austin's binary format, event by event as its documentation has them."""

from collections.abc import Iterable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.errors import UsageError
from perftui.profile.formats.mojo import parse, recognizes
from tests.profile.formats.profiles import seen

FACT, STACK, FRAME, INVALID, REFERENCE, KERNEL, GC, IDLE, TIME, MEMORY, TEXT, AGAIN, REPEAT, TASK, WAITER = range(1, 16)


def number(value: int) -> bytes:
    size = abs(value)
    out = bytearray([size & 0x3F | (0x40 if value < 0 else 0)])
    size >>= 6
    while size:
        out[-1] |= 0x80
        out.append(size & 0x7F)
        size >>= 7
    return bytes(out)


def event(kind: int, *parts: int | bytes) -> bytes:
    return bytes([kind]) + b"".join(number(part) if isinstance(part, int) else part + b"\0" for part in parts)


def mojo(*events: bytes, version: int = 4) -> bytes:
    return b"MOJ" + number(version) + b"".join(events)


STACK_1 = event(STACK, 42, 0, b"1a2b")
NAMES = event(TEXT, 2, b"/srv/app.py") + event(TEXT, 3, b"main") + event(TEXT, 4, b"parse")
MAIN = event(FRAME, 10, 2, 3, 5, 5, 1, 9)
PARSE = event(FRAME, 11, 2, 4, 9, 9, 1, 9)


def stacks(raw: bytes) -> dict[tuple[int, int, str], int]:
    """Microseconds by process, thread and stack."""
    return {
        (pid, tid, ";".join(f"{frame.function}:{frame.line}" for frame in stack)): ns // 1000
        for (pid, tid, stack), ns in seen(parse(raw).profile).items()
    }


def refs(*keys: int) -> bytes:
    return b"".join(event(REFERENCE, key) for key in keys)


def test_numbers_are_those_of_the_documentation() -> None:
    assert number(-131) == bytes.fromhex("C302")


def test_stacks_with_the_root_first() -> None:
    raw = mojo(
        event(FACT, b"austin", b"4.1.0"), STACK_1, NAMES, MAIN, PARSE,
        refs(10, 11), event(TIME, 100), STACK_1, refs(10), event(TIME, 50),
    )  # fmt: skip
    assert recognizes(raw)
    assert stacks(raw) == {(42, 0x1A2B, "main:5;parse:9"): 100, (42, 0x1A2B, "main:5"): 50}


def test_callers_that_are_as_before() -> None:
    raw = mojo(STACK_1, NAMES, MAIN, PARSE, refs(10), event(TIME, 5), STACK_1, refs(11), event(REPEAT), event(TIME, 7))
    assert stacks(raw) == {(42, 0x1A2B, "main:5"): 5, (42, 0x1A2B, "main:5;parse:9"): 7}


def test_earlier_versions_say_less() -> None:
    old = mojo(
        event(STACK, 42, b"1a2b"), NAMES, event(FRAME, 10, 2, 3, 5), refs(10), event(TIME, 3), version=1
    )  # fmt: skip
    assert stacks(old) == {(42, 0x1A2B, "main:5"): 3}


def test_waiting_coroutines_are_no_time_of_the_thread() -> None:
    task = event(TASK, 77, 0) + refs(11) + event(TIME, 9_000) + event(WAITER, 77, 78)
    raw = mojo(STACK_1, NAMES, MAIN, PARSE, refs(10), event(TIME, 5), task, STACK_1, refs(10), event(TIME, 6))
    assert stacks(raw) == {(42, 0x1A2B, "main:5"): 11}


def test_idle_looks_did_not_run() -> None:
    full = event(FACT, b"mode", b"full")
    metrics = event(IDLE) + event(TIME, 30) + event(MEMORY, -4096)
    raw = mojo(full, STACK_1, NAMES, MAIN, refs(10), event(TIME, 10), STACK_1, refs(10), metrics)
    read = parse(raw)
    assert read.knows_cpu
    assert (read.profile.samples, read.profile.on_cpu) == (40_000, 10_000.0)


def test_threads_may_have_names() -> None:
    raw = mojo(event(STACK, 42, 0, b"worker"), NAMES, MAIN, refs(10), event(TIME, 1))
    assert [thread.name for thread in parse(raw).profile.threads] == ["worker"]


def test_other_frames() -> None:
    raw = mojo(STACK_1, event(INVALID), event(KERNEL, b"do_syscall"), event(GC), event(AGAIN, 2), event(TIME, 1))
    assert stacks(raw) == {(42, 0x1A2B, "(invalid):0;do_syscall:0;:GC::0"): 1}


def test_a_file_that_was_cut_off_keeps_what_is_whole() -> None:
    whole = mojo(STACK_1, NAMES, MAIN, refs(10), event(TIME, 8))
    cut = whole + (STACK_1 + refs(10) + event(TIME, 1_000_000))[:-2]
    assert stacks(cut) == stacks(whole)


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (mojo(version=9), "version 9"),
        (mojo(event(200)), "byte 4: an event of the kind 200"),
        (mojo(refs(10)), "before any stack"),
        (mojo(STACK_1, refs(10)), "was not described"),
        (mojo(STACK_1, event(TIME, -5)), "a time of -5"),
        (mojo(STACK_1, b"\x09" + b"\xff" * 20), "more than 64 bits"),
        (mojo(event(FACT, b"mode", b"memory"), STACK_1, event(INVALID), event(TIME, 5)), "bytes of memory"),
        (mojo(), "no stacks"),
        (mojo(STACK_1, *[event(INVALID)] * 5000), "more than 4096 frames"),
    ],
)
def test_what_is_wrong_is_said(raw: bytes, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        parse(raw)


EVENTS: Iterable[bytes] = (
    STACK_1,
    NAMES,
    MAIN,
    PARSE,
    refs(10),
    refs(11),
    event(REPEAT),
    event(TIME, 3),
    event(TASK, 1, 0),
)


@given(st.lists(st.sampled_from(list(EVENTS))), st.binary(max_size=20))
def test_any_stream_ends_in_stacks_or_an_error(events: list[bytes], rest: bytes) -> None:
    with suppress(UsageError):
        parse(mojo(*events) + rest)
