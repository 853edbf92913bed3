"""Lines of mountinfo, with names that try to look like something else."""

from hypothesis import given
from hypothesis import strategies as st

from perftui.host.mounts import MountPoint, parse_mountinfo, plain


def test_a_line_with_optional_fields_and_escapes() -> None:
    raw = b"36 35 8:1 /sub /mnt/my\\040disk ro,nosuid shared:1 master:2 - ext4 /dev/sda1 rw,errors=continue\n"
    options = frozenset({"rw", "errors=continue"})
    assert parse_mountinfo(raw) == [MountPoint("8:1", "/sub", "/mnt/my disk", "ext4", "/dev/sda1", options, True)]


def test_read_only_is_what_the_mount_says() -> None:
    raw = b"1 0 0:5 / /a rw,relatime - tmpfs none ro\n2 0 0:6 / /b rw - tmpfs rom rw\n"
    assert [mount.read_only for mount in parse_mountinfo(raw)] == [False, False]


def test_bytes_that_are_no_text_come_through() -> None:
    (mount,) = parse_mountinfo(b"1 0 0:5 / /a\xff\x0bb rw - tmpfs none rw\n")
    assert mount.point.encode("utf-8", "surrogateescape") == b"/a\xff\x0bb"


def test_a_broken_line_is_left_out() -> None:
    assert parse_mountinfo(b"nonsense\n\n") == []


@given(st.text(st.characters(codec="ascii"), max_size=30))
def test_what_the_kernel_escapes_comes_back(name: str) -> None:
    escaped = "".join(f"\\{ord(char):03o}" if char in " \t\n\\#" else char for char in name)
    assert plain(escaped) == name
