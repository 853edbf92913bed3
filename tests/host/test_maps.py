"""Addresses are told apart by what they are mapped to."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.host.maps import is_interpreter, parse_maps, python_library
from perftui.host.procfs import Host
from perftui.host.regions import Regions
from perftui.model.sample import REGIONS

CAPTURED = b"""\
00400000-00500000 r-xp 00000000 fe:00 100 /usr/bin/python3.12
00500000-00510000 r--p 00100000 fe:00 100 /usr/bin/python3.12
00510000-00600000 rw-p 00110000 fe:00 100 /usr/bin/python3.12
00600000-00640000 rw-p 00000000 00:00 0
01000000-02000000 rw-p 00000000 00:00 0 [heap]
7f0000000000-7f0000021000 rw-p 00000000 00:00 0
7f0000100000-7f0000200000 rw-s 00000000 00:01 7 /dev/shm/sem.abc (deleted)
7f0000200000-7f0000300000 rw-p 00000000 00:01 8 /memfd:x (deleted)
7f0000300000-7f0000400000 rw-p 00000000 fe:00 9 /usr/lib/libpython3.9.so.1.0 (deleted)
7f0000400000-7f0000410000 rw-p 00000000 00:00 0
7f0000410000-7f0000420000 rw-p 00000000 00:00 0
7f0000500000-7f0000600000 rw-p 00000000 fe:00 10 /opt/my python app/libx.so
7f0000600000-7f0000601000 rw-p 00000000 00:00 0 [anon:glibc: malloc]
7ffc00000000-7ffc00021000 rw-p 00000000 00:00 0 [stack]
7ffc00100000-7ffc00101000 r-xp 00000000 00:00 0 [vdso]
"""


@pytest.mark.parametrize(
    ("address", "region"),
    [
        (0, "none"),
        (0x400010, "file"),
        (0x510000, "interpreter"),
        (0x600010, "interpreter"),
        (0x63FFFF, "interpreter"),
        (0x640000, "unknown"),
        (0x1000000, "heap"),
        (0x7F0000000010, "anonymous"),
        (0x7F0000100010, "shared"),
        (0x7F0000200010, "shared"),
        (0x7F0000300010, "interpreter"),
        (0x7F0000400010, "interpreter"),
        (0x7F0000500010, "file"),
        (0x7F0000600010, "anonymous"),
        (0x7FFC00000010, "stack"),
        (0x7FFC00100010, "unknown"),
        (0xFFFFFFFFFFFF, "unknown"),
    ],
)
def test_region_of_an_address(address: int, region: str) -> None:
    assert REGIONS[parse_maps(CAPTURED).region(address)] == region


@pytest.mark.parametrize(
    ("path", "interpreter"),
    [
        (b"/usr/bin/python3.12", True),
        (b"/usr/bin/python2.7", True),
        (b"/opt/bin/python3.13t", True),
        (b"/usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", True),
        (b"/usr/bin/python3.11 (deleted)", True),
        (b"/opt/pypy/bin/pypy3.10", True),
        (b"/opt/pypy/lib/libpypy3.10-c.so", True),
        (b"/srv/python/app", False),
        (b"/usr/bin/pythonista", False),
        (b"/usr/lib/python3/dist-packages/x.so", False),
        (b"", False),
    ],
)
def test_interpreter_files(path: bytes, interpreter: bool) -> None:
    assert is_interpreter(path) is interpreter


def test_library_names_the_version() -> None:
    assert python_library(CAPTURED) == "python3.9"
    assert python_library(b"") == ""


def test_own_address_space() -> None:
    """The kernel's own file parses to the last line, and every mapping finds itself."""
    raw = Host().read("/proc/self/maps")
    maps = parse_maps(raw)
    lines = raw.splitlines()
    assert lines
    heap = next(line for line in lines if line.endswith(b"[heap]"))
    assert REGIONS[maps.region(int(heap.split(b"-")[0], 16))] == "heap"
    assert any(REGIONS[maps.region(int(line.split(b"-")[0], 16))] == "interpreter" for line in lines), sys.executable


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 50), st.booleans()), max_size=20), st.integers(0, 3000))
def test_look_up_agrees_with_a_plain_search(spans: list[tuple[int, int, bool]], address: int) -> None:
    at, lines = 1, []
    for gap, size, writable in spans:
        start, at = at + gap, at + gap + size
        lines.append(f"{start:x}-{at:x} r{'w' if writable else '-'}-p 0 00:00 0 [heap]")
    expected = "none" if address == 0 else "unknown"
    for line in lines:
        first, last = (int(part, 16) for part in line.split(" ")[0].split("-"))
        if first <= address < last and address:
            expected = "heap"
    assert REGIONS[parse_maps("\n".join(lines).encode()).region(address)] == expected


def test_regions_reads_maps_once_for_known_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    class Captured(Host):
        def read(self, path: str) -> bytes:
            reads.append(path)
            return CAPTURED

    regions = Regions(Captured(), 77)
    for _ in range(3):
        assert REGIONS[regions.region(0x510008)] == "interpreter"
        assert REGIONS[regions.region(0x1000008)] == "heap"
        assert REGIONS[regions.region(0x99)] == "unknown"
    assert reads == ["/proc/77/maps"]


def test_regions_of_an_ended_process_are_unknown() -> None:
    assert REGIONS[Regions(Host(), 2**22 + 1).region(0x1000)] == "unknown"
