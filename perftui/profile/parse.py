"""What ``py-spy record -f speedscope -t`` writes, read.

One JSON object: ``profiles`` has a thread each, with its looks in the order of time; a look is a list of indices into
``shared.frames``, root first, and its first frame stands for the thread: ``thread (4242): name``, or without the name.
A program chooses the names of its functions, files and threads, so all text goes through ``visible``.
"""

import re
from collections.abc import Sequence

import msgspec

from perftui.errors import NoData
from perftui.host.text import visible
from perftui.model.profile import Frame

MAX_DEPTH = 4096
"""Frames kept of one stack; the root is kept, the rest is cut. CPython's own recursion limit is 1,000."""

_THREAD = re.compile(r"thread \((0x[0-9A-Fa-f]{1,16}|[0-9]{1,19})\)(?:: ?(.*))?", re.DOTALL)
_NAME_LIMIT = 512
_KNOWN_LIMIT = 20_000


class RawRow(msgspec.Struct, frozen=True):
    """How often one thread was seen in one stack (an index into ``RawStacks.stacks``).

    ``ident`` is the thread's number as py-spy prints it: the TID, or for CPython before 3.11 the address of
    its ``pthread_t`` (then ``by_address`` is set in ``RawStacks``).
    """

    ident: int
    stack: int
    samples: int


class RawStacks(msgspec.Struct, frozen=True):
    """All looks of one window. ``looks`` has for each thread the index of its row in every look, oldest first."""

    frames: tuple[Frame, ...]
    stacks: tuple[tuple[int, ...], ...]
    rows: tuple[RawRow, ...]
    names: dict[int, str]
    by_address: frozenset[int]
    looks: dict[int, tuple[int, ...]]


class _Frame(msgspec.Struct, frozen=True):
    name: str
    file: str | None = None
    line: int | None = None


class _Thread(msgspec.Struct):
    """Looks stay text: most of them come again, and equal text need be read only once."""

    samples: list[msgspec.Raw]


class _Shared(msgspec.Struct):
    frames: list[_Frame]


class _File(msgspec.Struct):
    profiles: list[_Thread]
    shared: _Shared


KnownFrames = dict[_Frame, Frame]
"""Frames as they were written and as they are shown: kept from window to window, most of them come again."""

_read_file = msgspec.json.Decoder(_File).decode
_read_look = msgspec.json.Decoder(list[int]).decode


def parse(raw: bytes, known: KnownFrames | None = None) -> RawStacks:
    """Read the output of one window. NoData when it is not whole, or something else.

    ``known`` is filled, and emptied when it grows beyond 20,000.
    """
    if known is not None and len(known) > _KNOWN_LIMIT:
        known.clear()
    try:
        file = _read_file(raw)
        reader = _Reader(file.shared.frames, {} if known is None else known)
        for thread in file.profiles:
            reader.add(thread.samples)
    except (msgspec.DecodeError, ValueError, IndexError, RecursionError) as error:
        raise NoData("py-spy wrote something that is not a profile", "upgrade py-spy: pip install -U py-spy") from error
    return reader.result()


class _Reader:
    """Interns frames and stacks while threads come in."""

    def __init__(self, written: Sequence[_Frame], known: KnownFrames) -> None:
        self._written = written
        self._known = known
        self._indices: dict[int, int] = {}
        self._frames: dict[Frame, int] = {}
        self._stacks: dict[tuple[int, ...], int] = {}
        self._rows: dict[tuple[int, int], int] = {}
        self._counts: list[int] = []
        self._names: dict[int, str] = {}
        self._by_address: set[int] = set()
        self._looks: dict[int, tuple[int, ...]] = {}

    def add(self, looks: Sequence[msgspec.Raw]) -> None:
        """One thread's looks; those that name no thread are left out."""
        rows: dict[bytes, int] = {}
        seen: list[int] = []
        ident = None
        for look in looks:
            text = bytes(look)
            row = rows.get(text)
            if row is None:
                root, *stack = _read_look(text)
                ident = self._thread(self._written[root].name)
                if ident is None:
                    return
                row = rows[text] = self._row(ident, stack)
            self._counts[row] += 1
            seen.append(row)
        if ident is not None:
            self._looks[ident] = (*self._looks.get(ident, ()), *seen)

    def result(self) -> RawStacks:
        return RawStacks(
            frames=tuple(self._frames),
            stacks=tuple(self._stacks),
            rows=tuple(
                RawRow(ident, stack, count) for (ident, stack), count in zip(self._rows, self._counts, strict=True)
            ),
            names=self._names,
            by_address=frozenset(self._by_address),
            looks=self._looks,
        )

    def _thread(self, name: str) -> int | None:
        match = _THREAD.fullmatch(name)
        if match is None:
            return None
        hexadecimal = match[1].startswith("0x")
        ident = int(match[1], 16 if hexadecimal else 10)
        if hexadecimal:
            self._by_address.add(ident)
        if ident not in self._names:
            self._names[ident] = visible(match[2] or "", _NAME_LIMIT)
        return ident

    def _row(self, ident: int, stack: list[int]) -> int:
        indices = tuple(map(self._frame, stack[:MAX_DEPTH]))
        number = self._stacks.setdefault(indices, len(self._stacks))
        row = self._rows.setdefault((ident, number), len(self._rows))
        if row == len(self._counts):
            self._counts.append(0)
        return row

    def _frame(self, at: int) -> int:
        index = self._indices.get(at)
        if index is None:
            written = self._written[at]
            frame = self._known.get(written)
            if frame is None:
                frame = self._known[written] = _shown(written)
            index = self._indices[at] = self._frames.setdefault(frame, len(self._frames))
        return index


def _shown(written: _Frame) -> Frame:
    return Frame(function=visible(written.name, _NAME_LIMIT), file=visible(written.file or ""), line=written.line or 0)
