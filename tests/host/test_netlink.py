"""Messages and attributes, made up and from the running kernel."""

import errno
import os
import socket
import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.host.netlink import GENERIC, SOCK_DIAG, Netlink, attribute, attributes, messages

GET_FAMILY = struct.pack("=BBH", 3, 1, 0)


@given(st.dictionaries(st.integers(0, 0x3FFF), st.binary(max_size=40), max_size=8))
def test_attributes_come_back(sent: dict[int, bytes]) -> None:
    assert attributes(b"head" + b"".join(attribute(kind, content) for kind, content in sent.items()), 4) == sent


def test_the_flags_of_an_attribute_are_no_part_of_its_type() -> None:
    assert attributes(attribute(7 | 0x8000, b"x")) == {7: b"x"}


@given(st.binary(max_size=64))
def test_any_bytes_are_attributes_or_none(raw: bytes) -> None:
    with suppress(ValueError):
        assert sum(map(len, attributes(raw).values())) <= len(raw)


@given(st.binary(max_size=64))
def test_any_bytes_are_messages_or_none(raw: bytes) -> None:
    with suppress(ValueError):
        assert len(list(messages(raw))) <= len(raw) // 16


def test_messages_are_split_at_their_padding() -> None:
    first, second = struct.pack("=IHHII", 17, 20, 0, 1, 0) + b"a\0\0\0", struct.pack("=IHHII", 18, 3, 0, 2, 0) + b"bc"
    assert list(messages(first + second)) == [(20, 0, 1, b"a"), (3, 0, 2, b"bc")]


def test_the_kernel_answers() -> None:
    with Netlink(GENERIC) as netlink:
        answer = netlink.ask(0x10, GET_FAMILY + attribute(2, b"nlctrl\0"))
        assert attributes(answer, 4)[2] == b"nlctrl\0"


def test_its_refusal_is_the_kernels_error() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with Netlink(GENERIC) as netlink:
        with pytest.raises(OSError, match="No such file") as caught:
            netlink.ask(0x10, GET_FAMILY + attribute(2, b"no-such-family\0"))
        assert caught.value.errno == errno.ENOENT
        assert attributes(netlink.ask(0x10, GET_FAMILY + attribute(2, b"nlctrl\0")), 4)[2] == b"nlctrl\0"
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_long_answer_comes_in_several_pieces() -> None:
    request = struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, 0, 0xFFFFFFFF, 0xFFFFFFFF)
    pairs = [socket.socketpair() for _ in range(1000)]
    try:
        with Netlink(SOCK_DIAG) as netlink:
            wanted = {os.fstat(end.fileno()).st_ino for pair in pairs for end in pair}
            listed = {struct.unpack_from("=I", message, 4)[0] for message in netlink.dump(20, request, bool)}
            assert wanted <= listed
            assert netlink.dump(20, request, lambda _: False) == []
    finally:
        for pair in pairs:
            for end in pair:
                end.close()


class Scripted:
    """A socket to a kernel that gives these answers: kind, flags, how many requests ago, content."""

    def __init__(self, *answers: list[tuple[int, int, int, bytes]]) -> None:
        self.asked = 0
        self._answers = iter(answers)

    def send(self, request: bytes) -> None:
        self.asked += 1
        assert struct.unpack_from("=IHHII", request)[3] == self.asked

    def recv(self, _size: int) -> bytes:
        return b"".join(
            struct.pack("=IHHII", 20, kind, flags, self.asked - ago, 0) + content
            for kind, flags, ago, content in next(self._answers)
        )

    def close(self) -> None:
        """Nothing is open."""


def answered(monkeypatch: pytest.MonkeyPatch, *answers: list[tuple[int, int, int, bytes]]) -> tuple[list[bytes], int]:
    """What is listed, and how often it was asked for."""
    script = Scripted(*answers)
    with Netlink(GENERIC) as netlink:
        netlink.close()
        monkeypatch.setattr(netlink, "_socket", script)
        return netlink.dump(20, b"", bool), script.asked


DONE = (3, 0, 0, b"\0\0\0\0")


@pytest.mark.parametrize("torn", [[(20, 0x10, 0, b"old1"), DONE], [(20, 0, 0, b"old1"), (3, 0x10, 0, b"\0\0\0\0")]])
def test_a_torn_list_is_asked_for_once_more(
    monkeypatch: pytest.MonkeyPatch, torn: list[tuple[int, int, int, bytes]]
) -> None:
    whole = [(20, 2, 0, b"new1"), (20, 2, 0, b"new2"), DONE]
    assert answered(monkeypatch, torn, whole) == ([b"new1", b"new2"], 2)
    assert answered(monkeypatch, torn, torn, whole) == ([b"old1"], 2)
    assert answered(monkeypatch, whole) == ([b"new1", b"new2"], 1)


def test_the_rest_of_an_earlier_answer_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    late = [(20, 0x10, 1, b"late"), (2, 0, 1, b"\xff\xff\xff\xff"), (3, 0, 1, b"\0\0\0\0"), (20, 2, 0, b"mine")]
    assert answered(monkeypatch, late, [DONE]) == ([b"mine"], 1)
