"""What ``py-spy record -f raw -t`` writes, read.

A record is the frames of one stack, root first, joined by ``;``, a space and a count. The first one is the
thread: ``thread (4242): name``, or without the name. Nothing is escaped, so names that hold ``;`` or newlines
are put together again by the shape of a frame, ``function (file:line)``. A program can disguise its own
stacks in this way, but neither break the reader nor reach the terminal: all text goes through ``visible``.
"""

import re
from collections.abc import Iterator

import msgspec

from perftui.host.text import visible
from perftui.model.profile import Frame

MAX_DEPTH = 4096
"""Frames kept of one stack; the root is kept, the rest is cut. CPython's own recursion limit is 1,000."""
MAX_STACKS = 100_000
"""Distinct stacks kept of one window; 1 s at 100 Hz of 1,000 threads that never repeat themselves."""

_THREAD = re.compile(rb"thread \((0x[0-9A-Fa-f]{1,16}|[0-9]{1,19})\)(?:: ?(.*))?", re.DOTALL)
_FRAME = re.compile(rb"(.+?) \((.+?)(?::([0-9]{1,9}))?\)", re.DOTALL)
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
    """All records of one window. ``dropped`` counts samples beyond ``MAX_STACKS``."""

    frames: tuple[Frame, ...]
    stacks: tuple[tuple[int, ...], ...]
    rows: tuple[RawRow, ...]
    names: dict[int, str]
    by_address: frozenset[int]
    dropped: int = 0


KnownFrames = dict[bytes, Frame | None]
"""What pieces of text mean, None for no frame by themselves: kept from window to window, most of them come again."""


def parse(raw: bytes, known: KnownFrames | None = None) -> RawStacks:
    """Read the output of one window. Records that are not whole are left out; nothing is raised.

    ``known`` is filled, and emptied when it grows beyond 20,000.
    """
    if known is not None and len(known) > _KNOWN_LIMIT:
        known.clear()
    reader = _Reader({} if known is None else known)
    for record in _records(raw):
        reader.add(record)
    return reader.result()


def _records(raw: bytes) -> Iterator[bytes]:
    """Join lines that do not start a thread to the one before: they are the rest of a name with a newline."""
    pieces: list[bytes] = []
    for line in raw.split(b"\n"):
        if pieces and _THREAD.match(line):
            yield b"\n".join(pieces)
            pieces = []
        pieces.append(line)
    yield b"\n".join(pieces)


def _read_frame(piece: bytes) -> Frame | None:
    match = _FRAME.fullmatch(piece) if piece.endswith(b")") else None
    if match is None:
        return None
    return Frame(function=visible(match[1], _NAME_LIMIT), file=visible(match[2]), line=int(match[3] or 0))


class _Reader:
    """Interns frames and stacks while records come in."""

    def __init__(self, known: KnownFrames) -> None:
        self._known = known
        self._pieces: dict[bytes, int | None] = {}
        self._frames: dict[Frame, int] = {}
        self._stacks: dict[tuple[int, ...], int] = {}
        self._counts: dict[tuple[int, int], int] = {}
        self._names: dict[int, str] = {}
        self._by_address: set[int] = set()
        self._dropped = 0

    def add(self, record: bytes) -> None:
        text, _, count = record.rstrip().rpartition(b" ")
        if not count.isdigit() or len(count) > 12:
            return
        header, *pieces = text.split(b";")
        first = next((at for at, piece in enumerate(pieces) if self._frame(piece) is not None), len(pieces))
        thread = _THREAD.fullmatch(b";".join([header, *pieces[:first]]))
        if thread is None:
            return
        ident = self._thread(thread[1], thread[2] or b"")
        stack = tuple(self._stack(pieces[first:]))
        index = self._stacks.get(stack)
        if index is None:
            if len(self._stacks) >= MAX_STACKS:
                self._dropped += int(count)
                return
            index = self._stacks[stack] = len(self._stacks)
        self._counts[ident, index] = self._counts.get((ident, index), 0) + int(count)

    def result(self) -> RawStacks:
        return RawStacks(
            frames=tuple(self._frames),
            stacks=tuple(self._stacks),
            rows=tuple(RawRow(ident, stack, count) for (ident, stack), count in self._counts.items()),
            names=self._names,
            by_address=frozenset(self._by_address),
            dropped=self._dropped,
        )

    def _thread(self, number: bytes, name: bytes) -> int:
        hexadecimal = number.startswith(b"0x")
        ident = int(number, 16 if hexadecimal else 10)
        if hexadecimal:
            self._by_address.add(ident)
        if ident not in self._names:
            self._names[ident] = visible(name, _NAME_LIMIT)
        return ident

    def _stack(self, pieces: list[bytes]) -> Iterator[int]:
        """Frames of the pieces between semicolons; one that does not close its parenthesis goes on in the next."""
        held: list[bytes] = []
        for piece in pieces[:MAX_DEPTH]:
            index = self._frame(piece)
            if index is None and b" (" not in piece and not held:
                yield self._intern(Frame(function=visible(piece, _NAME_LIMIT)))  # native code without a file
            elif index is None or held:
                held.append(piece)
                if piece.endswith(b")"):
                    yield self._whole(b";".join(held))
                    held = []
            else:
                yield index
        if held:
            yield self._whole(b";".join(held))

    def _whole(self, text: bytes) -> int:
        index = self._frame(text)
        return self._intern(Frame(function=visible(text, _NAME_LIMIT))) if index is None else index

    def _frame(self, piece: bytes) -> int | None:
        """The index of a piece that is a frame by itself."""
        try:
            return self._pieces[piece]
        except KeyError:
            if piece not in self._known:
                self._known[piece] = _read_frame(piece)
            frame = self._known[piece]
            index = self._pieces[piece] = None if frame is None else self._intern(frame)
            return index

    def _intern(self, frame: Frame) -> int:
        return self._frames.setdefault(frame, len(self._frames))
