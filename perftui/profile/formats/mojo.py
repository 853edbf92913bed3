"""MOJO, the binary format that austin 4 writes (and ``austin --binary`` before it), versions 1 to 4.

https://p403n1x87.github.io/austin/4.1/formats/mojo: a stream of events, each a byte and what belongs to it. Numbers are
of variable length with a sign, texts end in a zero byte; frames and texts are numbered, each process by itself.
"""

from collections.abc import Callable
from typing import NamedTuple

from perftui.errors import UsageError
from perftui.profile.formats.about import Imported
from perftui.profile.formats.builder import MAX_DEPTH, MAX_FRAMES, Builder

NAME = "austin-binary"

_MAGIC = b"MOJ"
_VERSIONS = (1, 2, 3, 4)
_UNKNOWN = 1
"""The number of the text that stands for a name which austin could not read."""
_INVALID = (b"(invalid)", b"", 0)


class _Look(NamedTuple):
    """A stack that is being read: the thread, its frames with the root first, and what was said of it."""

    pid: int
    thread: bytes
    frames: list[int]
    ns: list[int]
    idle: list[bool]


def recognizes(raw: bytes) -> bool:
    return raw.startswith(_MAGIC)


def parse(raw: bytes) -> Imported:
    """UsageError with the place in the file. An event at the end that is not whole is left out: austin was killed."""
    reader = _Reader(raw)
    builder = reader.read()
    mode = reader.facts.get(b"mode", b"")
    if mode == b"memory":
        raise UsageError("bytes of memory, which are no time: run austin without --memory")
    return Imported(
        format=NAME,
        profile=builder.profile("austin", rate_hz=1e9),
        unit="nanoseconds",
        knows_cpu=mode in (b"cpu", b"full"),
    )


