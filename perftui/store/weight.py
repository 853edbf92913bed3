"""What MessagePack from elsewhere takes in memory once it is decoded, told before that is done.

One byte may stand for an empty list or dict of 64 bytes. Lengths that are checked on the way come too late for what is
nested, so the entries are counted first.
"""

import msgspec

_SLOT, _OBJECT, _CONTAINER, _ENTRY = 8, 32, 72, 104
"""Bytes of a place in a list, a number, an empty list or dict, a place in a dict (CPython 3.11–3.14, rounded up)."""


class _Outline(msgspec.Struct, array_like=True):
    """``streams._Stored``, its notes unread. That each list is as long as it says is checked all the same."""

    records: int
    columns: msgspec.Raw
    notes: msgspec.Raw


LIGHT_BYTES = 1 << 20
"""So few bytes need not be weighed: they cannot take more than a hundred times as much."""

MOST_BYTES = 128 << 20
"""Of a chunk's notes once decoded: 50,000 texts, frames and stacks are a fourth of it."""


def require_light(data: bytes) -> None:
    """ValueError (msgspec's included) for the records of a chunk whose notes are too large to be decoded."""
    notes = memoryview(msgspec.msgpack.decode(data, type=_Outline).notes)
    if len(notes) > LIGHT_BYTES and weight(notes, MOST_BYTES) > MOST_BYTES:
        raise ValueError("too many texts, stacks or other notes")


def weight(packed: memoryview, most: int) -> int:
    """About how many bytes the decoded objects take; it stops counting above ``most``.

    ``packed`` is valid MessagePack. Takes 0.1 µs for each entry, however nested.
    """
    at = total = 0
    while at < len(packed) and total <= most:
        first = packed[at]
        size, lengths, cost, each = _KINDS[first]
        count = int.from_bytes(packed[at + 1 : at + 1 + lengths], "big") if lengths else first & size
        at += 1 + lengths
        if each < 0:  # a text or bytes: the count is of what follows
            at += count
            total += cost + count
        elif each:
            total += cost + each * count
        else:
            at += size
            total += cost
    return total


def _kind(first: int) -> tuple[int, int, int, int]:
    """For a first byte: bytes that follow (or the mask of a short count), bytes of a length, cost, cost of each entry.

    A cost of each of -1 is that of a text: a byte for a byte.
    """
    if first < 0x80 or first >= 0xE0:
        return 0, 0, 0, 0  # a small number that exists already; its place was counted with its list
    if first < 0x90:
        return 0x0F, 0, _CONTAINER, _ENTRY
    if first < 0xA0:
        return 0x0F, 0, _CONTAINER, _SLOT
    if first < 0xC0:
        return 0x1F, 0, _CONTAINER, -1
    return _LONG[first]


_LONG = {
    0xC0: (0, 0, 0, 0), 0xC1: (0, 0, 0, 0), 0xC2: (0, 0, 0, 0), 0xC3: (0, 0, 0, 0),
    0xC4: (0, 1, _CONTAINER, -1), 0xC5: (0, 2, _CONTAINER, -1), 0xC6: (0, 4, _CONTAINER, -1),
    0xC7: (0, 1, _CONTAINER, -1), 0xC8: (0, 2, _CONTAINER, -1), 0xC9: (0, 4, _CONTAINER, -1),
    0xCA: (4, 0, _OBJECT, 0), 0xCB: (8, 0, _OBJECT, 0),
    0xCC: (1, 0, _OBJECT, 0), 0xCD: (2, 0, _OBJECT, 0), 0xCE: (4, 0, _OBJECT, 0), 0xCF: (8, 0, _OBJECT, 0),
    0xD0: (1, 0, _OBJECT, 0), 0xD1: (2, 0, _OBJECT, 0), 0xD2: (4, 0, _OBJECT, 0), 0xD3: (8, 0, _OBJECT, 0),
    0xD4: (2, 0, _OBJECT, 0), 0xD5: (3, 0, _OBJECT, 0), 0xD6: (5, 0, _OBJECT, 0), 0xD7: (9, 0, _OBJECT, 0),
    0xD8: (17, 0, _OBJECT, 0),
    0xD9: (0, 1, _CONTAINER, -1), 0xDA: (0, 2, _CONTAINER, -1), 0xDB: (0, 4, _CONTAINER, -1),
    0xDC: (0, 2, _CONTAINER, _SLOT), 0xDD: (0, 4, _CONTAINER, _SLOT),
    0xDE: (0, 2, _CONTAINER, _ENTRY), 0xDF: (0, 4, _CONTAINER, _ENTRY),
}  # fmt: skip
_KINDS = tuple(map(_kind, range(256)))
