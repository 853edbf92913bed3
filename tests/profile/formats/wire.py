"""Protocol buffers taken apart, to look at what was written: nothing is shared with the writer."""

from collections import defaultdict


def fields(raw: bytes) -> dict[int, list[int | bytes]]:
    """Field number → what stands there, in order. ValueError for a kind of field that pprof has none of."""
    found: dict[int, list[int | bytes]] = defaultdict(list)
    at = 0
    while at < len(raw):
        tag, at = varint(raw, at)
        size, at = varint(raw, at)
        if tag & 7 == 0:
            found[tag >> 3].append(size)
        elif tag & 7 == 2:
            content = raw[at : at + size]
            if len(content) != size:
                raise ValueError("cut")
            found[tag >> 3].append(content)
            at += size
        else:
            raise ValueError(f"kind {tag & 7}")
    return found


def varint(raw: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = raw[at]
        at += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, at


def numbers(packed: bytes) -> list[int]:
    at, found = 0, []
    while at < len(packed):
        number, at = varint(packed, at)
        found.append(number)
    return found


def messages(found: dict[int, list[int | bytes]], field: int) -> list[bytes]:
    """All of a field that holds texts or other messages."""
    return [one for one in found[field] if isinstance(one, bytes)]