class _Cut(Exception):
    """The end of the file in the middle of an event."""


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.facts: dict[bytes, bytes] = {}
        self._raw = raw
        self._at = len(_MAGIC)
        self._builder = Builder()
        self._texts: dict[tuple[int, int], bytes] = {}
        self._frames: dict[tuple[int, int], int] = {}
        self._threads: dict[tuple[int, bytes], int] = {}
        self._last: dict[tuple[int, bytes], list[int]] = {}
        self._look: _Look | None = None
        self._of_task = 0
        self._native: set[int] = set()
        self._events: dict[int, Callable[[], None]] = {
            1: self._fact, 2: self._stack, 3: self._frame, 4: self._invalid, 5: self._reference, 6: self._kernel,
            7: self._garbage, 8: self._idle, 9: self._time, 10: self._memory, 11: self._text, 12: self._text_again,
            13: self._repeat, 14: self._task, 15: self._waiter, 16: self._running,
        }  # fmt: skip

    def read(self) -> Builder:
        began = self._at
        try:
            self._version = self._number()
            if self._version not in _VERSIONS:
                raise UsageError(f"version {self._version} of the format; known are 1 to {_VERSIONS[-1]}")
            while self._at < len(self._raw):
                began = self._at
                self._at += 1
                event = self._events.get(self._raw[began])
                if event is None:
                    raise UsageError(f"an event of the kind {self._raw[began]}")
                event()
        except _Cut:
            pass
        except UsageError as error:
            raise UsageError(f"byte {began}: {error}") from error
        self._end_look()
        return self._builder

    # ---- what events are made of

    def _number(self) -> int:
        byte = self._byte()
        number, shift = byte & 0x3F, 6
        negative = byte & 0x40
        while byte & 0x80:
            if shift > 63:
                raise UsageError("a number of more than 64 bits")
            byte = self._byte()
            number |= (byte & 0x7F) << shift
            shift += 7
        return -number if negative else number

    def _byte(self) -> int:
        if self._at >= len(self._raw):
            raise _Cut
        self._at += 1
        return self._raw[self._at - 1]

    def _string(self) -> bytes:
        end = self._raw.find(b"\0", self._at)
        if end < 0:
            raise _Cut
        text = self._raw[self._at : end]
        self._at = end + 1
        return text

    # ---- events

    def _fact(self) -> None:
        name = self._string()
        self.facts[name] = self._string()

    def _stack(self) -> None:
        pid = self._number()
        if self._version >= 3:
            self._number()  # which interpreter of the process
        thread = self._string()
        self._end_look()
        self._of_task = 0
        self._look = _Look(pid, thread, [], [], [])

    def _frame(self) -> None:
        key, file, function, line = (self._number() for _ in range(4))
        if self._version >= 2:
            for _ in range(3):  # the last line, and columns
                self._number()
        if len(self._frames) >= MAX_FRAMES:
            raise UsageError(f"more than {MAX_FRAMES} frames")
        name = self._named(file)
        index = self._builder.frame(self._named(function), name, max(0, line))
        self._frames[self._present.pid, key] = index
        if not name.endswith((b".py", b">")):
            self._native.add(index)

    def _named(self, key: int) -> bytes:
        return self._texts.get((self._present.pid, key), b"(unknown)" if key == _UNKNOWN else b"?")

    def _invalid(self) -> None:
        self._push(self._builder.frame(*_INVALID))

    def _reference(self) -> None:
        index = self._frames.get((self._present.pid, self._number()))
        if index is None:
            raise UsageError("a frame that was not described")
        if self._of_task:  # where a coroutine waits: no stack of the thread
            self._of_task -= 1
        else:
            self._push(index)

    def _kernel(self) -> None:
        self._push(self._builder.frame(self._string(), b"[kernel]"))

    def _garbage(self) -> None:
        self._push(self._builder.frame(b":GC:"))

    def _idle(self) -> None:
        self._present.idle.append(True)

    def _time(self) -> None:
        us = self._number()
        if us < 0:
            raise UsageError(f"a time of {us} µs")
        self._present.ns.append(us * 1000)

    def _memory(self) -> None:
        self._number()

    def _text(self) -> None:
        key = self._number()
        if len(self._texts) >= MAX_FRAMES:
            raise UsageError(f"more than {MAX_FRAMES} names")
        self._texts[self._present.pid, key] = self._string()

    def _text_again(self) -> None:
        self._number()

    def _repeat(self) -> None:
        """The callers are those of the thread's last stack, less the native code that it ended in."""
        look = self._present
        callers = list(self._last.get((look.pid, look.thread), ()))
        while callers and callers[-1] in self._native:
            callers.pop()
        self._builder.look(len(callers))
        look.frames[:0] = callers
        self._bounded(look)

    def _task(self) -> None:
        self._number()
        self._number()
        self._of_task = max(0, self._number())

    def _running(self) -> None:
        self._number()

    def _waiter(self) -> None:
        self._number()
        self._number()

    # ---- a look

    @property
    def _present(self) -> _Look:
        if self._look is None:
            raise UsageError("a part of a stack before any stack")
        return self._look

    def _push(self, frame: int) -> None:
        look = self._present
        look.frames.append(frame)
        self._bounded(look)

    def _bounded(self, look: _Look) -> None:
        if len(look.frames) > MAX_DEPTH:
            raise UsageError(f"a stack of more than {MAX_DEPTH} frames")

    def _end_look(self) -> None:
        """Count the stack that was being read, if its time is known."""
        look, self._look = self._look, None
        if look is None:
            return
        self._last[look.pid, look.thread] = look.frames
        ns = sum(look.ns)
        if not ns:
            return
        name = look.thread
        tid = self._threads.setdefault((look.pid, name), _tid(name) or len(self._threads) + 1)
        self._builder.thread(look.pid, tid, b"" if _tid(name) else name)
        known = self.facts.get(b"mode") in (b"cpu", b"full")
        ran = float(ns) if known and not look.idle else 0.0
        self._builder.add(look.pid, tid, tuple(look.frames), ns, ran)


def _tid(name: bytes) -> int:
    """austin prints numbers of threads in hexadecimal; 0 for a name."""
    try:
        return int(name, 16) if len(name) <= 15 else 0
    except ValueError:
        return 0
