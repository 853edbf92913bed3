"""System calls by name and number."""

import pytest

from perftui.model.syscalls import EVENT_WAITS, SLEEPS, is_timed, name, number


@pytest.mark.parametrize(
    ("call", "x86_64", "aarch64"),
    [
        ("read", 0, 63),
        ("futex", 202, 98),
        ("epoll_wait", 232, None),
        ("epoll_pwait", 281, 22),
        ("epoll_pwait2", 441, 441),
        ("poll", 7, None),
        ("ppoll", 271, 73),
        ("select", 23, None),
        ("pselect6", 270, 72),
        ("fsync", 74, 82),
        ("fdatasync", 75, 83),
        ("nanosleep", 35, 101),
        ("clock_nanosleep", 230, 115),
        ("ioprio_get", 252, 31),
        ("openat", 257, 56),
        ("mmap", 9, 222),
        ("clone3", 435, 435),
        ("futex_waitv", 449, 449),
    ],
)
def test_numbers_of_both_machines(call: str, x86_64: int, aarch64: int | None) -> None:
    assert number("x86_64", call) == x86_64
    assert number("aarch64", call) == aarch64
    assert name("x86_64", x86_64) == call
    if aarch64 is not None:
        assert name("aarch64", aarch64) == call


def test_what_is_not_known_says_so() -> None:
    assert name("x86_64", 9999) == "syscall 9999"
    assert name("riscv64", 98) == "syscall 98"
    assert number("riscv64", "futex") is None
    assert number("x86_64", "nonsense") is None


def test_every_wait_exists_somewhere() -> None:
    assert EVENT_WAITS <= SLEEPS
    for call in SLEEPS:
        assert number("x86_64", call) is not None, call


@pytest.mark.parametrize(
    ("call", "arguments", "timed"),
    [
        ("futex", (1, 0x89, 0, 0x7FFE, 0, 0), True),
        ("futex", (1, 0x189, 0, 0, 0, 0xFFFFFFFF), False),
        ("epoll_wait", (3, 1, 1, 0xFFFFFFFF, 0, 0), False),
        ("epoll_wait", (3, 1, 1, 2**64 - 1, 0, 0), False),
        ("epoll_wait", (3, 1, 1, 0, 0, 0), True),
        ("poll", (1, 1, 1000, 0, 0, 0), True),
        ("ppoll", (1, 1, 0, 0, 0, 0), False),
        ("select", (1, 1, 0, 0, 5, 0), True),
        ("clock_nanosleep", (0, 0, 0, 0, 0, 0), True),
        ("read", (1, 2, 3, 4, 5, 6), False),
    ],
)
def test_timed_waits(call: str, arguments: tuple[int, ...], timed: bool) -> None:
    assert is_timed(call, arguments) is timed
